"""One lane outside the driver: a compiled rule that is handed one gradient after the other."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.define.draws import stream_key
from optbench.errors import SettingError
from optbench.kernels.authors import blocks
from optbench.kernels.authors.tensors import memory_size, tensor_table
from optbench.kernels.compiling.explain import locating_author_errors
from optbench.kernels.cpu.feed import feeder
from optbench.kernels.cpu.python_rule import PythonRule
from optbench.kernels.memory.buffers import empty
from optbench.kernels.memory.calls import Callee, RuleCall, call_type
from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.pointers import words
from optbench.kernels.sizes import BLOCK, WIDTHS, padded
from optbench.lanes.guests import running
from optbench.rules.compose import Optimizer

Reals: TypeAlias = NDArray[np.floating]
Shapes: TypeAlias = list[tuple[int, ...]]
Point: TypeAlias = Literal["reported", "query"]
"""The reported iterate, or the point at which the next gradient is taken."""


@dataclass(frozen=True)
class State:
    """Where a replay stopped: hand it to the next `replay` to go on, byte for byte.

    Attributes
    ----------
    x : ndarray
        The parameters, in the engine's layout.
    state : dict of str to ndarray
        Per-coordinate state by name, in the engine's layout.
    lane_state : dict of str to float
    evaluations : int
        Gradients consumed so far.
    memory : ndarray
        What a matrix rule keeps, in the engine's layout.
    """

    x: Reals
    state: dict[str, Reals]
    lane_state: dict[str, float]
    evaluations: int
    memory: Reals


@dataclass(frozen=True, eq=False)
class Places:
    """Where the d coordinates lie in the engine's arrays [rows, columns].

    Attributes
    ----------
    tensor_table : ndarray
        The parameter tensors, see `tensors.tensor_table`.
    rows, columns : int
    flat : ndarray [d] of int
        The place of each coordinate in the flattened array.
    """

    tensor_table: NDArray[np.int64]
    rows: int
    columns: int
    flat: NDArray[np.int64]

    def spread(self, coordinates: Reals, dtype: np.dtype[Any]) -> Reals:
        """Return the engine's array with the coordinates [d] in their places, 0 elsewhere."""
        array = np.zeros(self.rows * self.columns, dtype)
        array[self.flat] = coordinates
        return array.reshape(-1, self.columns)


def shapes_of(whose: str, shape: Sequence[Sequence[int]]) -> Shapes:
    """Return shapes of tensors, as users give them, as tuples of int.

    Raises
    ------
    SettingError
        If they are none; `whose` says what takes them.
    """
    try:
        shapes = [tuple(sides) for sides in shape]
    except TypeError:
        raise SettingError(
            f"{whose}: shape = {gate.shown(shape)} must be the shapes of all tensors, for example "
            "[(4, 3), (3,)]"
        ) from None
    return [tuple(gate.whole(f"{whose}: shape", side, low=1) for side in sides) for sides in shapes]


def surface_places(dim: int, dtype: np.dtype[Any]) -> Places:
    """Return the places of one lane of a surface: a coordinate a row."""
    columns = padded(1, WIDTHS[dtype])
    return Places(tensor_table([(dim,)], [0, dim]), dim, columns, np.arange(dim) * columns)


