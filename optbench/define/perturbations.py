"""Declaring perturbations: what makes any surface harder, as wrappers make any rule other.

A perturbation is named behind a problem, ``rosenbrock[noise=0.1,stale=4]``, by one of its settings.
There are three kinds. `perturbation` declares author code, which is compiled into the function of
the problem: it changes the gradient and the value that a rule sees, or the point that the surface
sees. `linear_map` declares a linear map of the coordinates about the minimum, `start_map` another
start. Each says which value of its first setting leaves the problem as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from optbench.define.names import arguments, checked_name, place_of
from optbench.define.ranges import Flag, Range
from optbench.define.signatures import irregular
from optbench.errors import DefinitionError

F = TypeVar("F", bound=Callable[..., Any])
Floats = NDArray[np.float64]

OBSERVED = ("f", "g", "x", "key", "stream", "t", "kept")
"""What the function of a perturbation may take by name, besides its settings and constants."""
MOVED = ("x", "z", "key", "stream", "t", "kept")
BACK = ("g", "z")


@dataclass(frozen=True, eq=False, kw_only=True)
class Site:
    """What constants of a perturbation may depend on: an instance in the author's coordinates.

    Attributes
    ----------
    dim : int
    rng : numpy.random.Generator
        Of the family, dimension, instance and perturbation alone.
    centre : ndarray [d]
        The minimum; where it is not declared, the middle of the box.
    start : ndarray [d]
        The declared start.
    slope : callable
        ``slope()`` is the root mean square of the gradient's coordinates at the declared start of
        instance 0, 1.0 where that is 0: the unit of noise.
    """

    dim: int
    rng: np.random.Generator
    centre: Floats
    start: Floats
    slope: Callable[[], float]

    @property
    def distance(self) -> float:
        """Root mean square of the coordinates from start to centre, 1.0 where it is 0."""
        return float(np.sqrt(np.mean((self.start - self.centre) ** 2))) or 1.0

    @property
    def rise(self) -> float:
        """What f would rise by from centre to start along the slope there: the unit of values."""
        return self.slope() * self.distance * self.dim


@dataclass(eq=False, kw_only=True)
class Perturbation:
    """A declared perturbation.

    Attributes
    ----------
    name : str
    settings : dict of str to Range or Flag
        One of them switches it on.
    off : float
        The value of the first setting at which the problem is itself.
    source, law, place : str
        The paper; the law that tests hold it to; where it is written.
    numbers, tables, matrices : tuple of str
        Constants of an instance: numbers, arrays [d] and arrays [d d].
    kept : int or callable
        Rows of memory a coordinate, which last from step to step; or a function of the settings.
    changes_objective : bool
        Whether it is there in the noise-free value, too.
    no_minimum : bool
        Whether the least value is unknown with it.
    tags, untags : tuple of str
        Tags that it brings, and takes away.
    functions : dict
        "observed", "moved", "back" (compiled); "constants", "linear", "start" (NumPy).
    """

    name: str
    settings: dict[str, Range | Flag]
    off: float
    source: str
    law: str
    place: str
    numbers: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    matrices: tuple[str, ...] = ()
    kept: int | Callable[..., int] = 0
    changes_objective: bool = False
    no_minimum: bool = False
    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The setting that says how strong it is."""
        return next(iter(self.settings))

    @property
    def maps(self) -> bool:
        """Whether it is a linear map of the coordinates."""
        return "linear" in self.functions

    @property
    def compiled(self) -> bool:
        """Whether it is author code, compiled into the function of the problem."""
        return "observed" in self.functions or "moved" in self.functions

    def rows_kept(self, values: Mapping[str, float]) -> int:
        """Return the rows of memory a coordinate."""
        return int(self.kept(**values)) if callable(self.kept) else self.kept

    def moved(self, function: F) -> F:
        """Decorate ``f(x, z, ...)``: fills z with the point that the surface sees at x."""
        return self._added("moved", function, MOVED)

    def back(self, function: F) -> F:
        """Decorate ``f(g, z, ...)``: turns the gradient at z into that at x; z is room for it."""
        return self._added("back", function, BACK)

    def constants(self, function: F) -> F:
        """Decorate ``f(site, settings...) -> dict`` of the constants of an instance."""
        self.functions["constants"] = function
        return function

    def _added(self, kind: str, function: F, others: tuple[str, ...]) -> F:
        known = (*others, *self.settings, *self.numbers, *self.tables, *self.matrices)
        strange = [name for name in arguments(function) if name not in known]
        if strange:
            raise DefinitionError(
                f"{place_of(function)}: {self.name} takes {strange[0]!r}, which is none of "
                f"{', '.join(known)}"
            )
        self.functions[kind] = function
        return function


