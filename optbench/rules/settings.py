"""Reading an optimizer as text: a name, and settings in brackets behind it."""

from typing import TypeAlias

from optbench.errors import SettingError

Setting: TypeAlias = float | bool | str
"""A value of a hyperparameter, of a flag, or the name of a schedule."""

SWITCHES = {"true": True, "false": False}
"""How flags are written."""


def parsed(spec: str) -> tuple[str, dict[str, Setting]]:
    """Return (name, settings) of ``"adam[beta1=0.8,clip_norm=2]"``.

    Raises
    ------
    SettingError
        If the brackets do not match, an item is no ``name=value``, or a name comes twice.
    """
    name, bracket, rest = spec.strip().partition("[")
    inside = rest.strip()
    if "]" in name:
        raise SettingError(f"{spec}: there is a ']' without '['")
    if not bracket:
        return name, {}
    if not inside.endswith("]"):
        hint = (
            f"after the ']' nothing follows: {spec}" if "]" in inside else f"write {spec.strip()}]"
        )
        raise SettingError(f"{spec}: the settings must end with ']': {hint}")
    inside = inside[:-1]
    if "[" in inside or "]" in inside:
        together = ",".join(part.strip() for part in inside.replace("[", "]").split("]") if part)
        raise SettingError(
            f"{spec}: there is more than one pair of brackets; separate settings by commas: "
            f"{name.strip()}[{together}]"
        )
    settings: dict[str, Setting] = {}
    for item in filter(None, (part.strip() for part in inside.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not key or not value:
            raise SettingError(f"{spec}: expected name=value between the brackets, found {item!r}")
        if key in settings:
            raise SettingError(f"{spec}: {key} is set twice; leave one of them out")
        settings[key] = read_value(value)
    return name.strip(), settings


def read_value(text: str) -> Setting:
    """Return the number or switch that `text` writes, or the text: a name."""
    if text.lower() in SWITCHES:
        return SWITCHES[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text
