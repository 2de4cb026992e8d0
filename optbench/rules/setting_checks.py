"""Whether a setting is one that an optimizer has, and whether its value is in range."""

import difflib
from collections.abc import Mapping

import numpy as np

from optbench.define.definitions import Rule
from optbench.define.ranges import Allowed, Choice, Flag
from optbench.errors import SettingError
from optbench.gate import reals, shown
from optbench.rules import schedules
from optbench.rules.settings import Setting
from optbench.rules.wrappers_before import WRAPPERS


def unknown_setting(rule: Rule, name: str, settings: Mapping[str, Setting]) -> str:
    """Say that there is no hyperparameter `name`, and what there is."""
    if name in schedules.settings_of_all():
        schedule = settings.get("schedule")
        own = ", ".join(list(schedules.ranges(settings))[1:])
        hint = f"the schedule {schedule} has {own}" if schedule else "give a schedule with it"
        return f"{rule.name}: {name} has no meaning here: {hint}"
    of_wrappers = [name for wrapper in WRAPPERS for name in wrapper.hyper]
    names = [*rule.hyper, *of_wrappers, *schedules.settings_of_all()]
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(rule.hyper)}"
    return f"{rule.name} has no hyperparameter {name!r}: {hint}"


def check(rule: str, name: str, value: object, allowed: Allowed) -> None:
    """Raise `SettingError` unless every element of `value` lies in the range `allowed`."""
    whose = f"{rule}: {name}"
    if isinstance(allowed, Choice):
        if not isinstance(value, str) or value not in allowed:
            text = value if isinstance(value, str) else shown(value)
            raise SettingError(f"{whose} = {text} is unknown; it is {allowed}")
        return
    if isinstance(allowed, Flag) and getattr(value, "dtype", type(value)) in (bool, np.bool_):
        return
    elements = reals(whose, value)
    if elements.ndim > 1:
        raise SettingError(f"{whose} = {shown(value)} is not a number")
    for element in np.atleast_1d(elements):
        if element not in allowed:
            outside = shown(element if elements.ndim else value)
            what = "is" if np.isfinite(element) else "must be a finite number:"
            raise SettingError(f"{whose} = {outside} {what} outside its range {allowed}")
