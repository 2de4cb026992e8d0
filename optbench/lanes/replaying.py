"""Feed an optimizer given gradients: how rules are compared with other implementations."""

from dataclasses import dataclass

import numpy as np

from optbench import gate
from optbench.define.draws import stream_key
from optbench.errors import SettingError
from optbench.kernels.authors import blocks
from optbench.kernels.authors.tensors import layers_of, memory_size
from optbench.kernels.compiling.explain import author_errors_told
from optbench.kernels.cpu.feed import feeder
from optbench.kernels.memory.buffers import empty
from optbench.kernels.memory.calls import RuleCall, call_type
from optbench.kernels.memory.floating import flushed
from optbench.kernels.memory.pointers import words
from optbench.kernels.sizes import BLOCK, padded
from optbench.rules import compose


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

    x: np.ndarray
    state: dict
    lane_state: dict
    evaluations: int
    memory: np.ndarray


def replay(
    optimizer, gradients, start, *, values=None, shape=None, seed=0, state=None, return_state=False,
    points="reported", steps=None, dtype="float64", folders=(), **hyper,
):  # fmt: skip
    """Apply an optimizer to a given sequence of gradients.

    Parameters
    ----------
    optimizer : str, Rule or Optimizer
    gradients : array_like [T, d]
        The gradients, one an evaluation (a step of SAM consumes two).
    start : array_like [d]
    values : array_like [T], optional
        Values of f that go with the gradients, for rules that look at f; 0 by default.
    shape : sequence of tuple of int, optional
        Shapes of the parameter tensors that make up x, for rules that work layer by layer; d is
        the sum of their sizes. By default x is one lane of a surface.
    seed : int
        Seed of the lane, for rules that draw random numbers.
    state : State, optional
        Where an earlier replay stopped; `start` is ignored then.
    return_state : bool
        Whether to return (iterates, State).
    points : {"reported", "query"}
        Record the reported iterate, or the point at which the next gradient is taken.
    steps : int, optional
        Steps of the whole run, on which schedules depend; by default those that `gradients` make,
        after those of `state`.
    dtype : {"float64", "float32"}
        Or NumPy's type of that name.
    folders : path or sequence of path
        Folders with rules of the user's own, in which a name is looked up too.
    **hyper : float or str
        Hyperparameters; a name for ``schedule``.

    Returns
    -------
    ndarray [T + 1, d]
        The points before the first and after each gradient.

    Raises
    ------
    UserError
        If a name, a hyperparameter or a shape is wrong.
    """
    optimizer = compose.optimizer(optimizer, folders).with_settings(**hyper)
    dtype, seed = np.dtype(gate.precision(dtype)), gate.whole("replay: seed", seed)
    optimizer.check_fits(dtype)
    start, gradients = (
        gate.reals("replay: start", start),
        gate.reals("replay: gradients", gradients),
    )
    if start.ndim != 1 or not start.size or gradients.shape[1:] != start.shape:
        raise SettingError(
            f"replay: start has shape {list(start.shape)} and gradients {list(gradients.shape)}; "
            "expected [d] and [T, d]"
        )
    count = len(gradients)
    if points not in ("reported", "query"):
        raise SettingError(f"replay: points = {points!r}; use 'reported' or 'query'")
    if steps is not None:
        steps = gate.whole("replay: steps", steps, low=1)
    if state is not None and not isinstance(state, State):
        raise SettingError(
            f"replay: state = {gate.shown(state)}; give what `return_state` returned"
        )
    shape = _shapes(optimizer, shape)
    values = np.zeros(count) if values is None else gate.reals("replay: values", values)
    if values.shape != (count,):
        raise SettingError(f"replay: values has shape {list(values.shape)}; expected [{count}]")
    lane = Lane(optimizer, start, shape, seed, dtype, state, count, steps)
    iterates = empty((count + 1, start.size), lane.dtype)
    iterates[0] = lane.point(points)
    iterates[1:] = lane.walk(gradients, values, points)
    return (iterates, lane.stop()) if return_state else iterates


def _shapes(optimizer, shape):
    """Return the shapes of the parameter tensors as tuples of int, or None."""
    if shape is None:
        if optimizer.rule.matrix:
            raise SettingError(
                f"replay: {optimizer.name} sees whole tensors; give their shapes, for example "
                "shape=[(4, 3), (3,)]"
            )
        return None
    try:
        shapes = [tuple(one) for one in shape]
    except TypeError:
        raise SettingError(
            f"replay: shape = {gate.shown(shape)} must be the shapes of all tensors, for example "
            "[(4, 3), (3,)]"
        ) from None
    return [tuple(gate.whole("replay: shape", n, low=1) for n in one) for one in shapes]


