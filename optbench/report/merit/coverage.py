"""How often intervals hold the truth, as simulated: an interval says so where it is not 95 %.

Bootstrap intervals are too narrow for few lanes, and those of ERT above all: of 20 lanes of which
one in ten fails, a sample shows no failure at all in one case of eight.
"""

from __future__ import annotations

ERT, AOCC, IQM = "ERT", "AOCC", "IQM"
COVERAGE = {
    ERT: {5: 0.51, 10: 0.69, 20: 0.86},
    AOCC: {5: 0.78, 10: 0.87, 20: 0.92},
    IQM: {5: 0.89, 10: 0.92, 20: 0.93},
}
"""Of nominal 95 %, by numbers of lanes: the least of lanes whose costs are lognormal, of two kinds,
and of a heavy tail, a tenth of them failures, on one problem and on eight."""
FEWEST = min(COVERAGE[ERT])
"""Lanes of a problem, below which no interval is given."""
NOMINAL = 0.9
"""From this coverage on an interval goes by its nominal level."""
NONE = "-"


def level_words(figure: str, lanes: int) -> str:
    """Return what level the interval of a figure has: "95 %", "about 86 %", or "-" for none.

    Parameters
    ----------
    figure : {"ERT", "AOCC", "IQM"}
    lanes : int
        Of each problem; of several numbers the least.
    """
    simulated = [share for n, share in COVERAGE[figure].items() if n <= lanes]
    if not simulated:
        return NONE
    return "95 %" if simulated[-1] >= NOMINAL else f"about {100 * simulated[-1]:.0f} %"
