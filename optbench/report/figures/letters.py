"""How wide texts are, and cutting or wrapping them to the room that they have."""

from __future__ import annotations

import functools

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from optbench.report.figures import style
from optbench.report.figures.numbers import short

HINTED = 1.05
"""Letters on the grid of a picture's pixels may be that much wider than their outlines."""


def inches(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a line whose letters have `size` points in wide figures."""
    return HINTED * _width(text, weight) * style.points(size) / 72


@functools.lru_cache(maxsize=20_000)
def _width(text: str, weight: str) -> float:
    """Return the width in multiples of the letters' size."""
    font = FontProperties(family="DejaVu Sans", weight=weight, size=100)
    width: float = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
    return width / 100


def fitted(text: str, room: float, size: float, weight: str = "normal") -> str:
    """Return a text with its middle cut out where it is wider than `room` inches."""
    length = len(text)
    while length > 3 and inches(short(text, length), size, weight) > room:
        length -= 1
    return short(text, length)


def wrapped(text: str, room: float, size: float, weight: str = "normal") -> list[str]:
    """Return the lines of a text, none wider than `room` inches; words that are get cut."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and inches(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(fitted(word, room, size, weight))
    return lines


def widest(texts: list[str], size: float) -> float:
    """Return the inches of the widest of some texts."""
    return max((inches(text, size) for text in texts), default=0.0)
