"""A problem with perturbations as one block function: its source, written over Vecs.

Around the author's function come, in this order: stages that move the point, each into room of its
own; the author's value and gradient; the gradient on its way back through them; stages that change
what is observed. A stage's settings and constants lie behind the author's in `p`, numbers first,
then arrays [d], then arrays [d d], so that one compiled function serves all their values.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from optbench.define.draws import stream_key
from optbench.define.names import arguments
from optbench.define.perturbations import Perturbation
from optbench.kernels.memory.calls import ProblemCall

FIRST_KEPT = "first row kept"
"""A number of each stage that has memory: where it begins."""


@dataclass(frozen=True)
class Perturbed:
    """An author's function and the stages around it.

    Attributes
    ----------
    author : function
    scratch : int
        Rows of room that it takes for each coordinate.
    stages : tuple of Perturbation
        In order; their arrays of constants lie in `p` in this order, too.
    """

    author: FunctionType
    scratch: int
    stages: tuple[Perturbation, ...]

    @property
    def moving(self) -> tuple[Perturbation, ...]:
        """The stages that move the point."""
        return tuple(stage for stage in self.stages if "moved" in stage.functions)

    @property
    def rows(self) -> int:
        """Rows of room for each coordinate, those of the author's included."""
        return self.scratch + len(self.moving)

    @property
    def arguments(self) -> frozenset[str]:
        """Names of what all functions together take."""
        stages = (arguments(f) for _, f in self.functions.values())
        return frozenset(arguments(self.author)).union(*stages)

    @property
    def functions(self) -> dict[str, tuple[Perturbation, FunctionType]]:
        """The stages' compiled functions, by the names that the source calls them by."""
        return {
            f"{stage.name}_{kind}": (stage, function)
            for stage in self.stages
            for kind, function in stage.functions.items()
            if kind in ("observed", "moved", "back") and isinstance(function, FunctionType)
        }

    @property
    def stage_functions(self) -> tuple[FunctionType, ...]:
        """The stages' compiled functions, in order."""
        return tuple(function for _, function in self.functions.values())

    @property
    def named(self) -> dict[str, Callable[..., Any]]:
        """What the source calls, by name."""
        return {"author": self.author} | {name: f for name, (_, f) in self.functions.items()}


def numbers_of(stage: Perturbation) -> tuple[str, ...]:
    """Return the names of a stage's numbers, in the order in which they lie in `p`."""
    return (*stage.settings, *stage.numbers, *([FIRST_KEPT] if stage.kept else []))


def perturbed_source(perturbed: Perturbed, dim: int | None = None) -> str:
    """Return the source of ``block(call, t, full)``; `width` and `directions` are open.

    With `dim` it is for so many coordinates alone.
    """
    return "\n".join(_lines(perturbed, dim)) + "\n"


def _lines(perturbed: Perturbed, dim: int | None) -> Iterator[str]:
    yield "def block(call, t, full):"
    yield f"    {', '.join(ProblemCall._fields)} = fetch(call)"
    if dim is not None:
        yield f"    x, g = with_rows(x, {dim}), with_rows(g, {dim})"
    yield "    d = x.shape[0]"
    yield from _constants(perturbed)
    yield "    for lane in range(0, x.shape[1], {width}):"
    yield "        x0, gs = fixed_rows(x, lane), rows(g, lane)"
    point = "x0"
    for number, stage in enumerate(perturbed.moving, 1):
        own = f"x{number}"
        yield f"        {own} = spare_from(work, {perturbed.scratch + number - 1} * d, d)"
        yield f"        {_call(perturbed, stage, 'moved', x=point, z=own)}"
        point = own
    yield from _author(perturbed, point)
    for number, stage in reversed([*enumerate(perturbed.moving, 1)]):
        if "back" in stage.functions:
            yield f"        {_call(perturbed, stage, 'back', z=f'x{number}')}"
    for stage in perturbed.stages:
        if "observed" in stage.functions:
            call = f"value = {_call(perturbed, stage, 'observed', x='x0')}"
            if stage.changes_objective:
                yield f"        {call}"
            else:  # the same for all lanes
                yield "        if full == 0:"
                yield f"            {call}"
    yield "        store(f, lane, value)"


def _constants(perturbed: Perturbed) -> Iterator[str]:
    """Yield the lines that name constants, the author's and those of stages."""
    stages = perturbed.stages
    numbers = sum(len(numbers_of(stage)) for stage in stages)
    tables = sum(len(stage.tables) for stage in stages)
    matrices = sum(len(stage.matrices) for stage in stages)
    yield f"    first = p.shape[0] - ({numbers} + {tables} * d + {matrices} * d * d)"
    yield "    own = p[:first]"
    for stage in stages:
        for number, name in enumerate(numbers_of(stage)):
            yield f"    {_name(stage, name)} = p[first + {number}]"
        yield f"    first = first + {len(numbers_of(stage))}"
    for size, kind in (("d", "tables"), ("d * d", "matrices")):
        for stage in stages:
            for name in getattr(stage, kind):
                yield f"    {_name(stage, name)} = p[first : first + {size}]"
                yield f"    first = first + {size}"


def _author(perturbed: Perturbed, point: str) -> Iterator[str]:
    """Yield the lines that call the author's function at a point."""
    available = {
        "x": point, "g": "gs", "p": "own", "q": "q", "z": "spare(work)", "stream": "key[0]",
        "key": "mix(key[0], t)", "t": "t", "full": "full",
    }  # fmt: skip
    names = arguments(perturbed.author)
    if "g" in names:
        yield f"        value = author({', '.join(available[name] for name in names)})"
        return
    available["x"] = f"dual_rows({point}, way)"
    yield "        for way in range(0, d, {directions}):"
    call = f"author({', '.join(available[name] for name in names)})"
    yield f"            differentiated(f, g, lane, way, {call})"
    yield "        value = load(f, lane)"


def _call(perturbed: Perturbed, stage: Perturbation, kind: str, **points: str) -> str:
    """Return the call of one of a stage's functions, its arguments bound by name."""
    own = int(stream_key("perturbation", stage.name)) >> 24  # far beyond an author's own draws
    kept = (
        f"kept_from(work, {perturbed.rows} * d, int({_name(stage, FIRST_KEPT)}), x.shape[1], lane)"
    )
    available = {
        "f": "value", "g": "gs", "t": "t", "kept": kept, "stream": f"mix(key[0], {own})",
        "key": f"mix(mix(key[0], {own}), t)", **points,
    }  # fmt: skip
    names = arguments(stage.functions[kind])
    bound = [available.get(name) or _name(stage, name) for name in names]
    return f"{stage.name}_{kind}({', '.join(bound)})"


def _name(stage: Perturbation, name: str) -> str:
    """Return the variable that holds a constant of a stage."""
    return f"{stage.name}_{name.replace(' ', '_')}_"
