"""A rule as an optax gradient transformation; see `as_optax`.

The rule runs on the host, in a callback of the compiled program: its state is arrays that JAX
carries, and a call is a function of its arguments alone, so that `jit` and `scan` work.
"""

import functools
from typing import Any, TypeAlias

import numpy as np

from optbench import gate
from optbench.bridges import requirements
from optbench.bridges.stepped_lane import SteppedLane
from optbench.errors import SettingError, UserError
from optbench.rules.compose import Optimizer

try:
    import jax
    import jax.numpy as jnp
    import optax
except ModuleNotFoundError as _error:
    if _error.name not in ("jax", "optax"):
        raise
    raise UserError(
        f"as_optax needs {_error.name}, which is not installed: pip install jax optax"
    ) from None

Tree: TypeAlias = Any
"""A pytree of arrays."""
Kind: TypeAlias = tuple[tuple[tuple[int, ...], ...], str]
"""Shapes of the parameters, and their dtype."""
Arrays: TypeAlias = list[np.ndarray[Any, Any]]


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["calls", "coordinates", "lane", "memory"], meta_fields=["iterate"],
)  # fmt: skip
class RuleState:
    """What a rule keeps, as a pytree.

    Attributes
    ----------
    calls : int32 array
        Gradients consumed.
    coordinates : dict of str to pytree
        Per-coordinate state by name, each like the parameters.
    lane : array
        Numbers of the whole lane.
    memory : array
        What a matrix rule keeps.
    iterate : str or None
        The state that is reported in place of the parameters.
    """

    def __init__(
        self, calls: Any, coordinates: dict[str, Tree], lane: Any, memory: Any, iterate: str | None
    ) -> None:
        self.calls, self.coordinates, self.lane = calls, coordinates, lane
        self.memory, self.iterate = memory, iterate

    def reported(self, params: Tree) -> Tree:
        """Return the point that the rule reports: an average where it has one, else `params`."""
        return params if self.iterate is None else self.coordinates[self.iterate]


class Transform:
    """The pair of functions `init` and `update` of an optimizer.

    Parameters
    ----------
    optimizer : Optimizer
    lr : float, JAX scalar or callable
        A callable is a schedule of optax: it gets the number of steps taken.
    steps : int or None
    seed : int
    """

    def __init__(self, optimizer: Optimizer, lr: Any, steps: int | None, seed: int) -> None:
        self.optimizer, self.lr, self.steps, self.seed = optimizer, lr, steps, seed
        self.lanes: dict[Any, SteppedLane] = {}
        self.states = list(optimizer.layout().state)
        self.needs_value = requirements.depends_on_value(optimizer)

    def pair(self) -> optax.GradientTransformationExtraArgs:
        """Return them as optax has them."""
        return optax.GradientTransformationExtraArgs(self.init, self.update)

    def init(self, params: Tree) -> RuleState:
        """Return the state before the first step."""
        leaves, structure = jax.tree_util.tree_flatten(params)
        lane = self._new_lane(*_kind(leaves))
        starts = lane.layout.state
        coordinates = {
            name: structure.unflatten(
                [jnp.array(x) if start == "x" else jnp.full_like(x, start) for x in leaves]
            )
            for name, start in starts.items()
        }
        names, row = list(starts), lane.layout.iterate
        return RuleState(
            jnp.zeros((), jnp.int32), coordinates, jnp.asarray(lane.L), jnp.asarray(lane.memory),
            names[row] if row >= 0 else None,
        )  # fmt: skip

    def update(
        self, updates: Tree, state: RuleState, params: Tree = None, *, value: Any = None,
        **extra: Any,
    ) -> tuple[Tree, RuleState]:  # fmt: skip
        """Return what is to be added to the parameters, and the new state."""
        name = self.optimizer.label
        if params is None:
            raise SettingError(f"as_optax: {name} moves a point: update(grads, state, params)")
        if value is None and self.needs_value:
            raise SettingError(
                f"as_optax: {name} looks at the loss: update(grads, state, params, value=loss)"
            )
        gradients, structure = jax.tree_util.tree_flatten(updates)
        x = structure.flatten_up_to(params)
        kind = _kind(x)
        real = kind[1]
        # By name: JAX gives dicts back in the order of the alphabet.
        coordinates = [structure.flatten_up_to(state.coordinates[name]) for name in self.states]
        step = state.calls // self.optimizer.evaluations
        rate = self.lr(step) if callable(self.lr) else self.lr
        inputs = (
            jnp.asarray(rate, real), jnp.asarray(0.0 if value is None else value, real),
            [jnp.asarray(g, real) for g in gradients], x, state.calls, coordinates, state.lane,
            state.memory,
        )  # fmt: skip
        outputs = jax.tree_util.tree_map(
            lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype),
            (x, coordinates, state.lane, state.memory),
        )
        moved, kept, lane, memory = jax.pure_callback(
            functools.partial(self._take, kind), outputs, *inputs, vmap_method="sequential"
        )
        change = [new - old for new, old in zip(moved, x, strict=True)]
        trees = map(structure.unflatten, kept)
        new = dict(zip(self.states, trees, strict=True))
        return structure.unflatten(change), RuleState(
            state.calls + 1, new, lane, memory, state.iterate
        )

    def _new_lane(self, shapes: tuple[tuple[int, ...], ...], real: str) -> SteppedLane:
        return SteppedLane(
            self.optimizer, list(shapes), seed=self.seed, dtype=real, budget=self.steps
        )

    def _take(
        self, kind: Kind, rate: Any, value: Any, gradients: Arrays, x: Arrays,
        calls: Any, coordinates: list[Arrays], lane_state: Any, memory: Any,
    ) -> Any:  # fmt: skip
        """Run the rule on the host."""
        # A lane is taken out while it is used: programs may run this in several threads.
        lane = self.lanes.pop(kind, None) or self._new_lane(*kind)
        _write(lane, lane.x, x)
        _write(lane, lane.g, gradients)
        for row, state in enumerate(coordinates):
            _write(lane, lane.S[row], state)
        lane.L[:], lane.memory[:] = lane_state, memory
        lane.evaluations = int(calls)
        lane.set_rate(float(rate))
        lane.take(float(value))
        states = [_read(lane, lane.S[row], x) for row in range(len(coordinates))]
        result = _read(lane, lane.x, x), states, lane.L.copy(), lane.memory.copy()
        self.lanes[kind] = lane
        return result


def _write(lane: SteppedLane, array: Any, leaves: Arrays) -> None:
    for part, leaf in zip(lane.parts(array), leaves, strict=True):
        part[:] = np.asarray(leaf).reshape(-1)


def _read(lane: SteppedLane, array: Any, like: Arrays) -> Arrays:
    return [
        part.reshape(np.shape(leaf)).copy()
        for part, leaf in zip(lane.parts(array), like, strict=True)
    ]


def _kind(leaves: list[Any]) -> Kind:
    """Return the shapes of the parameters, and their dtype.

    Raises
    ------
    SettingError
        If there is none, or it is neither float32 nor float64 in all.
    """
    dtypes = sorted({str(jnp.asarray(leaf).dtype) for leaf in leaves})
    if len(dtypes) != 1 or dtypes[0] not in gate.PRECISIONS:
        raise SettingError(
            f"as_optax: the parameters are {', '.join(dtypes) or 'none at all'}; rules run in "
            "float32 or float64, one of them for all (optax.multi_transform takes groups apart)"
        )
    return tuple(tuple(np.shape(leaf)) for leaf in leaves), dtypes[0]
