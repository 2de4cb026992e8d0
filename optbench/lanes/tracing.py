"""`trace`: every number of the first steps of a lane, in the author's own code."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from optbench import gate
from optbench.catalog import finding
from optbench.catalog.instance import Floats, Problem
from optbench.catalog.perturbing import check_budget
from optbench.define import plugins
from optbench.define.definitions import NetDefinition, ProblemDefinition, Rule
from optbench.errors import SettingError
from optbench.kernels.cpu.launch import evaluate, work_of_one
from optbench.lanes.starts import start_points
from optbench.lanes.traced_lane import Entry, TracedLane
from optbench.rules import compose
from optbench.rules.compose import Optimizer

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 4
"""Coordinates that are traced where none are asked for."""
MOST_CALLS = 2_000_000
"""Coordinates times gradients: some minutes of plain Python."""


def trace(
    optimizer: str | Rule | Optimizer,
    problem: str | ProblemDefinition | NetDefinition | Problem,
    *,
    steps: int = 5,
    seed: int = 0,
    start: ArrayLike | None = None,
    coordinates: Sequence[int] | None = None,
    folders: plugins.Folders = (),
    **hyper: Any,
) -> "pd.DataFrame":
    """Return every number of the first steps of a lane, as the author's plain Python computes it.

    Parameters
    ----------
    optimizer : str, Rule or Optimizer
    problem : str, definition or Problem
    steps : int
    seed : int
        Of the lane: its start, noise and batches, as in `minimize`.
    start : array_like [d], optional
    coordinates : sequence of int, optional
        Those that are shown; by default the first four.
    folders : path or sequence of path
        Folders with definitions of the user's own.
    **hyper : float or str
        Hyperparameters, settings of wrappers and of schedules.

    Returns
    -------
    pandas.DataFrame
        A row a number, in the order in which they come about: step, gradient, part, function, name,
        coordinate, tensor, value, file, line (see `Entry`). Of a rule that sees whole tensors the
        values of arrays are their norms.

    Raises
    ------
    UserError
        If a name or a setting is wrong, or plain Python cannot follow this rule on this problem.
    """
    import pandas as pd

    rows = entries(
        optimizer, problem, hyper, steps=steps, seed=seed, start=start, coordinates=coordinates,
        folders=folders,
    )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(Entry._fields))
    return frame.astype({"coordinate": "Int64", "tensor": "Int64", "line": "Int64"})


def entries(
    optimizer: str | Rule | Optimizer,
    problem: str | ProblemDefinition | NetDefinition | Problem,
    hyper: Mapping[str, Any],
    *,
    steps: int,
    seed: int,
    start: ArrayLike | None = None,
    coordinates: Sequence[int] | None,
    folders: plugins.Folders,
) -> list[Entry]:
    """Return the rows of `trace`, without what makes a table of them: pandas takes its time."""
    if not isinstance(problem, Problem):
        problem = finding.problem(problem, folders=folders)
    own = compose.optimizer(optimizer, folders).with_settings(**hyper)
    steps, seed = gate.whole("steps", steps, low=1), gate.whole("seed", seed)
    check_budget(problem.definition, steps)
    _check_traceable(own, problem, steps)
    point = start_points(problem, [seed])[0] if start is None else gate.reals("start", start)
    if point.shape != (problem.dim,):
        raise SettingError(
            f"{problem.name}: start has shape {list(point.shape)}; expected [{problem.dim}]"
        )
    lane = TracedLane(own, problem, point, steps, seed, _checked(coordinates, problem.dim))
    slope = _Slope(problem, own, seed)
    with np.errstate(all="ignore"):
        for step in range(steps):
            for phase in range(own.evaluations):
                f, g = slope(np.array(lane.x, float), step)
                lane.follow(f, g, step, phase)
    return lane.entries


def _check_traceable(optimizer: Optimizer, problem: Problem, steps: int) -> None:
    """Say why plain Python cannot follow an optimizer on a problem."""
    if not optimizer.compiled:
        raise SettingError(
            f"trace: {optimizer.name} is code of another library; `optbench check {optimizer.name} "
            "--against adam` compares its steps with those of a rule of ours"
        )
    lacks = optimizer.wants(problem)
    if lacks:
        raise SettingError(f"trace: {lacks}")
    if optimizer.hessian_every:
        raise SettingError(
            f"trace: {optimizer.name} takes products with the Hessian, which exist as compiled "
            "code alone; optbench.replay takes estimates by hand (hessians=)"
        )
    if problem.constrained:
        raise SettingError(
            f"trace: {problem.name} changes the point after each step (layer-wise rates, "
            "max_norm), which is compiled code; trace a net without"
        )
    calls = problem.dim * steps * optimizer.evaluations
    if calls > MOST_CALLS:
        raise SettingError(
            f"trace: {steps} steps of {problem.label} with {problem.dim} coordinates are {calls:g} "
            f"calls of plain Python; ask for at most {MOST_CALLS // problem.dim} steps"
        )


def _checked(coordinates: Sequence[int] | None, dim: int) -> frozenset[int]:
    if coordinates is None:
        return frozenset(range(min(SHOWN, dim)))
    return frozenset(gate.wholes("trace: coordinates", coordinates, 0, dim - 1).tolist())


class _Slope:
    """f and its gradient as a lane meets them: its noise, its batches, its memory of a problem."""

    def __init__(self, problem: Problem, optimizer: Optimizer, seed: int) -> None:
        self._problem, self._function = problem, problem.function(np.float64)
        self._keys = None if optimizer.full_batch else problem.keys([seed])
        self._work = work_of_one(self._function, problem.placement, problem.across)

    def __call__(self, x: Floats, step: int) -> tuple[float, Floats]:
        problem = self._problem
        f, g = evaluate(
            self._function, problem.placement, x[np.newaxis], problem.across, self._keys, step,
            self._work,
        )  # fmt: skip
        return float(f[0]), g[0]