class Lane:
    """One lane outside the driver: the arrays that a compiled rule works on."""

    def __init__(self, optimizer, start, shape, seed, dtype, state, count, budget):
        self.dtype = dtype
        self.layout = optimizer.layout()
        self.rule = blocks.rule_block(self.layout, dtype)
        self.across = shape is not None
        self._place(start, shape)
        self.x = self._padded(start)
        self.g = np.zeros_like(self.x)
        columns = self.x.shape[1]
        self.f = np.zeros(columns, dtype)
        self.S = empty((len(self.layout.state), *self.x.shape), dtype)
        for row, value in enumerate(self.layout.state.values()):
            self.S[row] = self.x if value == "x" else value
        self.L = empty((len(self.layout.lane_state), columns), dtype)
        self.L[:] = np.array(list(self.layout.lane_state.values())).reshape(-1, 1)
        values = {"lr": optimizer.lr, "f_ref": np.nan, **optimizer.values}
        self.H = np.repeat(
            np.array([[values[name]] for name in self.layout.hyper], dtype), columns, axis=1
        )
        self.key = np.full(columns, stream_key(seed, "replay"), np.uint64)
        self.memory = np.zeros(memory_size(optimizer.rule, self.layers), dtype)
        self.evaluations = 0
        if state is not None:
            self._restore(state)
        # From the first step on, also after a stop: draws are numbered by the step.
        steps = max(1, -(-(self.evaluations + count) // self.layout.evaluations))
        if budget is not None and budget < steps:
            raise SettingError(f"replay: steps = {budget}, but the gradients reach {steps}")
        self.uniform = optimizer.uniform_table(steps, budget).astype(dtype)

    def _place(self, start, shape):
        """Find where each coordinate lies: tensors are padded to rows of 64."""
        sizes = [start.size] if shape is None else [int(np.prod(s)) for s in shape]
        if sum(sizes) != start.size:
            raise SettingError(
                f"replay: the shapes {list(shape)} hold {sum(sizes)} numbers, but start has "
                f"{start.size}"
            )
        self.columns = BLOCK if self.across else padded(1, self.dtype)
        if shape is None:
            self.layers = layers_of([start.shape], [0, start.size])
            self.rows = start.size
            self.where = np.arange(start.size) * self.columns
            return
        rows = [-(-size // BLOCK) for size in sizes]
        self.layers = layers_of(shape, [0, *np.cumsum(rows)])
        self.rows = sum(rows)
        self.where = np.concatenate(
            [self.layers[i] * BLOCK + np.arange(size) for i, size in enumerate(sizes)]
        )

    def _padded(self, flat):
        array = np.zeros(self.rows * self.columns, self.dtype)
        array[self.where] = flat
        return array.reshape(-1, self.columns)

    def _restore(self, state):
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

    def _source(self, which, evaluations):
        """Return the state that is the query or the reported point; -1 for x."""
        if which == "reported":
            if self.layout.iterate >= 0:
                return self.layout.iterate
            if evaluations % self.layout.evaluations:
                return list(self.layout.state).index("x_first")
        return -1

    def point(self, which):
        """Return the query point, or the reported one, as [d]."""
        source = self._source(which, self.evaluations)
        array = self.x if source < 0 else self.S[source]
        return array.reshape(-1)[self.where].copy()

    def feed(self, gradient, value):
        """Consume one gradient."""
        self.walk(gradient[np.newaxis], np.array([value]), "query")

    def walk(self, gradients, values, which):
        """Consume gradients [T, d] at values [T]; return the points [T, d] after each."""
        count, first = len(gradients), self.evaluations
        points = empty(gradients.shape, self.dtype)
        sources = [self._source(which, first + i + 1) for i in range(count)]
        call = RuleCall(
            self.x, self.x, self.g, self.f, self.S, self.L, self.H, self.uniform, self.layers,
            self.key, self.memory,
        )  # fmt: skip
        written = words(call, call_type(RuleCall, self.dtype))
        arguments = (
            written.ctypes.data, np.ascontiguousarray(gradients, self.dtype),
            np.ascontiguousarray(values, self.dtype), self.where, np.array(sources, np.int64),
            points, first, self.layout.evaluations, int(self.across),
        )  # fmt: skip
        feed = feeder(self.dtype)
        with flushed(), author_errors_told():
            feed(self.rule.address, *arguments)
        self.evaluations += count
        return points

    def stop(self):
        """Return a copy of everything that the next step needs."""
        return State(
            self.x.copy(),
            {name: self.S[row].copy() for row, name in enumerate(self.layout.state)},
            {name: self.L[row, 0] for row, name in enumerate(self.layout.lane_state)},
            self.evaluations,
            self.memory.copy(),
        )
