"""Numbers as readers see them."""

import math

from optbench.errors import plural

MISSING = "–"
DIVERGED = "×"


def text(value: float | None, digits: int = 3) -> str:
    """Return a number in few characters: ``0.012``, ``1.2e-9``, ``∞``, or a dash when missing."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.{digits}g}" if abs(value) < 999.5 else f"{value:.0f}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def count(value: float) -> str:
    """Return a whole number with thin spaces between thousands."""
    return f"{int(value):,}".replace(",", "\u202f")


def things(number: int, thing: str) -> str:
    """Return the name of a thing as that many of it are called: ``family``, ``families``."""
    return thing if number == 1 else plural(thing)


def counted(number: int, thing: str) -> str:
    """Return how many there are of a thing: ``1 family``, ``1 200 lanes``."""
    return f"{count(number)} {things(number, thing)}"


def seconds(value: float) -> str:
    """Return a duration: ``0.8 s``, ``42 s`` or ``3 min 05 s``; a dash when it is unknown."""
    if math.isnan(value):
        return MISSING
    if value < 10:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    return f"{int(value) // 60} min {int(value) % 60:02d} s"


def percent(share: float) -> str:
    """Return a share as a percentage without decimals, or a dash when missing."""
    return MISSING if math.isnan(share) else f"{100 * share:.0f} %"


def short(name: str, length: int) -> str:
    """Cut `name` to at most `length` characters: its middle, since endings tell names apart."""
    tail = (length - 1) // 2
    return name if len(name) <= length else f"{name[: length - 1 - tail]}…{name[-tail:]}"
