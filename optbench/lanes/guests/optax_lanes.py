"""Optimizers of optax: all lanes of a block at once, each in its own setting.

A transformation is a function, so `jax.vmap` makes of one lane's step that of all lanes, whatever
it computes in between: norms stay each lane's own. The step is compiled once for each number of
columns and coordinates.
"""

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from optbench.errors import UserCodeError, UserError
from optbench.gate import shown
from optbench.kernels.cpu.python_rule import Step
from optbench.kernels.memory.calls import RuleCall
from optbench.lanes.guests.columns import Columns, Reals
from optbench.rules.compose import Optimizer
from optbench.rules.guests.finding import failed
from optbench.rules.guests.making import made_of_optax, set_values
from optbench.rules.guests.rule import GuestRule


def begin(optimizer: Optimizer, call: RuleCall, across: bool) -> Step:
    """Return what steps the lanes of a block that is at its start."""
    rule, dtype = optimizer.rule, call.x.dtype
    assert isinstance(rule, GuestRule)
    columns = Columns.of(call, across, optimizer)
    fixed, by_lane = _apart(columns, dtype)
    functions = _compiled(rule, set_values(fixed), columns.shapes)
    count, width = len(columns), 1 if across else call.x.shape[1]
    lane = np.minimum(np.arange(width), count - 1)  # as many lanes each time: one compilation
    own = {name: column[lane] for name, column in by_lane.items()}
    rates = own["lr"]
    state: Any = None

    def step(call: RuleCall, t: int) -> None:
        nonlocal state
        x, g = columns.read(call.x)[lane], columns.read(call.g)[lane]
        f = call.f[columns.first][lane]
        own["lr"] = rates * columns.factors(call, t)[lane]
        try:
            with _precise(dtype):
                if state is None:
                    state = functions.init(own, x)
                moved, state = functions.update(own, g, state, x, f)
                moved = np.asarray(moved)
        except UserError:
            raise
        except Exception as error:
            raise failed(rule.name, f"step {t + 1}", error, rule.file) from error
        if moved.dtype != dtype:
            raise UserCodeError(
                f"{rule.name}: step {t + 1} has made parameters {moved.dtype}; expected {dtype}, "
                f"as they were ({rule.place})"
            )
        if call.y is not call.x:
            call.y[:] = call.x
        columns.write(moved[:count], call.y)

    return step


def _apart(columns: Columns, dtype: np.dtype) -> tuple[dict[str, float], dict[str, Reals]]:
    """Return the settings that all lanes have in common, and those by lane, the rate among them."""
    fixed: dict[str, float] = {}
    by_lane: dict[str, Reals] = {}
    for name, value in columns.settings[0].items():
        column = [setting[name] for setting in columns.settings]
        if name != "lr" and (isinstance(value, str) or len(set(map(repr, column))) == 1):
            fixed[name] = value
        else:
            by_lane[name] = np.array(column, dtype)
    return fixed, by_lane


class _Functions(NamedTuple):
    """The compiled functions of many lanes: [lanes] of settings and f, [lanes, d] of x and g."""

    init: Callable[..., Any]
    update: Callable[..., Any]


@functools.lru_cache(maxsize=128)
def _compiled(
    rule: GuestRule, fixed: tuple[tuple[str, Any], ...], shapes: tuple[tuple[int, ...], ...]
) -> _Functions:
    """Return the functions of an optimizer whose settings are fixed but for those of each lane."""
    jax: Any = importlib.import_module("jax")
    optax: Any = importlib.import_module("optax")
    sizes = [int(np.prod(shape)) for shape in shapes]
    ends = np.cumsum([0, *sizes]).tolist()

    def tree(numbers: Any) -> Any:
        own = zip(ends[:-1], ends[1:], shapes, strict=True)
        tensors = [numbers[low:high].reshape(shape) for low, high, shape in own]
        return tensors[0] if len(tensors) == 1 else tensors

    def flat(tensors: Any) -> Any:
        leaves = jax.tree_util.tree_leaves(tensors)
        return jax.numpy.concatenate([leaf.reshape(-1) for leaf in leaves])

    def init(own: Mapping[str, Any], x: Any) -> Any:
        return made_of_optax(rule, {**dict(fixed), **own}).init(tree(x))

    def update(own: Mapping[str, Any], g: Any, state: Any, x: Any, f: Any) -> Any:
        transformation = made_of_optax(rule, {**dict(fixed), **own})
        moves, state = _pair(rule, transformation.update(tree(g), state, tree(x), value=f))
        _check_like(rule, tree(x), moves)
        return flat(optax.apply_updates(tree(x), moves)), state

    return _Functions(jax.jit(jax.vmap(init)), jax.jit(jax.vmap(update)))


def _pair(rule: GuestRule, returned: Any) -> Any:
    """Return what `update` returned, if that is updates and state."""
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise UserCodeError(
            f"{rule.name}: its update does not return two things; expected the updates and the "
            f"new state, `return updates, state` ({rule.place})"
        )
    return returned


def _check_like(rule: GuestRule, parameters: Any, moves: Any) -> None:
    """Refuse updates that are not shaped as the parameters, which JAX would stretch to fit."""
    jax: Any = importlib.import_module("jax")
    expected, own = (jax.tree_util.tree_map(jax.numpy.shape, one) for one in (parameters, moves))
    if own != expected:
        raise UserCodeError(
            f"{rule.name}: its updates have the shapes {shown(own)}; expected {shown(expected)}, "
            f"as the parameters ({rule.place})"
        )


@contextlib.contextmanager
def _precise(dtype: np.dtype) -> Iterator[None]:
    """Have JAX compute on the CPU, in float64 if the lanes do; in this thread alone.

    Whatever the user has set holds again behind it.
    """
    jax: Any = importlib.import_module("jax")
    with jax.enable_x64(dtype == np.float64), jax.default_device(_processor()):
        yield


@functools.cache
def _processor() -> Any:
    """Return JAX's CPU, where the lanes are."""
    jax: Any = importlib.import_module("jax")
    return jax.local_devices(backend="cpu")[0]
