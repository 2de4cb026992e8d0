"""Which learning rates were too high and which too low: the verdict on a curve at every rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, palette, style
from optbench.report.figures.draw import Job
from optbench.report.statistics import curve_verdicts
from optbench.report.statistics.rows import ProblemRow

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Looks(NamedTuple):
    """How a verdict is drawn: the colour of its box, and a sign in a colour of its own."""

    colour: str
    ink: str
    sign: str


LOOKS = {
    curve_verdicts.TOO_LOW: Looks("#56B4E9", palette.INK, "↓"),
    curve_verdicts.CONVERGING: Looks("#009E73", "white", "✓"),
    curve_verdicts.OVERFITTING: Looks("#F0E442", palette.INK, "o"),
    curve_verdicts.SATURATED: Looks("#CC79A7", palette.INK, "s"),
    curve_verdicts.TOO_HIGH: Looks("#D55E00", "white", "↑"),
    curve_verdicts.DIVERGED: Looks("#000000", "white", "×"),
}
"""Of every verdict, from the lowest rates to the highest."""
FOOT, RIGHT = 0.5, 0.2
"""Inches below the strips and right of them."""
NAME, SIGN = 8.5, 9.0
"""Points of the letters."""
ROW = 0.3
WIDEST = 0.6
"""Decades of a box at most."""


def jobs(
    facts: ProblemRow, slug: str, verdicts: pd.DataFrame, convergence: pd.DataFrame
) -> list[Job]:
    """Return the job of a net, in a list, or nothing if no rate was judged.

    Parameters
    ----------
    facts : namedtuple
    slug : str
    verdicts : DataFrame
        On the net's tuning lanes.
    convergence : DataFrame
        The net's rows, which have the tuned rates.
    """
    if not len(verdicts):
        return []
    by_rate = {
        name: (rows["lr"].to_numpy(float), rows["verdict"].tolist())
        for name, rows in verdicts.sort_values("lr").groupby("optimizer", observed=True)
    }
    tuned = dict(zip(convergence["optimizer"], convergence["lr"].astype(float), strict=True))
    return [
        Job(
            f"rates-{slug}", draw, {"label": facts.label, "verdicts": by_rate, "tuned": tuned},
            f"{facts.label}: the label of the training curve at every learning rate",
        )
    ]  # fmt: skip


def draw(
    *,
    label: str,
    verdicts: Mapping[str, tuple[NDArray[np.float64], list[str]]],
    tuned: Mapping[str, float],
    width: float = 12.0,
) -> Figure:
    """Return a strip of signs for each optimizer.

    Parameters
    ----------
    label : str
    verdicts : dict
        optimizer -> (rates [n], verdicts [n]).
    tuned : dict
        optimizer -> the tuned rate, which gets a frame.
    width : float
        Inches.
    """
    tall = ROW * len(verdicts)
    names = [letters.fitted(name, 0.3 * width, NAME) for name in verdicts]
    left = letters.widest(names, NAME) + 0.25
    inner = width - left - RIGHT
    figure = style.empty_figure(width, FOOT + tall)
    axes = style.add_axes(figure, left, FOOT, inner, tall)
    rates = np.unique(np.concatenate([lr for lr, _ in verdicts.values()]))
    logs = np.log10(rates)
    half = 0.46 * min(np.diff(logs).min() if len(logs) > 1 else 1.0, WIDEST)
    size = min(style.points(SIGN), 72 * inner * 1.6 * half / (logs[-1] - logs[0] + 3 * half))
    for row, (name, own) in enumerate(verdicts.items()):
        _draw_strip(axes, row, *own, half, size)
        if name in tuned:
            axes.barh(row, 2 * half, left=np.log10(tuned[name]) - half, height=0.8, fill=False,
                      edgecolor=palette.INK, linewidth=2.2)  # fmt: skip
    axes.grid(False)
    axes.spines["left"].set_visible(False)
    places = (
        style.log_ticks(rates[0] / 1.01, rates[-1] * 1.01, style.most_ticks(inner))
        if len(rates) > 1
        else list(rates)
    )
    style.ticks(axes.xaxis, np.log10(places).tolist(), [style.power(v) for v in places])
    style.ticks(axes.yaxis, range(len(verdicts)), names)
    axes.tick_params(axis="y", length=0, labelsize=style.points(NAME))
    axes.set(xlim=(logs[0] - 1.5 * half, logs[-1] + 1.5 * half), ylim=(len(verdicts) - 0.45, -0.55))
    axes.set_xlabel("learning rate")
    framing.frame(
        figure, f"{label}: which learning rates were too high, which too low",
        "One lane at every rate, on the first tuning instance. Frame: the tuned rate. Evidence: "
        "table labels.",
        [
            framing.box_entry(f"{looks.sign} {verdict}", looks.colour)
            for verdict, looks in LOOKS.items()
        ],
    )  # fmt: skip
    return figure


def _draw_strip(
    axes: Axes,
    row: int,
    rates: NDArray[np.float64],
    verdicts: list[str],
    half: float,
    size: float,
) -> None:
    for rate, verdict in zip(np.log10(rates), verdicts, strict=True):
        looks = LOOKS[verdict]
        axes.barh(row, 2 * half, left=rate - half, height=0.8, color=looks.colour, linewidth=0)
        axes.text(rate, row, looks.sign, color=looks.ink, fontsize=size, ha="center", va="center")