def tensor_places(dim: int, shapes: Shapes) -> Places:
    """Return the places of tensors, which are padded to rows of 64.

    Raises
    ------
    SettingError
        If they do not hold `dim` numbers.
    """
    sizes = [int(np.prod(sides)) for sides in shapes]
    if sum(sizes) != dim:
        raise SettingError(
            f"replay: the shapes {shapes} hold {sum(sizes)} numbers, but start has {dim}"
        )
    rows = [-(-size // BLOCK) for size in sizes]
    table = tensor_table(shapes, [0, *np.cumsum(rows)])
    flat = [table[i] * BLOCK + np.arange(size) for i, size in enumerate(sizes)]
    return Places(table, sum(rows), BLOCK, np.concatenate(flat))


class FedLane:
    """The arrays that a compiled rule works on, of one lane.

    Parameters
    ----------
    optimizer : Optimizer
    start : ndarray [d]
    count : int
        How many gradients it will be fed.
    shapes : list of tuple of int, optional
        Shapes of the parameter tensors that make up x; by default it is a surface's.
    seed : int
    dtype : {"float64", "float32"}
    state : State, optional
        Where an earlier lane stopped.
    budget : int, optional
        Steps of the whole run, on which schedules depend; by default those that it is fed.

    Raises
    ------
    SettingError
        If shapes, state or budget do not fit.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start: Reals,
        *,
        count: int,
        shapes: Shapes | None = None,
        seed: int = 0,
        dtype: str = "float64",
        state: State | None = None,
        budget: int | None = None,
    ) -> None:
        self.dtype = real = np.dtype(dtype)
        self.layout = layout = optimizer.layout()
        self.rule: Callee = (
            blocks.rule_block(layout, real)
            if optimizer.compiled
            else running.python_rule(optimizer, real)
        )
        self.across = shapes is not None
        self.places = (
            surface_places(start.size, real)
            if shapes is None
            else tensor_places(start.size, shapes)
        )
        self.x = self.places.spread(start, real)
        self.g = np.zeros_like(self.x)
        columns = self.places.columns
        self.f = np.zeros(columns, real)
        self.S = empty((len(layout.state), *self.x.shape), real)
        for row, value in enumerate(layout.state.values()):
            self.S[row] = self.x if value == "x" else value
        self.L = empty((len(layout.lane_state), columns), real)
        self.L[:] = np.array(list(layout.lane_state.values())).reshape(-1, 1)
        values = {"lr": optimizer.lr, "f_ref": np.nan, **optimizer.values}
        column = np.array([[values[name]] for name in layout.hyper], real)
        self.H = np.repeat(column, columns, axis=1)
        self.key = np.array([stream_key(seed, "replay")], np.uint64)
        self.memory = np.zeros(memory_size(optimizer.rule, self.places.tensor_table), real)
        self.evaluations = 0
        if state is not None:
            self._restore(state)
        self._use_table(optimizer, self._steps(count, budget), budget)

    def _use_table(self, optimizer: Optimizer, steps: int, budget: int | None) -> None:
        """Compute the step scalars of so many steps, and write down where all arrays are."""
        table = optimizer.uniform_table(steps, budget)
        self.uniform: Reals = np.ascontiguousarray(table.astype(self.dtype)[:, :, np.newaxis])
        self._call = RuleCall(
            self.x, self.x, self.g, self.f, self.S, self.L, self.H, self.uniform,
            np.ones(self.layout.uniforms, np.int64), self.places.tensor_table, self.key,
            self.memory,
        )  # fmt: skip
        self._words = words(self._call, call_type(RuleCall, self.dtype))

    def _steps(self, count: int, budget: int | None) -> int:
        """Return the steps from the first one on, also after a stop: draws are numbered by them."""
        steps: int = max(1, -(-(self.evaluations + count) // self.layout.evaluations))
        if budget is not None and budget < steps:
            raise SettingError(f"replay: steps = {budget}, but the gradients reach {steps}")
        return steps

    def _restore(self, state: State) -> None:
        """Go on where another lane stopped."""
        fits = (
            state.x.shape == self.x.shape
            and state.memory.shape == self.memory.shape
            and list(state.state) == list(self.layout.state)
            and list(state.lane_state) == list(self.layout.lane_state)
        )
        if not fits:
            raise SettingError(
                f"replay: the state is of another run: x [{state.x.size}] with "
                f"{', '.join(state.state) or 'no state'}; expected [{self.x.size}] with "
                f"{', '.join(self.layout.state) or 'no state'}"
            )
        self.x[:] = state.x
        for row, name in enumerate(self.layout.state):
            self.S[row] = state.state[name]
        for row, name in enumerate(self.layout.lane_state):
            self.L[row] = state.lane_state[name]
        self.memory[:] = state.memory
        self.evaluations = state.evaluations

    def _row_of(self, point: Point, evaluations: int) -> int:
        """Return the row of the state that is a point after so many gradients; -1 for x."""
        if point == "reported":
            if self.layout.iterate >= 0:
                return int(self.layout.iterate)
            if evaluations % self.layout.evaluations:
                return list(self.layout.state).index("x_first")
        return -1

    def point(self, point: Point) -> Reals:
        """Return the query point, or the reported one, as [d]."""
        row = self._row_of(point, self.evaluations)
        array = self.x if row < 0 else self.S[row]
        return array.reshape(-1)[self.places.flat].copy()

    def feed(self, gradients: Reals, values: Reals, point: Point) -> Reals:
        """Consume gradients [T, d] at values [T]; return the points [T, d] after each."""
        first = self.evaluations
        points: Reals = empty(gradients.shape, self.dtype)
        rows = [self._row_of(point, first + i + 1) for i in range(len(gradients))]
        arguments = (
            self._words.ctypes.data, np.ascontiguousarray(gradients, self.dtype),
            np.ascontiguousarray(values, self.dtype), self.places.flat, np.array(rows, np.int64),
            points, first, self.layout.evaluations, int(self.across),
        )  # fmt: skip
        feed = feeder(self.dtype)
        watched = self.rule.watched() if isinstance(self.rule, PythonRule) else nullcontext()
        with flushed(), locating_author_errors(), watched:
            feed(self.rule.address, *arguments)
        self.evaluations += len(gradients)
        return points

    def feed_with(self, gradients: Reals, values: Reals, hessians: Reals, point: Point) -> Reals:
        """Consume gradients beside estimates of the Hessian's diagonal [T, d], as `feed` does."""
        points: Reals = empty(gradients.shape, self.dtype)
        for i, estimate in enumerate(hessians):
            self.S[self.layout.hessian] = self.places.spread(estimate, self.dtype)
            points[i] = self.feed(gradients[i : i + 1], values[i : i + 1], point)[0]
        return points

    def feed_one(self, gradient: Reals, value: float) -> None:
        """Consume one gradient [d]."""
        self.feed(gradient[np.newaxis], np.array([value]), "query")

    def stop(self) -> State:
        """Return a copy of everything that the next step needs.

        Raises
        ------
        SettingError
            If it is a guest's: that has its state to itself.
        """
        if isinstance(self.rule, PythonRule):
            raise SettingError(
                "replay: the state of an optimizer of torch or optax stays in it; replay all "
                "gradients at once"
            )
        return State(
            x=self.x.copy(),
            state={name: self.S[row].copy() for row, name in enumerate(self.layout.state)},
            lane_state={name: self.L[row, 0] for row, name in enumerate(self.layout.lane_state)},
            evaluations=self.evaluations,
            memory=self.memory.copy(),
        )
