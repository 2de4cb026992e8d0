"""Where an instance of a surface lies: its start, minimum and box, moved or its own.

A moved surface is the author's in z = centre + R (x - shift - centre) / scale. Shift and rotation
alone leave a rule that knows neither place nor axes, such as gradient descent, with the very same
problem; the scale, one factor of all coordinates, changes which learning rate suits it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.author_facts import author_errors, instance_facts
from optbench.catalog.instance import Floats
from optbench.define import generator
from optbench.define.definitions import ProblemDefinition

SHIFT = 0.1
"""Largest shift of a coordinate, as a share of the width of its box."""
LARGEST_SCALE = math.sqrt(2.0)
"""Scales are from its inverse to it, uniform in their logarithm: curvatures within a factor of 4.
"""

Declared: TypeAlias = "float | Sequence[float] | Callable[[int], Any]"


@dataclass(frozen=True, eq=False)
class Points:
    """The points that belong to an instance.

    Attributes
    ----------
    start : ndarray [d]
    minimum : ndarray [d] or None
    box : (ndarray [d], ndarray [d])
    f_min : float or None
        The value at the minimum.
    """

    start: Floats
    minimum: Floats | None
    box: tuple[Floats, Floats]
    f_min: float | None

    @property
    def dim(self) -> int:
        """The number of coordinates."""
        return self.start.size

    @property
    def centre(self) -> Floats:
        """What an instance is scaled and rotated about: the minimum, or the middle of the box."""
        return 0.5 * (self.box[0] + self.box[1]) if self.minimum is None else self.minimum

    def moved(self, by: Floats, scale: float = 1.0) -> "Points":
        """Return them moved `by` so much, and `scale` times as far from the centre."""

        def there(x: Floats) -> Floats:
            return x + by + (scale - 1.0) * (x - self.centre)

        minimum = None if self.minimum is None else there(self.minimum)
        return replace(
            self,
            start=there(self.start),
            minimum=minimum,
            box=(there(self.box[0]), there(self.box[1])),
        )


@dataclass(frozen=True, eq=False)
class Motion:
    """How the coordinates of an instance differ from the author's; see `Placement`."""

    shift: Floats | None = None
    centre: Floats | None = None
    rotation: Floats | None = None
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Constants:
    """The numbers `p` and whole numbers `q` that the author's function is handed."""

    p: Floats = field(default_factory=lambda: np.zeros(0))
    q: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


def declared_points(definition: ProblemDefinition, dim: int) -> Points:
    """Return the points as they are declared for a dimension.

    Raises
    ------
    DefinitionError
        If a function of the dimension raises, or returns no numbers.
    """
    with author_errors(f"{definition.place}: {definition.name} in dimension {dim}"):
        start = _coordinates(definition.start, dim)
        minimum = None if definition.minimum is None else _coordinates(definition.minimum, dim)
        if definition.box is None:
            box = start - 1.0, start + 1.0
        else:
            low, high = definition.box
            box = _coordinates(low, dim), _coordinates(high, dim)
        f_min = definition.f_min(dim) if callable(definition.f_min) else definition.f_min
    return Points(start, minimum, box, f_min)


def _coordinates(declared: Declared, dim: int) -> Floats:
    """Turn a number, a (repeated) sequence or a function of `dim` into an array [dim]."""
    values = np.asarray(declared(dim) if callable(declared) else declared, dtype=np.float64)
    return np.full(dim, values) if values.ndim == 0 else np.resize(values, dim)


def own_instance(
    definition: ProblemDefinition, declared: Points, instance: int
) -> tuple[Points, Constants]:
    """Return what the author's ``@problem.instance`` makes of an instance."""
    facts = instance_facts(definition, declared.dim, instance)
    start = facts.start if facts.start is not None else declared.start
    moved = declared.moved(start - declared.start)
    return replace(moved, minimum=facts.minimum, f_min=facts.f_min), Constants(facts.p, facts.q)


def placed(
    definition: ProblemDefinition, declared: Points, instance: int, scaled: bool
) -> tuple[Points, Motion]:
    """Return a shifted instance, which is scaled, too, if asked, and rotated where declared."""
    dim, (low, high) = declared.dim, declared.box
    rng = generator(definition.family, dim, instance, "frame")
    shift = SHIFT * (high - low) * rng.uniform(-1.0, 1.0, dim)
    scale = _scale(definition.family, dim, instance) if scaled else 1.0
    rotation = rotation_of(definition.family, dim, instance) if definition.rotated else None
    centre = declared.centre if scaled or definition.rotated else None
    return declared.moved(shift, scale), Motion(shift, centre, rotation, scale)


def _scale(family: str, dim: int, instance: int) -> float:
    """Draw the factor of all coordinates."""
    exponent = generator(family, dim, instance, "scale").uniform(-1.0, 1.0)
    return float(LARGEST_SCALE**exponent)


def rotated_in_place(definition: ProblemDefinition, declared: Points) -> Motion:
    """Return the motion of a rotated problem as it is written down, which is not shifted."""
    rotation = rotation_of(definition.family, declared.dim, 0)
    return Motion(np.zeros(declared.dim), declared.centre, rotation)


def rotation_of(family: str, dim: int, instance: int) -> Floats:
    """Return the rotation of an instance: what its frame draws, after the shift if it has one."""
    rng = generator(family, dim, instance, "frame")
    if instance:
        rng.uniform(-1.0, 1.0, dim)
    return _random_rotation(rng, dim)


def _random_rotation(rng: np.random.Generator, dim: int) -> Floats:
    """Draw an orthogonal matrix from the Haar measure (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    rotation: Floats = q * np.sign(np.diag(r))
    return rotation
