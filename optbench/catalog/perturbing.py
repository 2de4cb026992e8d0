"""Problems with perturbations: from settings to a definition, and to what an instance needs.

``rosenbrock[noise=0.1]`` is a definition like any other, of the family of its base: instances,
seeds, starts and the author's own draws are those of the plain problem. A setting at which nothing
changes is a part of the name alone.
"""

import copyreg
import dataclasses
import difflib
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from optbench import gate
from optbench.define import pickling
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.define.perturbations import Applied
from optbench.define.ranges import Flag
from optbench.errors import SettingError
from optbench.perturbations import delay, linear
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
        See `optbench list perturbations`.

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
            f"{problem.name} is a net. What perturbs a net is declared with it: batch, augment, "
            "mixup, dropout, label_smoothing, class_every (see optbench.define.net)"
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


@functools.lru_cache(maxsize=16384)  # as instances of them: a loop over levels ends nowhere
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
        moving = "moved" in perturbation.functions
        whose = f"{base.name}[{perturbation.first}=...]"
        if perturbation is linear.rotate and base.rotated:
            raise SettingError(f"{whose}: {base.name} is rotated already; leave rotate out")
        if (moving or perturbation.no_minimum) and base.targets == "absolute":
            raise SettingError(
                f"{whose}: the targets of {base.name} are absolute values of f, and with "
                f"{perturbation.first} its least value is not the same at every step, or unknown"
            )
        on_data = base.data is not None or base.metrics_function is not None
        if on_data and (moving or perturbation.maps):
            raise SettingError(
                f"{whose}: {perturbation.first} moves the point that the surface sees, and losses "
                f"on the parts of the data of {base.name} are taken at the point itself; "
                "perturb what is observed, or standardise the data otherwise"
            )


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


def check_budget(definition: ProblemDefinition | NetDefinition, steps: int) -> None:
    """Refuse memories that are longer than a run: the first gradient would be all there is.

    Raises
    ------
    SettingError
    """
    if isinstance(definition, ProblemDefinition):
        for one in definition.perturbations:
            if one.perturbation is delay.stale and one.values["stale"] >= steps:
                raise SettingError(
                    f"{definition.name}: gradients would be {one.values['stale']:g} steps old, in "
                    f"runs of {steps} steps; give fewer, or more steps"
                )


# ---------------------------------------------------------------------------------- other processes


def _reduced(definition: ProblemDefinition) -> Any:
    """Pickle a perturbed definition as its base and settings, any other as a name in its file.

    Of a ladder it is the level.
    """
    if (own := pickling.in_ladder(definition)) is not None:
        return own
    first = definition.ladder is not None and definition is definition.ladder.first
    if definition.base is None or first:
        return pickling.reduced(definition)
    return _perturbed, (definition.base, definition.given)


copyreg.pickle(ProblemDefinition, _reduced)
