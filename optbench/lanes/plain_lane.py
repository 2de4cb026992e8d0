"""One lane of an optimizer in plain Python: its parts called as they are written, without Numba.

This follows the contract that `optbench.define` documents for authors, one coordinate at a time.
What compiled lanes are tested against, and what `tracing` looks into.
"""

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.define.definitions import Part
from optbench.define.draws import mix, stream_key
from optbench.define.rule_checks import FunctionKind
from optbench.kernels.sizes import BLOCK
from optbench.rules.compose import Optimizer

Number: TypeAlias = Any
"""A float, or what computes like one."""
Scope: TypeAlias = dict[str, Any]
"""What the parameters of an author's functions may name."""


class Tensor(NamedTuple):
    """A tensor: its number, its coordinates from `first` to before `last`, and its shape.

    Padding counts as coordinates; `size` leaves it out. `height` is the number of rows of a matrix,
    0 of a vector.
    """

    number: int
    first: int
    last: int
    size: int
    height: int


def tensors_of(table: NDArray[np.int64], across: bool) -> list[Tensor]:
    """Return the tensors of a table, see `kernels.authors.tensors.tensor_table`."""
    n, width = len(table) // 3, BLOCK if across else 1
    return [
        Tensor(i, *(int(v) * width for v in table[i : i + 2]), *map(int, table[n + 1 + i :: n][:2]))
        for i in range(n)
    ]


