"""What common draws are worth: lanes that show a difference of 5 %, paired and unpaired.

Two rules run on the same instances and seeds, as in every study, and then on draws of their own.
``python -m tests.report.pairing`` prints a row for every noisy problem of the catalog; ``--lanes``
and names of problems may follow.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import optbench
from optbench.catalog import finding
from optbench.kernels.status import rounding_floor
from optbench.report.statistics.intervals import LEVEL

RULES = ("momentum", "adam")
RATES = tuple(10.0 ** (k / 2) for k in range(-8, 1))
STEPS = 300
SEED = 1
WORST = 100.0
POWER = 0.8
DIFFERENCE = math.log(1.05)


class Pairing(NamedTuple):
    """How the log-ratio of the final gaps of two rules varies.

    Attributes
    ----------
    paired : float
        Variance of ln(gap A / gap B) on common draws.
    unpaired : float
        The same on draws of their own.
    lanes : int
        That were compared.
    """

    paired: float
    unpaired: float
    lanes: int

    @property
    def ratio(self) -> float:
        """Return the paired variance as a share of the unpaired one."""
        return self.paired / self.unpaired


def noisy_problems() -> list[str]:
    """Return the names of all surfaces with noise that have a least value."""
    problems = (finding.problem(name) for name in optbench.problems())
    return [p.name for p in problems if p.kind == "stochastic" and p.f_min is not None]


def lanes_to_see(variance: float) -> int:
    """Return the lanes of each rule that show a ratio of 1.05 with a power of 80 %.

    n = variance ((z_{0.975} + z_{0.8}) / ln 1.05)^2, of normal log-ratios (Lehr 1992).
    """
    z = NormalDist().inv_cdf
    return math.ceil(variance * ((z(0.5 + LEVEL / 2) + z(POWER)) / DIFFERENCE) ** 2)


def pairing(name: str, lanes: int) -> Pairing:
    """Return how the log-ratio of `RULES` varies on a problem, each at its best rate."""
    tuning = range(1, 11)
    rates = [best_rate(rule, name, tuning) for rule in RULES]
    common, own = range(11, 11 + lanes), range(11 + lanes, 11 + 2 * lanes)
    first = log_gaps(RULES[0], name, common, rates[0])
    second, third = (log_gaps(RULES[1], name, draws, rates[1]) for draws in (common, own))
    return Pairing(float(np.var(first - second)), float(np.var(first - third)), lanes)


def best_rate(rule: str, name: str, instances: Iterable[int]) -> float:
    """Return the rate with the least mean log-gap; a lane that is not finite loses."""
    instances = list(instances)
    scores = [np.mean(log_gaps(rule, name, instances, rate)) for rate in RATES]
    return RATES[int(np.argmin(scores))]


def log_gaps(
    rule: str, name: str, instances: Iterable[int], rate: float
) -> NDArray[np.float64]:  # fmt: skip
    """Return ln(f - f_min) at the end of a lane an instance, one seed each.

    It is clipped to the floor and to 100 times the gap at the start, where lanes that are not
    finite are put.
    """
    ends = []
    for instance in instances:
        problem = optbench.problem(name, instance=instance)
        run = optbench.minimize(rule, problem, steps=STEPS, seed=SEED, lr=rate, records=1)
        most = WORST * (run.f_start[0] - problem.f_min)
        gap = run.f[0] - problem.f_min
        floor = rounding_floor(np.array(problem.f_min), "float64")
        ends.append(np.clip(gap, floor, most) if np.isfinite(gap) else most)
    return np.log(np.array(ends))


def row(name: str, lanes: int) -> str:
    """Return what is printed of a problem."""
    own = pairing(name, lanes)
    return (
        f"{name:30s} {own.paired:9.3g} {own.unpaired:9.3g} {own.ratio:7.2f} "
        f"{lanes_to_see(own.paired):8d} {lanes_to_see(own.unpaired):8d}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("problems", nargs="*", help="by default all noisy ones")
    parser.add_argument("--lanes", type=int, default=100)
    chosen = parser.parse_args()
    print(f"ln(gap of {RULES[0]} / gap of {RULES[1]}) after {STEPS} steps, {chosen.lanes} lanes")
    print(f"{'':30s} {'variance':>19s} {'':7s} {'lanes for 5 %':>17s}")
    print(f"{'problem':30s} {'paired':>9s} {'unpaired':>9s} {'ratio':>7s} ", end="")
    print(f"{'paired':>8s} {'unpaired':>8s}")
    for name in chosen.problems or noisy_problems():
        print(row(name, chosen.lanes), flush=True)


if __name__ == "__main__":
    main()
