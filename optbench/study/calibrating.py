"""Calibrating ladders: how many lanes of the field reach the target at a difficulty.

The field are ten common rules, each at the rate that is best on ten instances, and judged on ten
others. No study tunes or scores on any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.building import make
from optbench.define.ladders import FIELD, Ladder
from optbench.rules import compose
from optbench.study.cells import tuning_cell
from optbench.study.computing import compute
from optbench.study.grid import Grid
from optbench.study.lane_costs import lane_costs
from optbench.study.objective import ENOUGH, basis_of, choose
from optbench.study.pairs import DTYPES, Pair
from optbench.study.schema import Study
from optbench.study.trials import grid_trials

INSTANCES = tuple(range(201, 221))
TUNED_ON = 10
"""Of the instances the first ten; the others score."""
STEPS = 1000
RATES = Grid(low=1e-5, high=1e2, count=15)
"""What `diagnose` can come to, whose grid is extended by two decades at either end."""


@dataclass(frozen=True)
class Standing:
    """How the field does at one difficulty.

    Attributes
    ----------
    value : float
        The difficulty.
    rules : tuple of str
        The field, as far as it runs on such problems.
    success : ndarray [rules]
        Share of the scoring lanes of each rule of the field that reached the target.
    cost : ndarray [rules]
        Their mean cost, in budgets: 1 where no lane reached it.
    lr : ndarray [rules]
        The tuned rates.
    """

    value: float
    rules: tuple[str, ...]
    success: NDArray[np.float64]
    cost: NDArray[np.float64]
    lr: NDArray[np.float64]

    @property
    def field(self) -> float:
        """Mean success of the field."""
        return float(self.success.mean())

    @property
    def spent(self) -> float:
        """Mean cost of the field, in budgets."""
        return float(self.cost.mean())


def standing(
    ladder: Ladder, value: float, steps: int = STEPS, rules: Sequence[str] = FIELD
) -> Standing:
    """Tune the field at a difficulty and score it."""
    problem = make(ladder.at(value, f"{ladder.name}[{value:.6g}]"))
    study = Study(
        name="calibration", optimizers=list(rules), problems=[ladder.name], steps=steps, lr=RATES,
        tuning_instances=INSTANCES,
    )  # fmt: skip
    rows, names = [], []
    for rule in map(compose.optimizer, rules):
        if rule.wants(problem):
            continue
        dtype = DTYPES.get(problem.kind, "float64")
        pair = Pair(rule, problem, steps, dtype)
        trials = grid_trials(RATES.rates(), rule)
        arrays = compute(tuning_cell(pair, study, trials))[0]
        costs = lane_costs(
            arrays, kind=problem.kind, absolute_targets=problem.absolute_targets, budget=steps,
            dtype=dtype,
        )  # fmt: skip
        tuning, scoring = costs.at(slice(TUNED_ON)), costs.at(slice(TUNED_ON, None))
        basis = basis_of(problem.kind, tuning, trials.number)
        best = int(choose(basis, tuning, trials.number, on_grid=True)[0])
        spent = scoring.cost[:, best].mean() / steps
        names.append(rule.label)
        rows.append((scoring.reached[:, best].mean(), spent, trials.values["lr"][best]))
    success, cost, lr = np.array(rows).T
    return Standing(value, tuple(names), success, cost, lr)


GOALS = (0.95, 0.8, 0.6, 0.42, 0.28, 0.15)
"""Success of the field that the levels of a ladder are chosen for."""
FALL = 0.03
"""By how much success must fall from a level to the next, so that no level changes nothing."""
WON = ENOUGH
"""Success of the best of the field at every level, so that none is beyond everybody."""


def chosen(standings: Sequence[Standing]) -> list[int]:
    """Return which candidates become levels, in order: those nearest to `GOALS`.

    The sum of squared distances is least among all ascending choices along which the success of
    the field falls by `FALL` or more, and which somebody wins.

    Raises
    ------
    ValueError
        If there is no such choice.
    """
    won = [at for at, own in enumerate(standings) if own.success.max() >= WON]
    best = {(at,): (standings[at].field - GOALS[0]) ** 2 for at in won}
    for goal in GOALS[1:]:
        longer: dict[int, tuple[float, tuple[int, ...]]] = {}
        for path, miss in best.items():
            for at in won:
                own = standings[at].field
                if at > path[-1] and own <= standings[path[-1]].field - FALL + 1e-9:
                    candidate = (miss + (own - goal) ** 2, (*path, at))
                    longer[at] = min(candidate, longer.get(at, candidate))
        best = {path: miss for miss, path in longer.values()}
    if not best:
        raise ValueError(f"no {len(GOALS)} candidates along which success falls")
    return list(min(best, key=lambda path: best[path]))
