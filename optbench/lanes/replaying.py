"""Hand an optimizer gradients from elsewhere: how rules are compared with other implementations.

What is checked and returned; the lane itself is in `fed_lane`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from optbench import gate
from optbench.define import plugins
from optbench.define.definitions import Rule
from optbench.errors import SettingError
from optbench.kernels.memory.buffers import empty
from optbench.lanes.fed_lane import FedLane, Shapes, State, shapes_of
from optbench.rules import compose, setting_checks
from optbench.rules.compose import Optimizer


def replay(
    optimizer: str | Rule | Optimizer | Callable[..., Any],
    gradients: ArrayLike,
    start: ArrayLike,
    *,
    values: ArrayLike | None = None,
    hessians: ArrayLike | None = None,
    shape: Sequence[Sequence[int]] | None = None,
    seed: int = 0,
    state: State | None = None,
    return_state: bool = False,
    points: Literal["reported", "query"] = "reported",
    steps: int | None = None,
    dtype: DTypeLike = "float64",
    folders: plugins.Folders = (),
    **hyper: Any,
) -> NDArray[np.floating] | tuple[NDArray[np.floating], State]:
    """Apply an optimizer to a sequence of gradients.

    Parameters
    ----------
    optimizer : str, Rule, Optimizer, class or factory
        As of `minimize`.
    gradients : array_like [T, d]
        The gradients, one an evaluation (a step of SAM consumes two).
    start : array_like [d]
    values : array_like [T], optional
        Values of f that go with the gradients, for rules that look at f; 0 by default.
    hessians : array_like [T, d], optional
        Estimates of the Hessian's diagonal that go with the gradients, for rules that take
        `hessian`; they look at those of their period. By default 1, which are those of
        ``|x|^2 / 2``.
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
    precision, seed = gate.precision(dtype), gate.whole("replay: seed", seed)
    optimizer.check_fits(precision)
    setting_checks.refuse_ranges(optimizer.label, optimizer.searched_by_hand)
    first, g = _start_and_gradients(start, gradients)
    if points not in ("reported", "query"):
        raise SettingError(f"replay: points = {points!r}; use 'reported' or 'query'")
    if steps is not None:
        steps = gate.whole("replay: steps", steps, low=1)
    if state is not None and not isinstance(state, State):
        raise SettingError(
            f"replay: state = {gate.shown(state)}; give what `return_state` returned"
        )
    shapes, f = _shapes(optimizer, shape), _values(values, len(g))
    lane = FedLane(
        optimizer, first, count=len(g), shapes=shapes, seed=seed, dtype=precision, state=state,
        budget=steps,
    )  # fmt: skip
    iterates = empty((len(g) + 1, first.size), lane.dtype)
    iterates[0] = lane.point(points)
    if hessians is None:
        iterates[1:] = lane.feed(g, f, points)
    else:
        iterates[1:] = lane.feed_with(g, f, _estimates(optimizer, hessians, g), points)
    return (iterates, lane.stop()) if return_state else iterates


def _start_and_gradients(
    start: ArrayLike, gradients: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return them as arrays [d] and [T, d]."""
    first = gate.reals("replay: start", start)
    g = gate.reals("replay: gradients", gradients)
    if first.ndim != 1 or not first.size or g.shape[1:] != first.shape:
        raise SettingError(
            f"replay: start has shape {list(first.shape)} and gradients {list(g.shape)}; "
            "expected [d] and [T, d]"
        )
    return first, g


def _values(values: ArrayLike | None, count: int) -> NDArray[np.float64]:
    """Return the values [T] that go with the gradients."""
    if values is None:
        return np.zeros(count)
    f = gate.reals("replay: values", values)
    if f.shape != (count,):
        raise SettingError(f"replay: values has shape {list(f.shape)}; expected [{count}]")
    return f


def _estimates(
    optimizer: Optimizer, hessians: ArrayLike, gradients: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the estimates of the Hessian's diagonal [T, d] that go with the gradients."""
    if not optimizer.hessian_every:
        raise SettingError(f"replay: {optimizer.name} takes no hessian; leave hessians out")
    estimates = gate.reals("replay: hessians", hessians)
    if estimates.shape != gradients.shape:
        raise SettingError(
            f"replay: hessians has shape {list(estimates.shape)}; expected "
            f"{list(gradients.shape)}, as gradients has"
        )
    return estimates


def _shapes(optimizer: Optimizer, shape: Sequence[Sequence[int]] | None) -> Shapes | None:
    """Return the shapes of the parameter tensors as tuples of int, or None."""
    if shape is None:
        if optimizer.rule.matrix:
            raise SettingError(
                f"replay: {optimizer.name} sees whole tensors; give their shapes, for example "
                "shape=[(4, 3), (3,)]"
            )
        return None
    return shapes_of("replay", shape)
