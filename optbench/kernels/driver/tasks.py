"""What a launch is handed: the functions of a pair, its instances, and what to run."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.driver.step_scalars import StepScalars
from optbench.kernels.memory.calls import Block, Callee
from optbench.kernels.sizes import BLOCK, WIDTHS, room_size


@dataclass(frozen=True)
class Program:
    """The functions of a pair and the layout that they share.

    Attributes
    ----------
    problem, metrics, rule : memory.calls.Block
        For CUDA the authors' functions, and no rule, which follows from the layout. Where a problem
        has none, `metrics` is None. A rule may be a `cpu.python_rule.PythonRule`.
    layout : authors.rule_layout.RuleLayout
    dtype : numpy.dtype
    tensor_table : ndarray of int64
        The parameter tensors, see `authors.tensors.tensor_table`.
    across : bool
        Whether one lane fills a block (nets).
    adjust : memory.calls.Block or None
        What a net does after each step, see `memory.calls`.
    products : memory.calls.Block or None
        Products with the Hessian, see `authors.products`, for rules that ask for them.
    """

    problem: Block | Callable[..., Any]
    metrics: Block | Callable[..., Any] | None
    rule: Callee | None
    layout: RuleLayout
    dtype: np.dtype
    tensor_table: NDArray[np.int64]
    across: bool
    adjust: Block | Callable[..., Any] | None = None
    products: Block | None = None

    @functools.cached_property
    def vec_lanes(self) -> int:
        """Lanes of the widest Vec that works on a block: its columns are whole Vecs.

        A wider Vec than a block is would write beyond it.
        """
        blocks = (self.problem, self.metrics, self.rule, self.products)
        return max(WIDTHS[self.dtype], *(block.lanes for block in blocks if block))

    @functools.cached_property
    def draws(self) -> bool:
        """Whether the problem or the rule draws random numbers: then a block is one draw."""
        return self.problem.draws or self.rule.draws or self.products is not None

    @functools.cached_property
    def beginnings(self) -> tuple[np.ndarray, np.ndarray]:
        """What state [k] and lane state [q] begin with; NaN for a copy of x."""
        states = [math.nan if value == "x" else value for value in self.layout.state.values()]
        lane_states = list(self.layout.lane_state.values())
        return np.array(states, self.dtype), np.array(lane_states, self.dtype)


@dataclass(frozen=True, eq=False)
class Placement:
    """Constants of an instance and its frame z = centre + rotation (x - shift - centre) / scale.

    See `groups.Surface`; `work_size` and `kept` are the spare and the kept rows of
    `sizes.room_size`. A net draws `drawn` numbers a step that follow from its stream and the step
    alone, so that all lanes of a draw have the same (see `memory.drawn`).
    """

    p: np.ndarray
    q: np.ndarray
    work_size: int = 0
    shift: np.ndarray | None = None
    centre: np.ndarray | None = None
    rotation: np.ndarray | None = None
    scale: float = 1.0
    kept: int = 0
    drawn: int = 0

    def room(self, columns: int) -> int:
        """Return the numbers of a buffer for a block of so many columns."""
        return room_size(self.work_size, self.kept, columns)

    def check(self, dim: int) -> None:
        """Raise `ValueError` unless all arrays are as long as compiled code reads them."""
        shapes = {"shift": (dim,), "centre": (dim,), "rotation": (dim, dim)}
        for name, shape in shapes.items():
            array = getattr(self, name)
            # A rotation, or a scale, is about a centre, after a shift.
            needed = self.rotation is not None
            needed |= self.scale != 1 and name != "rotation"
            if (array is not None or needed) and np.shape(array) != shape:
                raise ValueError(
                    f"the placement of a problem of dimension {dim} has a {name} of shape "
                    f"{list(np.shape(array))}; expected {list(shape)}"
                )


@dataclass(frozen=True)
class Task:
    """What to run: n lanes, each of one of D draws, the step scalars, and what to look for.

    Attributes
    ----------
    start : ndarray [D, d]
        Where each draw starts.
    keys : ndarray [D] of uint64
        Their streams of random numbers.
    frames : ndarray [D] of int64
        Which of the launch's P placements each is on.
    f_ref : ndarray [P]
        The reference value of each placement, NaN where it is unknown.
    draw : ndarray [n] of int64, non-decreasing
        The draw of each lane.
    values : dict of str to ndarray [n] or float
        Hyperparameters by lane, or of all lanes; "lr" is always by lane.
    uniform : step_scalars.StepScalars
    record_steps : ndarray of int64
    targets : ndarray [m] or [P, m], decreasing
        Shares of the initial gap, or values of f where `absolute` (NaN: does not count); of all
        placements, or of each.
    goal : int
        Which of them is the goal, that `hit` and status are about; -1: the last that counts.
    exact, full_batch, stop_at_target, absolute : bool
        See `driver.steps` and `memory.groups.Plan`.
    recorded : ndarray [n] of bool, optional
        Which lanes keep records of f; by default all.
    points : ndarray [n] of bool, optional
        Which lanes keep records of x; by default none.
    metrics : bool
        Whether records of problems that have metrics hold them.
    """

    start: NDArray[np.float64]
    keys: NDArray[np.uint64]
    frames: NDArray[np.int64]
    f_ref: NDArray[np.float64]
    draw: NDArray[np.int64]
    values: dict[str, NDArray[np.float64] | float]
    uniform: StepScalars
    record_steps: NDArray[np.int64]
    targets: NDArray[np.float64]
    exact: bool
    full_batch: bool = False
    stop_at_target: bool = False
    absolute: bool = False
    goal: int = -1
    recorded: NDArray[np.bool_] | None = None
    points: NDArray[np.bool_] | None = None
    metrics: bool = False

    @classmethod
    def of_lanes(
        cls,
        start: NDArray[np.float64],
        keys: NDArray[np.uint64],
        lr: NDArray[np.float64],
        values: dict[str, float],
        uniform: NDArray[np.float64],
        f_ref: float,
        **facts: Any,
    ) -> "Task":
        """Return the task of lanes that are a draw each, on one placement.

        Parameters
        ----------
        start : ndarray [n, d]
        keys, lr : ndarray [n]
        values : dict of str to float
            All other hyperparameters.
        uniform : ndarray [steps, u]
        f_ref : float
        **facts
            The other attributes of `Task`.
        """
        n = len(start)
        return cls(
            start=start, keys=keys, frames=np.zeros(n, np.int64), f_ref=np.array([f_ref]),
            draw=np.arange(n), values={**values, "lr": lr},
            uniform=StepScalars.of_all(uniform), **facts,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        """How long lanes run."""
        return self.uniform.steps

    @functools.cached_property
    def changes(self) -> NDArray[np.bool_] | None:
        """Whether each lane but the first differs from the one before in more than the rate.

        None where all lanes have one setting.
        """
        columns = [value for name, value in self.values.items() if name != "lr"]
        columns.append(self.uniform.setting)
        differing = [column for column in columns if isinstance(column, np.ndarray)]
        if not differing:
            return None
        return np.any([column[1:] != column[:-1] for column in differing], axis=0)

    @functools.cached_property
    def record_row(self) -> NDArray[np.int64]:
        """Row of each lane [n] in the records of f, -1 where none are kept."""
        if self.recorded is None:
            return np.arange(len(self.draw))
        return _rows_of(self.recorded)

    @functools.cached_property
    def point_row(self) -> NDArray[np.int64]:
        """Row of each lane [n] in the records of x, -1 where none are kept."""
        if self.points is None:
            return _rows_of(np.zeros(len(self.draw), bool))
        return _rows_of(self.points)


def _rows_of(kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number the lanes that are kept; the others are -1."""
    rows = np.empty(len(kept), np.int64)
    rows.fill(-1)  # `np.full` takes five times as long
    rows[kept] = np.arange(np.count_nonzero(kept))
    return rows


