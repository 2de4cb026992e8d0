"""A lane in plain Python that writes down what it computes, for `tracing`."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Floats, Problem
from optbench.catalog.references import reference
from optbench.define.definitions import Part
from optbench.define.rule_checks import FunctionKind
from optbench.lanes.assignments import return_line, watched
from optbench.lanes.compiled_math import with_compiled_math
from optbench.lanes.plain_lane import Number, PlainLane, Scope, Tensor, tensors_of
from optbench.rules.compose import Optimizer


class Entry(NamedTuple):
    """A number of a trace.

    Attributes
    ----------
    step : int
        From 1.
    gradient : int
        Which gradient of the step, from 1.
    part : str
        "problem", "schedule", or the name of a wrapper or of the rule.
    function : str
        The author's function that gave it, "uniform", "measure", "combine", "update" ...; ""
        of what comes from elsewhere.
    name : str
        As it stands in the author's code; "new x" and the like of what a function returns.
    coordinate : int or None
        None of numbers of the whole lane.
    tensor : int or None
        Of numbers that there is one of in each tensor.
    value : float
    file : str
    line : int or None
        Where it is assigned or returned.
    """

    step: int
    gradient: int
    part: str
    function: str
    name: str
    coordinate: int | None
    tensor: int | None
    value: float
    file: str
    line: int | None


class TracedLane(PlainLane):
    """A lane in plain Python that writes down what it computes.

    Attributes
    ----------
    entries : list of Entry
    """

    def __init__(
        self, optimizer: Optimizer, problem: Problem, start: Floats, steps: int, seed: int,
        coordinates: frozenset[int],
    ) -> None:  # fmt: skip
        super().__init__(
            optimizer, start, steps, f_ref=reference(problem).value, key=problem.keys([seed])[0],
            tensors=tensors_of(problem.tensor_table, problem.across),
        )  # fmt: skip
        self.x = list(start)
        self.state = {name: list(np.array(values, float)) for name, values in self.state.items()}
        self.entries: list[Entry] = []
        self.coordinates = coordinates
        self.phase = 0

    def follow(self, f: float, g: NDArray[np.float64], step: int, phase: int) -> None:
        """Consume one gradient, and write down what comes of it."""
        self.step, self.phase = step, phase
        for i in sorted(self.coordinates):
            self._put("problem", "", "x", self.x[i], coordinate=i)
        self._put("problem", "", "f", f)
        for i in sorted(self.coordinates):
            self._put("problem", "", "g", g[i], coordinate=i)
        columns = self.uniform[step]
        self._put("schedule", "", "lr", self.optimizer.lr * columns[0])
        for part, outputs in self._outputs(columns).items():
            place = part.functions.get("uniform")
            line = return_line(place) if place else None
            for name, value in outputs.items():
                self._put(part.name, "uniform", name, value, place=place, line=line)
        self.feed(list(g), np.float64(f), step, phase)
        for i in sorted(self.coordinates):
            self._put("lane", "", "x", self.x[i], coordinate=i)
            if self.optimizer.iterate:
                self._put("lane", "", "reported", self.reported()[i], coordinate=i)

    def call(
        self, part: Part, kind: FunctionKind, scope: Scope, extra: Sequence[Number],
        tensor: Tensor, coordinate: int | None,
    ) -> tuple[Number, ...]:  # fmt: skip
        """Call an author's function, and write down what it assigns and returns."""
        function, rest = part.functions[kind], iter(extra)
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        arguments = [scope[n] if n in scope else next(rest) for n in names]
        own = with_compiled_math(function)
        if coordinate is not None and coordinate not in self.coordinates:
            result = own(*arguments)
            return result if isinstance(result, tuple) else (result,)
        whose = tensor.number if coordinate is None and (part.layerwise or part.matrix) else None
        if kind == "combine":
            self._put_sums(part, extra, whose)
        result, returned, assigned = watched(own, arguments)
        for name, line, value in assigned:
            self._put(part.name, kind, name, value, coordinate, whose, function, line)
        if part.matrix:
            self._put_norms(part, kind, dict(zip(names, arguments, strict=True)), whose)
            return ()
        result = result if isinstance(result, tuple) else (result,)
        for name, value in zip(self._result_names(part, kind, len(result)), result, strict=True):
            self._put(part.name, kind, name, value, coordinate, whose, function, returned)
        return result

    def _outputs(self, columns: NDArray[np.float64]) -> dict[Part, Scope]:
        """Return them as NumPy's numbers, which may be divided by zero."""
        return {
            part: {name: np.float64(value) for name, value in outputs.items()}
            for part, outputs in super()._outputs(columns).items()
        }

    def _put_sums(self, part: Part, sums: Sequence[Number], tensor: int | None) -> None:
        for name, value in zip(self.sums[part], sums, strict=True):
            self._put(part.name, "measure", f"sum {name}", value, None, tensor)

    def _put_norms(self, part: Part, kind: FunctionKind, arrays: Scope, tensor: int | None) -> None:
        for name in ("x", "g", *part.state, *part.memory, *part.buffers):
            if name in arrays:
                norm = float(np.linalg.norm(arrays[name]))
                label = "norm of g" if name == "g" else f"norm of new {name}"
                self._put(part.name, kind, label, norm, None, tensor)

    def _result_names(self, part: Part, kind: FunctionKind, count: int) -> list[str]:
        """Return what the numbers that a function returns are called."""
        if kind == "measure":
            return list(self.sums[part])
        if kind == "combine":
            outputs = self.optimizer.layout().split_outputs(part)[1]
            return [*(f"new {name}" for name in part.lane_state), *outputs][:count]
        wraps = kind == "update" and part is not self.optimizer.rule and not part.after
        return [f"new {name}" for name in ("g" if wraps else "x", *part.state)]

    def _put(
        self, part: str, function: str, name: str, value: Number, coordinate: int | None = None,
        tensor: int | None = None, place: Any = None, line: int | None = None,
    ) -> None:  # fmt: skip
        code = place and place.__code__
        file = code.co_filename if code else ""
        number = line if line is not None or not code else code.co_firstlineno
        self.entries.append(
            Entry(
                self.step + 1, self.phase + 1, part, function, name, coordinate, tensor,
                float(value), file, number,
            )
        )  # fmt: skip
