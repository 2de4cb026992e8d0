"""Problems with perturbations: from settings to a definition, and to what an instance needs.

``rosenbrock[noise=0.1]`` is a definition like any other, of the family of its base: instances,
seeds, starts and the author's own draws are those of the plain problem. A setting at which nothing
changes is a part of the name alone.
"""

import dataclasses
import difflib
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from optbench import gate
from optbench.catalog.geometry import Points, rotation_of
from optbench.catalog.instance import Floats
from optbench.define import generator
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.define.perturbations import Applied, Perturbation, Site
from optbench.define.ranges import Flag
from optbench.errors import SettingError
from optbench.kernels.authors.perturbed import Perturbed, numbers_of
from optbench.perturbations import linear
from optbench.perturbations.catalog import PERTURBATIONS, SETTINGS
from optbench.rules.setting_checks import check
from optbench.rules.settings import Setting


def perturbed(
    problem: ProblemDefinition | NetDefinition, **settings: Setting
) -> ProblemDefinition | NetDefinition:
    """Return a problem with perturbations.

    Parameters
    ----------
    problem : definition
        As declared, or perturbed already: its settings are then kept, where no new ones are given.
    **settings : float or bool
        See `optbench list problems`.

    Raises
    ------
    SettingError
        If there is no such setting, its value is out of range, or it does not fit the problem.
    """
    if not settings:
        return problem
    if isinstance(problem, NetDefinition):
        raise SettingError(
            f"{problem.name}: {next(iter(settings))} is a perturbation of surfaces, and "
            f"{problem.name} is a net, which declares noise and batches of its own"
        )
    base = problem.base or problem
    numbers = {name: _number(base.name, name, value) for name, value in settings.items()}
    numbers = {**dict(problem.given), **numbers}
    return _perturbed(base, tuple((name, numbers[name]) for name in SETTINGS if name in numbers))


def _number(whose: str, name: str, value: Setting) -> float:
    """Return a setting as a number, if there is one of this name and it is in its range."""
    if name not in SETTINGS:
        near = difflib.get_close_matches(name, SETTINGS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(SETTINGS)}"
        raise SettingError(f"{whose} has no perturbation {name!r}: {hint}")
    check(whose, name, value, SETTINGS[name].settings[name])
    if np.ndim(value):
        raise SettingError(f"{whose}: {name} must be one number, not {gate.shown(value)}")
    return float(value) + 0.0


@functools.cache
def _perturbed(base: ProblemDefinition, given: tuple[tuple[str, float], ...]) -> ProblemDefinition:
    """Return the perturbed definition; one thing is one object."""
    applied = _applied(dict(given))
    _check_fits(base, applied)
    tags = [tag for one in applied for tag in one.perturbation.tags]
    gone = {tag for one in applied for tag in one.perturbation.untags}
    return dataclasses.replace(
        base,
        name=_name(base.name, [f"{name}={_written(name, value)}" for name, value in given]),
        tags=tuple(dict.fromkeys(tag for tag in (*base.tags, *tags) if tag not in gone)),
        rotated=_turns_frame(base, applied),
        f_min=None if any(one.perturbation.no_minimum for one in applied) else base.f_min,
        base=base,
        given=given,
        perturbations=applied,
    )


def _name(base: str, settings: Sequence[str]) -> str:
    """Return a name with settings in brackets, behind those that it has: the level of a ladder."""
    own = base.removesuffix("]").replace("[", ",").split(",")
    return f"{own[0]}[{','.join([*own[1:], *settings])}]"


def _applied(given: Mapping[str, float]) -> tuple[Applied, ...]:
    """Return the perturbations that are switched on and change something, in order."""
    applied = []
    for perturbation in PERTURBATIONS:
        if perturbation.settings.keys().isdisjoint(given):
            continue
        values = {
            name: given.get(name, allowed.default)
            for name, allowed in perturbation.settings.items()
        }
        if values[perturbation.first] != perturbation.off:
            applied.append(Applied(perturbation, tuple(values.items())))
    return tuple(applied)


def _written(name: str, value: float) -> str:
    """Return the shortest text that reads back as a setting."""
    if isinstance(SETTINGS[name].settings[name], Flag):
        return "true" if value else "false"
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _check_fits(base: ProblemDefinition, applied: tuple[Applied, ...]) -> None:
    """Refuse perturbations that mean nothing on a problem."""
    for one in applied:
        perturbation = one.perturbation
        whose = f"{base.name}[{perturbation.first}=...]"
        if perturbation is linear.rotate and base.rotated:
            raise SettingError(f"{whose}: {base.name} is rotated already; leave rotate out")
        moves = "linear" in perturbation.functions or "moved" in perturbation.functions
        if moves and (base.data is not None or base.metrics_function is not None):
            raise SettingError(
                f"{whose}: {perturbation.first} moves the point that the surface sees, and losses "
                f"on the parts of the data of {base.name} are taken at the point itself; "
                "perturb what is observed, or standardise the data otherwise"
            )
        if perturbation.changes_objective and not perturbation.no_minimum and base.minimum is None:
            if base.instance_function is None:
                raise SettingError(
                    f"{whose}: {perturbation.first} leaves the minimum where it is, and "
                    f"{base.name} declares none"
                )


# ----------------------------------------------------------------------------- the stages of a map


def _turns_frame(base: ProblemDefinition, applied: tuple[Applied, ...]) -> bool:
    """Say whether a rotation is all there is, so that the instance's frame does it.

    It is then the problem that its author would have declared with ``rotated=True``, to the last
    bit. Otherwise what is observed must be perturbed outside of the rotation, so that this is a
    stage: a sparse gradient is sparse in the coordinates of the optimizer.
    """
    compiled = [one for one in applied if "start" not in one.perturbation.functions]
    if base.rotated:
        return not compiled
    alone = [one.perturbation for one in compiled] == [linear.rotate]
    return alone and base.instance_function is None


def _linear(definition: ProblemDefinition) -> list[Applied]:
    """Return the maps of the coordinates that are stages."""
    maps = [one for one in definition.perturbations if "linear" in one.perturbation.functions]
    base = definition.base
    if base is not None and base.rotated and not definition.rotated:
        maps.append(Applied(linear.rotate, (("rotate", 1.0),)))
    order = [one for one in PERTURBATIONS if "linear" in one.functions]
    return [] if definition.rotated else sorted(maps, key=lambda m: order.index(m.perturbation))


def _linear_stage(definition: ProblemDefinition) -> Perturbation | None:
    """Return what applies all maps together: the cheapest that can."""
    maps = {one.perturbation for one in _linear(definition)}
    if linear.rotate in maps:
        return linear.turned
    if linear.permute in maps:
        return linear.reordered
    return linear.stretched if maps else None


@functools.cache
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
    if not stages:
        return Room(0, 0, np.zeros(0))
    numbers: list[float] = []
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
        own = {**values, **constants, "first row kept": kept}
        numbers += [own[name] for name in numbers_of(stage)]
        tables += [np.asarray(own[name], float) for name in stage.tables]
        matrices += [np.asarray(own[name], float).ravel() for name in stage.matrices]
        kept += stage.rows_kept(values) * dim
    moving = sum("moved" in stage.functions for stage, _ in stages)
    return Room(moving, kept, np.concatenate([np.array(numbers, float), *tables, *matrices]))


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