def check_sizes(program: Program, placements: Sequence[Placement], task: Task) -> None:
    """Refuse a task with arrays that are shorter than compiled code reads.

    Raises
    ------
    ValueError
    """
    draws, n = len(task.start), len(task.draw)
    rows = int(program.tensor_table[len(program.tensor_table) // 3])
    expected = {
        "start": (task.start.shape, (draws, rows * (BLOCK if program.across else 1))),
        "keys": (task.keys.shape, (draws,)),
        "frames": (task.frames.shape, (draws,)),
        "f_ref": (task.f_ref.shape, (len(placements),)),
        "targets": (task.targets.shape[:-1], (len(placements),) * (task.targets.ndim - 1)),
        "uniform": (task.uniform.columns, program.layout.uniforms),
    }
    by_lane = {"recorded": task.recorded, "points": task.points, "settings": task.uniform.setting}
    by_lane |= {
        name: value
        for name, value in task.values.items()
        if name == "lr" or isinstance(value, np.ndarray)
    }
    expected |= {
        name: (np.shape(value), (n,)) for name, value in by_lane.items() if value is not None
    }
    for name, (size, needed) in expected.items():
        if size != needed:
            raise ValueError(f"{name} has shape {size}, expected {needed}")


def check_numbers(task: Task) -> None:
    """Refuse draws and placements that there are not, and lanes in another order than draws.

    Raises
    ------
    ValueError
    """
    ranges = ("draw", task.draw, len(task.start)), ("frames", task.frames, len(task.f_ref))
    for name, numbers, count in ranges:
        if numbers.size and not (0 <= numbers.min() and numbers.max() < count):
            raise ValueError(f"{name} must lie in 0 .. {count - 1}")
    if (task.draw[1:] < task.draw[:-1]).any():
        raise ValueError("draw decreases: the lanes of a draw must follow one another")
