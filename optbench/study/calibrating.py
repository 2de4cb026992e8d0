"""Calibrating ladders: how many lanes of the field reach the target at a difficulty.

The field are ten common rules, each at the rate that is best on ten instances, and judged on ten
others. No study tunes or scores on any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.building import make
from optbench.define.definitions import NetDefinition
from optbench.define.ladders import FIELD, Ladder
from optbench.rules import compose
from optbench.study.cells import scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.entries import ProblemEntry
from optbench.study.grid import Grid
from optbench.study.objective import ENOUGH, EVALUATIONS, TRAINING, basis_of, choose
from optbench.study.pairs import DTYPES, Pair
from optbench.study.schema import Study
from optbench.study.trials import grid_trials
from optbench.study.tuning import costs_of


@dataclass(frozen=True)
class Effort:
    """How much is run at a difficulty.

    Attributes
    ----------
    instances : tuple of int
        The first half of them tunes, the others score.
    steps : int
    rates : Grid
        As far as the studies of ladders come, which extend theirs by two decades at either end.
    objective : str
        What rates are tuned by; of nets the loss that success is of.
    """

    instances: tuple[int, ...]
    steps: int
    rates: Grid
    objective: str = EVALUATIONS

    @property
    def tuned_on(self) -> int:
        """How many of the instances tune."""
        return len(self.instances) // 2


SURFACES = Effort(tuple(range(201, 221)), 1000, Grid(low=1e-5, high=1e2, count=15))
NETS = Effort(tuple(range(201, 211)), 300, Grid(low=1e-3, high=10.0, count=9), TRAINING)


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


def effort_for(ladder: Ladder) -> Effort:
    """Return how much is run at a difficulty of a ladder."""
    return NETS if isinstance(ladder.first, NetDefinition) else SURFACES


def standing(ladder: Ladder, value: float, rules: Sequence[str] = FIELD) -> Standing:
    """Tune the field at a difficulty and score it."""
    problem, effort = make(ladder.at(value, f"{ladder.name}[{value:.6g}]")), effort_for(ladder)
    study = Study(
        name="calibration", optimizers=tuple(rules), problems=(ProblemEntry(name=ladder.name),),
        steps=effort.steps,
        lr=effort.rates, tuning_instances=effort.instances[: effort.tuned_on],
        scoring_instances=effort.instances[effort.tuned_on :], objective=effort.objective,
    )  # fmt: skip
    rows, names = [], []
    for rule in map(compose.optimizer, rules):
        full = rule.name == "gd" and problem.kind != "deterministic"  # it is called sgd there
        if full or rule.wants(problem):
            continue
        pair = Pair(rule, problem, effort.steps, DTYPES.get(problem.kind, "float64"))
        names.append(rule.label)
        rows.append(_scored(pair, study))
    success, cost, lr = np.array(rows).T
    return Standing(value, tuple(names), success, cost, lr)


def _scored(pair: Pair, study: Study) -> tuple[float, float, float]:
    """Return success, mean cost in budgets and rate of a pair's tuned trial."""
    trials = grid_trials(study.lr.rates(), pair.optimizer)
    tuning = costs_of(pair, compute(tuning_cell(pair, study, trials))[0])
    basis = basis_of(pair.problem.kind, tuning, trials.number, study.objective)
    best = int(choose(basis, tuning, trials.number, on_grid=True)[0])
    scoring = scoring_cell(pair, study, trials.at([best]), kept=(0,))
    scored = costs_of(pair, compute(scoring)[0]).at(slice(1, None))
    spent = float(scored.cost.mean()) / pair.budget
    return float(scored.reached.mean()), spent, float(trials.values["lr"][best])


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
    best: dict[tuple[int, ...], float] = {
        (at,): (standings[at].field - GOALS[0]) ** 2 for at in won
    }
    for goal in GOALS[1:]:
        longer: dict[int, tuple[float, tuple[int, ...]]] = {}
        for path, miss in best.items():
            most = standings[path[-1]].field - FALL + 1e-9
            for at in (own for own in won if own > path[-1] and standings[own].field <= most):
                candidate = (miss + (standings[at].field - goal) ** 2, (*path, at))
                longer[at] = min(candidate, longer.get(at, candidate))
        best = {path: miss for miss, path in longer.values()}
    if not best:
        raise ValueError(f"no {len(GOALS)} candidates along which success falls")
    misses = {miss: path for path, miss in best.items()}
    return list(misses[min(misses)])
