"""What the perturbations of a definition are compiled to, and the constants of its instances.

All linear maps together are one stage, the cheapest that can: factors, an order, or a matrix.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from optbench.catalog.geometry import Points, rotation_of
from optbench.catalog.instance import Floats
from optbench.define import generator
from optbench.define.definitions import ProblemDefinition
from optbench.define.perturbations import Applied, Perturbation, Site
from optbench.errors import SettingError
from optbench.kernels.authors.perturbed import FIRST_KEPT, Perturbed, numbers_of
from optbench.perturbations import linear
from optbench.perturbations.catalog import PERTURBATIONS


def _linear(definition: ProblemDefinition) -> list[Applied]:
    """Return the maps of the coordinates that are stages."""
    maps = [one for one in definition.perturbations if one.perturbation.maps]
    base = definition.base
    if base is not None and base.rotated and not definition.rotated:
        maps.append(Applied(linear.rotate, (("rotate", 1.0),)))
    order = [one for one in PERTURBATIONS if one.maps]
    return [] if definition.rotated else sorted(maps, key=lambda m: order.index(m.perturbation))


def _linear_stage(definition: ProblemDefinition) -> Perturbation | None:
    """Return what applies all maps together: the cheapest that can."""
    maps = {one.perturbation for one in _linear(definition)}
    if linear.rotate in maps:
        return linear.turned
    if linear.permute in maps:
        return linear.reordered
    return linear.stretched if maps else None


@functools.lru_cache(maxsize=16384)  # see `perturbing`
def function_of(definition: ProblemDefinition) -> Any:
    """Return what is compiled for a definition: the author's function, or it with its stages."""
    stages = tuple(stage for stage, _ in _stages(definition))
    if not stages:
        return definition.function
    return Perturbed(definition.function, definition.scratch, stages)


def _stages(definition: ProblemDefinition) -> list[tuple[Perturbation, dict[str, float]]]:
    """Return the compiled stages in order, with their settings."""
    map_stage = _linear_stage(definition)
    maps = [] if map_stage is None else [(map_stage, dict[str, float]())]
    others = [
        (one.perturbation, one.values)
        for one in definition.perturbations
        if one.perturbation.compiled
    ]
    moving = [pair for pair in others if "moved" in pair[0].functions]
    return [*moving, *maps, *(pair for pair in others if pair not in moving)]


class Room(NamedTuple):
    """What the stages of an instance need: rows of room, rows kept, and numbers behind `p`."""

    spare: int
    kept: int
    p: Floats


def room_of(
    definition: ProblemDefinition, points: Points, instance: int, slope: Callable[[], float]
) -> Room:
    """Return what an instance's stages need, beside what the author's function does.

    Parameters
    ----------
    definition : ProblemDefinition
    points : Points
        In the author's coordinates.
    instance : int
    slope : callable
        See `Site`.
    """
    dim, kept, stages = points.dim, 0, _stages(definition)
    _check_fits(definition, points)
    if not stages:
        return Room(0, 0, np.zeros(0))
    numbers: list[float | Floats] = []
    tables: list[Floats] = []
    matrices: list[Floats] = []
    for stage, values in stages:
        rng = generator(definition.family, dim, instance, f"perturbation {stage.name}")
        if stage is _linear_stage(definition):
            constants = _map_constants(definition, points.centre, instance)
        elif "constants" in stage.functions:
            site = Site(dim=dim, rng=rng, centre=points.centre, start=points.start, slope=slope)
            constants = stage.functions["constants"](site, **values)
        else:
            constants = {}
        own: dict[str, float | Floats] = {**values, **constants, FIRST_KEPT: kept}
        numbers += [own[name] for name in numbers_of(stage)]
        tables += [np.asarray(own[name], float) for name in stage.tables]
        matrices += [np.asarray(own[name], float).ravel() for name in stage.matrices]
        kept += stage.rows_kept(values) * dim
    moving = sum("moved" in stage.functions for stage, _ in stages)
    return Room(moving, kept, np.concatenate([np.array(numbers, float), *tables, *matrices]))


def _check_fits(definition: ProblemDefinition, points: Points) -> None:
    """Refuse what means nothing in a dimension, or without a minimum."""
    for perturbation in (one.perturbation for one in definition.perturbations):
        if perturbation.maps and points.dim == 1:
            raise SettingError(
                f"{definition.name}: {perturbation.first} needs two coordinates at least, not one"
            )
        stays = perturbation.changes_objective and not perturbation.no_minimum
        if stays and points.minimum is None:
            raise SettingError(
                f"{definition.name}: {perturbation.first} leaves the minimum where it is, and "
                "there is none declared"
            )


def has_minimum(definition: ProblemDefinition) -> bool:
    """Say whether the least value is what it is without perturbations."""
    return not any(one.perturbation.no_minimum for one in definition.perturbations)


def start_scale(definition: ProblemDefinition) -> float:
    """Return how many times as far from the centre an instance starts."""
    factor = 1.0
    for one in definition.perturbations:
        if "start" in one.perturbation.functions:
            factor *= one.perturbation.functions["start"](**one.values)
    return factor


def _map_constants(
    definition: ProblemDefinition, centre: Floats, instance: int
) -> dict[str, Floats]:
    """Return the constants of the stage that applies all maps of a definition."""
    dim, family = centre.size, definition.family
    factor, place, matrix = np.ones(dim), np.arange(dim), np.eye(dim)
    for one in _linear(definition):
        if one.perturbation is linear.rotate:
            matrix = rotation_of(family, dim, instance) @ matrix
            continue
        rng = generator(family, dim, instance, f"perturbation {one.perturbation.name}")
        drawn = np.asarray(one.perturbation.functions["linear"](rng, dim, **one.values))
        if np.issubdtype(drawn.dtype, np.integer):
            factor, place, matrix = factor[drawn], place[drawn], matrix[drawn]
        else:
            factor, matrix = factor * drawn, drawn[:, None] * matrix
    return {
        "factor": factor, "place": place.astype(float), "matrix": matrix, "centre": centre,
        "own": centre[place],
    }  # fmt: skip
