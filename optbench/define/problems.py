"""Declaring problems: the decorator `problem`."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from optbench.define.definitions import Point, ProblemDefinition, Shapes, Targets, register
from optbench.define.names import arguments, checked_name, place_of
from optbench.define.signatures import irregular
from optbench.define.tags import checked_tags
from optbench.define.tensor_shapes import tensor_shapes
from optbench.errors import DefinitionError
from optbench.gate import real, shown, whole

PROBLEM_ARGUMENTS = ("x", "g", "p", "q", "z", "key", "stream", "t", "full")
"""What a problem may take, by name (see `problem`)."""


def problem(
    *,
    start: Point,
    minimum: Point | None = None,
    f_min: float | Callable[[int], float] | None = None,
    box: tuple[Point, Point] | None = None,
    tags: Iterable[str] = (),
    source: str = "",
    family: str | None = None,
    dim: int | None = None,
    scalable: bool | int = False,
    dims: int | Iterable[int] = (),
    rotated: bool = False,
    data: str | Path | None = None,
    batch: int = 0,
    target: float | None = None,
    targets: Targets = "relative",
    scratch: int = 0,
    shape: Sequence[int] | Sequence[Sequence[int]] | Callable[[int], Any] = (),
    name: str | None = None,
) -> Callable[[Callable[..., Any]], ProblemDefinition]:
    """Declare a test problem.

    The decorated function is written for one lane and returns f. It takes `x` and, if it also
    fills the gradient ``g[i]``, `g` after it; without `g` the gradient comes from dual numbers,
    exact to rounding, up to 200 coordinates (`optbench.kernels.dual.slopes` says which slope they
    take at kinks). It takes by name whatever else it needs: `p` (instance constants or data,
    floats), `q` (integers of a data problem: n_train, n_validation, n_test, features, classes,
    batch), `z` (room to work in, see `scratch`), `key` (a fresh key for `normal` and `uniform` at
    each step), `stream` and `t` (the lane's constant key and the step, for `sample`), `full` (not 0
    when the noise-free, full-data value is asked for). What depends on `t` counts as noise: `full`
    asks for the average over steps.

    Parameters
    ----------
    start : float, sequence of float or callable
        Where seed 0 starts: a number for every coordinate, a sequence, which is repeated in a
        scalable problem, or ``f(dim)``.
    minimum : float, sequence of float or callable, optional
        A global minimiser, written like `start`.
    f_min : float or callable, optional
        The least value, or ``f(dim)``.
    box : (low, high), optional
        Where other seeds start, numbers or sequences; by default `start` -1 .. +1. It never
        constrains the search.
    tags : sequence of str
        Of the vocabulary in `optbench.define.tags`.
    source : str
        The paper or book that defines the problem.
    family : str, optional
        Problems that differ in conditioning, rotation or dimension share a family.
    dim : int, optional
        The dimension; by default the length of `start`.
    scalable : bool or int
        Whether other dimensions may be asked for; a number is the least of them.
    dims : sequence of int
        Dimensions that studies run when they name none; all there are if not `scalable`.
    rotated : bool
        Whether the coordinates are also rotated about the minimum, about the middle of the box if
        there is none.
    data : str or path, optional
        Name of a data set or path of a file; see `optbench.nets.datasets.load`.
    batch : int
        Size of a mini-batch, for data problems.
    target : float, optional
        The relative gap that counts as success in tables.
    targets : {"relative", "absolute"}
        Whether hits are of shares of the initial gap, or of gaps 10^2 .. 10^-8 (then `target` is
        a gap too).
    scratch : int
        Values to keep for each coordinate: `z` has ``scratch * dim`` rows that hold anything.
    shape : tuple of int, sequence of them, or callable, optional
        What the coordinates make up, row by row: one matrix, ``(3, 4)``, or tensors behind one
        another, ``[(3, 4), (4,)]``, or ``f(dim)`` that returns them. Matrix rules run on problems
        with a matrix, rules that work layer by layer take each tensor as a layer, and for all
        others it changes nothing.
    name : str, optional
        By default the function's name.

    Raises
    ------
    DefinitionError
        If the name, the arguments or the shapes do not fit; it names the file and the line.
    """

    def decorate(function: Callable[..., Any]) -> ProblemDefinition:
        own_name = checked_name(place_of(function), name or function.__name__)
        whose = f"{place_of(function)}: {own_name}"
        if odd := irregular(function):
            raise DefinitionError(
                f"{whose} has {odd[1]}: a problem takes plain arguments; write a constant "
                "above it, or use `constants`"
            )
        _check_arguments(whose, arguments(function), scratch)
        if targets not in ("relative", "absolute"):
            raise DefinitionError(f"{whose} has targets={targets!r}; use 'relative' or 'absolute'")
        shapes = _shapes(whose, shape, rotated)
        length = _length(start) or _length(minimum) or _size(shapes) or 2
        own_dim = length if dim is None else whole(f"{whose}: dim", dim, 1, error=DefinitionError)
        _check_points(whose, own_dim, start, minimum, box)
        definition = register(
            ProblemDefinition(
                function=function,
                name=own_name,
                start=start,
                minimum=minimum,
                f_min=_least(whose, f_min, own_dim),
                box=box,
                tags=checked_tags(whose, tags),
                source=source,
                family=family or own_name,
                dim=own_dim,
                scalable=_least_dimension(whose, scalable),
                dims=_dimensions(whose, dims) or (own_dim,),
                rotated=rotated,
                data=None if data is None else str(data),
                batch=whole(f"{whose}: batch", batch, 0, error=DefinitionError),
                target=_target(whose, target),
                targets=targets,
                scratch=scratch,
                shape=shapes,
                place=place_of(function),
            )
        )
        for existing in definition.dims:
            definition.shapes(existing)
        return definition

    return decorate


def _shapes(whose: str, shape: object, rotated: bool) -> Shapes:
    """Return declared shapes as tuples, or the function that they are."""
    shapes = shape if callable(shape) else tensor_shapes(whose, shape, None)
    if shapes and rotated:
        raise DefinitionError(
            f"{whose} has a shape and rotated=True, which mixes all coordinates: no matrix is left "
            "of x; leave one of them out"
        )
    return shapes


def _size(shapes: Shapes) -> int:
    """Return how many numbers tensors have together, 0 where that is not known."""
    return 0 if callable(shapes) else sum(map(math.prod, shapes))


def _check_arguments(whose: str, names: tuple[str, ...], scratch: int) -> None:
    """Raise `DefinitionError` unless the arguments of the function are those of a problem."""
    if not {*names} <= {*PROBLEM_ARGUMENTS} or names[:1] != ("x",) or "g" in names[2:]:
        raise DefinitionError(
            f"{whose}({', '.join(names)}) must take x, then g if it "
            "fills the gradient (else it comes from dual numbers), and may take any of "
            f"{', '.join(PROBLEM_ARGUMENTS[2:])} after them"
        )
    if ("z" in names) != (whole(f"{whose}: scratch", scratch, error=DefinitionError) > 0):
        raise DefinitionError(
            f"{whose} has scratch={scratch}; a problem that takes z needs scratch=1 or more, and "
            "no other does"
        )
    if "z" in names and "g" not in names:
        raise DefinitionError(
            f"{whose} takes z, which does not hold dual numbers: take g after x and fill g[i] by "
            "hand"
        )


def _least_dimension(whose: str, scalable: bool | int) -> bool | int:
    """Return whether other dimensions exist, or the least of them."""
    if isinstance(scalable, bool):
        return scalable
    return whole(f"{whose}: scalable", scalable, 1, error=DefinitionError)


def _least(
    whose: str, f_min: float | Callable[[int], float] | None, dim: int
) -> float | Callable[[int], float] | None:
    """Return f_min as a plain number, None, or the function that it is, tried at `dim`."""
    if f_min is None:
        return None
    number = real(f"{whose}: f_min", f_min(dim) if callable(f_min) else f_min, DefinitionError)
    return f_min if callable(f_min) else number


def _dimensions(whose: str, dims: int | Iterable[int]) -> tuple[int, ...]:
    """Return dimensions as a tuple of int."""
    dims = dims if isinstance(dims, Iterable) and not isinstance(dims, str) else (dims,)
    return tuple(whole(f"{whose}: dims", dim, 1, error=DefinitionError) for dim in dims)


def _target(whose: str, target: float | None) -> float | None:
    """Return the target as a plain number above 0, or None."""
    if target is None:
        return None
    number = real(f"{whose}: target", target, DefinitionError)
    if number <= 0.0:
        raise DefinitionError(f"{whose} has target={shown(target)}: give a gap above 0")
    return number


def _check_points(
    whose: str,
    dim: int,
    start: Point,
    minimum: Point | None,
    box: tuple[Point, Point] | None,
) -> None:
    """Raise `DefinitionError` unless start, minimum and box are finite and fit the dimension."""
    if box is not None and _length(box) != 2:
        raise DefinitionError(f"{whose} has box={box!r}: give (low, high), numbers or sequences")
    _coordinates(whose, "start", start, dim)
    if minimum is not None:
        _coordinates(whose, "minimum", minimum, dim)
    if box is not None:
        low = _coordinates(whose, "box's low end", box[0], dim)
        high = _coordinates(whose, "box's high end", box[1], dim)
        if not all(low[i % len(low)] < high[i % len(high)] for i in range(dim)):
            raise DefinitionError(f"{whose} has box={box!r}: every low end must be below its high")


def _coordinates(whose: str, label: str, point: Point, dim: int) -> Sequence[float]:
    """Return the coordinates of a point, or the number that is each; check that they are finite."""
    value = point(dim) if callable(point) else point
    length = _length(value)
    if length and dim % length:
        raise DefinitionError(
            f"{whose} has dimension {dim}, but its {label} has {length} coordinates"
        )
    numbers = cast("Sequence[float]", value if length else [value])
    for number in numbers:
        try:
            real(label, number, DefinitionError)
        except DefinitionError:
            raise DefinitionError(
                f"{whose} has {shown(number)} in its {label}: give finite numbers"
            ) from None
    return numbers


def _length(value: Any) -> int:
    """Return the length of a sequence, 0 of a number: NumPy's numbers have a shape too."""
    try:
        return len(value)
    except TypeError:
        return 0