@dataclass(frozen=True)
class Applied:
    """A perturbation with its settings, which change something.

    Attributes
    ----------
    perturbation : Perturbation
    settings : tuple of (str, float)
        All of them, in order.
    """

    perturbation: Perturbation
    settings: tuple[tuple[str, float], ...]

    @property
    def values(self) -> dict[str, float]:
        """The settings by name."""
        return dict(self.settings)

    @property
    def unsteady(self) -> bool:
        """Whether what is observed is not what is there, or depends on the step.

        Such a problem counts as noisy: what is there is looked at by itself.
        """
        functions = self.perturbation.functions
        if "observed" in functions and not self.perturbation.changes_objective:
            return True
        names = arguments(functions["moved"]) if "moved" in functions else ()
        return not {"key", "stream", "t", "kept"}.isdisjoint(names)


def perturbation(
    *,
    off: float = 0.0,
    source: str = "",
    law: str = "",
    numbers: tuple[str, ...] = (),
    tables: tuple[str, ...] = (),
    matrices: tuple[str, ...] = (),
    kept: int | Callable[..., int] = 0,
    changes_objective: bool = False,
    no_minimum: bool = False,
    tags: tuple[str, ...] = (),
    untags: tuple[str, ...] = (),
    kind: Literal["observed", "moved"] = "observed",
    **settings: Range | Flag,
) -> Callable[[Callable[..., Any]], Perturbation]:
    """Declare a perturbation by author code of one lane.

    The decorated function changes ``g[i]`` in place and returns the value `f` that is seen. It
    takes by name `f`, `g`, `x`, `key` (fresh at every step, its own), `stream` (the same at every
    step), `t` (the step), `kept` (memory), its settings, and the constants that it names. It is not
    called where the noise-free value is asked for, unless it `changes_objective`. With
    ``kind="moved"`` it is the function of `Perturbation.moved`.

    Parameters
    ----------
    off : float
        The value of the first setting that leaves the problem as it is.
    source, law : str
        The paper, and what holds of it in words.
    numbers, tables, matrices : tuple of str
        Names of constants: see `Perturbation.constants`.
    kept : int or callable
        Rows of memory a coordinate, or a function of the settings that returns them. ``kept[i]``
        lasts from step to step and holds anything at t = 0; what is written at t must not depend on
        how often it is written.
    changes_objective : bool
        Whether it changes the noise-free value as well: it must be 0 at the minimum and nowhere
        below.
    no_minimum : bool
        Whether the least value is unknown with it, so that there are no targets.
    tags, untags : tuple of str
    kind : {"observed", "moved"}
    **settings : Range or Flag
        The first one says how strong it is.

    Raises
    ------
    DefinitionError
        If it takes what there is not.
    """

    def decorate(function: Callable[..., Any]) -> Perturbation:
        made = Perturbation(
            name=checked_name(place_of(function), function.__name__),
            settings=settings, off=off, source=source, law=law, place=place_of(function),
            numbers=numbers, tables=tables, matrices=matrices, kept=kept,
            changes_objective=changes_objective, no_minimum=no_minimum, tags=tags, untags=untags,
        )  # fmt: skip
        if odd := irregular(function):
            raise DefinitionError(f"{made.place}: {made.name} has {odd[1]}")
        made._added(kind, function, OBSERVED if kind == "observed" else MOVED)
        return made

    return decorate


def linear_map(
    *,
    off: float,
    source: str = "",
    law: str = "",
    tags: tuple[str, ...] = (),
    untags: tuple[str, ...] = (),
    **settings: Range | Flag,
) -> Callable[[Callable[..., Any]], Perturbation]:
    """Declare a linear map of the coordinates about the minimum, by NumPy code.

    The decorated function takes (rng, dim, settings...) and returns factors of the coordinates [d],
    the order of the coordinates (integers [d]), or a matrix [d, d]: the surface sees
    centre + A (x - centre).
    """
    return _of_numpy("linear", off, source, law, tags, untags, settings)


def start_map(
    *, off: float, source: str = "", law: str = "", **settings: Range | Flag
) -> Callable[[Callable[..., Any]], Perturbation]:
    """Declare another start: ``f(settings...) -> factor`` of the distance from the minimum."""
    return _of_numpy("start", off, source, law, (), (), settings)


def _of_numpy(
    kind: str,
    off: float,
    source: str,
    law: str,
    tags: tuple[str, ...],
    untags: tuple[str, ...],
    settings: dict[str, Range | Flag],
) -> Callable[[Callable[..., Any]], Perturbation]:
    def decorate(function: Callable[..., Any]) -> Perturbation:
        return Perturbation(
            name=function.__name__, settings=settings, off=off, source=source, law=law,
            place=place_of(function), tags=tags, untags=untags, functions={kind: function},
        )  # fmt: skip

    return decorate