@functools.lru_cache(maxsize=1024)
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters: to look took longer than most calls."""
    return tuple(inspect.signature(function).parameters)


class PlainLane:
    """One lane, stepped in plain Python.

    Parameters
    ----------
    optimizer : Optimizer
    start : sequence of float [d]
    steps : int
        Of the whole run.
    tensors : sequence of Tensor, optional
        By default all coordinates are one vector.
    key : np.uint64, optional
        What is drawn from; by default that of `replay` with seed 0.
    f_ref : float
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start: Sequence[Number] | NDArray[np.float64],
        steps: int,
        *,
        tensors: Sequence[Tensor] | None = None,
        key: np.uint64 | None = None,
        f_ref: float = math.nan,
    ) -> None:
        self.optimizer, self.f_ref = optimizer, f_ref
        self.x: list[Number] = [float(value) for value in start]
        count = len(self.x)
        self.tensors = list(tensors or [Tensor(0, 0, count, count, 0)])
        self.count = sum(tensor.size for tensor in self.tensors)
        self.key = stream_key(0, "replay") if key is None else key
        self.state = {
            name: list(self.x) if value == "x" else [value] * count
            for part in optimizer.parts
            for name, value in part.state.items()
        }
        self.lane = {n: v for part in optimizer.parts for n, v in part.lane_state.items()}
        self.memory: dict[tuple[int, str], NDArray[np.float64]] = {}
        self.uniform = optimizer.uniform_table(steps)
        layout = optimizer.layout()
        self.names = {part: layout.split_outputs(part)[0] for part in optimizer.parts}
        self.sums = {part: layout.sums(part) for part in optimizer.parts}
        self.first: list[Number] = []
        self.g: list[Number] = []
        self.scope: Scope = {}
        self.step = 0

    def feed(self, g: Sequence[Number], f: Number, step: int, phase: int) -> None:
        """Consume one gradient [d], the one of number `phase` in a step."""
        columns = self.uniform[step]
        self.g, self.step = list(g), step
        self.scope = {
            "f": f, "f_ref": self.f_ref, "lr": self.optimizer.lr * columns[0], "phase": phase,
            "base_lr": self.optimizer.lr, "hessian": 1.0, **self.optimizer.values,
        }  # fmt: skip
        if phase == 0:
            self.first = list(self.x)
        parts = self.optimizer.parts
        outputs = self._outputs(columns)
        ascending = [part for part in parts if "ascend" in part.functions]
        if ascending and phase == 0:
            self._apply(ascending[0], "ascend", outputs[ascending[0]])
            return
        if ascending:
            self.x = list(self.first)
        for part in sorted(parts, key=lambda part: part.after):
            last = phase == self.optimizer.evaluations - 1
            if part not in ascending and (last or not part.after):
                self._apply(part, "update", outputs[part])
                if part is not self.optimizer.rule and outputs[part].get("restart", 0.0) > 0.0:
                    self._restart(self.optimizer.rule)

    def reported(self) -> list[Number]:
        """Return the point that the rule reports."""
        names = [part.iterate for part in self.optimizer.parts if part.iterate]
        return self.state[names[0]] if names else self.x

    def call(
        self, part: Part, kind: FunctionKind, scope: Scope, extra: Sequence[Number],
        tensor: Tensor, coordinate: int | None,
    ) -> tuple[Number, ...]:  # fmt: skip
        """Call an author's function: known names come from `scope`, others from `extra` in order.

        The last two arguments say where it is called.
        """
        rest, function = iter(extra), part.functions[kind]
        result = function(*[scope[n] if n in scope else next(rest) for n in _parameters(function)])
        return result if isinstance(result, tuple) else (result,)

    def _restart(self, rule: Part) -> None:
        """Have a rule's states begin anew."""
        for name, start in rule.state.items():
            self.state[name] = list(self.x) if start == "x" else [start] * len(self.x)
        self.lane.update(rule.lane_state)

    def _outputs(self, columns: NDArray[np.float64]) -> dict[Part, Scope]:
        """Return what the parts' `uniform` functions gave in a step, by part and name."""
        outputs, at = {}, 1
        for part, names in self.names.items():
            numbers = columns[at : at + len(names)].tolist()
            outputs[part] = dict(zip(names, numbers, strict=True))
            at += len(names)
        return outputs

    def _apply(self, part: Part, kind: FunctionKind, uniform: Scope) -> None:
        """Measure, combine and update: per tensor where the part says so, else in one go."""
        whole = Tensor(0, 0, len(self.x), self.count, 0)
        for tensor in self.tensors if part.layerwise or part.matrix else [whole]:
            with np.errstate(over="ignore"):
                key = mix(mix(~self.key, self.step), tensor.number)  # type: ignore[no-untyped-call]
            scope = {**self.scope, **uniform, "key": key, "count": tensor.size}
            if part.matrix:
                self._update_tensor(part, scope, tensor)
                continue
            outputs: list[Number] = []
            if "combine" in part.functions:
                outputs = self._combine(part, scope, tensor)
            scope |= {**self.lane, "lr": self.scope["lr"]}
            wraps = kind == "update" and part is not self.optimizer.rule and not part.after
            target = self.g if wraps else self.x
            for i in range(tensor.first, tensor.last):
                here = {**scope, **self._at(part, i, tensor)}
                target[i], *state = self.call(part, kind, here, outputs, tensor, i)
                for name, value in zip(part.state, state, strict=True):
                    self.state[name][i] = value

    def _combine(self, part: Part, scope: Scope, tensor: Tensor) -> list[Number]:
        """Return what `combine` hands to the update, having set the lane's state."""
        sums: list[Number] = []
        scope = {**scope, **self.lane}
        if "measure" in part.functions:
            terms = [
                self.call(part, "measure", {**scope, **self._at(part, i, tensor)}, (), tensor, i)
                for i in range(tensor.first, tensor.last)
            ]
            sums = [sum(column) for column in zip(*terms, strict=True)]
        results = self.call(part, "combine", scope, sums, tensor, None)
        count = len(part.lane_state)
        self.lane.update(zip(part.lane_state, results[:count], strict=True))
        if "lr_scale" in part.lane_state:
            self.scope["lr"] *= self.lane["lr_scale"]
        return list(results[count:])

    def _at(self, part: Part, i: int, tensor: Tensor) -> Scope:
        own = {name: self.state[name][i] for name in part.state}
        x_old = self.first[i]
        return {"x": self.x[i], "g": self.g[i], "x_old": x_old, "index": i - tensor.first, **own}

    def _update_tensor(self, part: Part, scope: Scope, tensor: Tensor) -> None:
        """Have a matrix rule change a tensor."""
        m = max(tensor.height, 1)
        shape = m, tensor.size // m
        part_of = slice(tensor.first, tensor.first + tensor.size)
        lists = {"x": self.x, "g": self.g, **{name: self.state[name] for name in part.state}}
        arrays = {name: np.array(own[part_of], float).reshape(shape) for name, own in lists.items()}
        sides = dict(m=m, n=shape[1], k=min(shape))
        own = self._memory(part.memory, tensor, sides) | _buffers(part.buffers, sides)
        vector = tensor.height == 0
        kind: FunctionKind = "vectors" if vector and "vectors" in part.functions else "update"
        self.call(part, kind, {**scope, **arrays, **own, "vector": vector}, (), tensor, None)
        for name, values in lists.items():
            if name != "g":
                values[part_of] = arrays[name].ravel().tolist()

    def _memory(self, shapes: Mapping[str, str], tensor: Tensor, sides: Mapping[str, int]) -> Scope:
        """Return the arrays that a matrix rule keeps of a tensor."""
        for name, shape in shapes.items():
            place = (tensor.number, name)
            if place not in self.memory:
                self.memory[place] = np.zeros([sides[side] for side in shape])
        return {name: self.memory[tensor.number, name] for name in shapes}


def _buffers(shapes: Mapping[str, str], sides: Mapping[str, int]) -> Scope:
    return {
        name: np.full([sides[side] for side in shape], np.nan) for name, shape in shapes.items()
    }
