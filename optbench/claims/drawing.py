"""The figures of a claim as small SVG: a forest of its settings, and its curves or its pairs."""

import html
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from optbench.claims import words
from optbench.claims.measuring import Facts
from optbench.report.figures.palette import COLOURS, GRID, INK, SOFT

WIDTH = 340
_ROW, _TOP, _LEFT, _RIGHT = 34, 6, 12, 12
_PANEL = 120
Point = tuple[float, float]


def forest(facts: Facts) -> str:
    """Return the intervals of all settings, with those of each study seed as small dots.

    The dashed line is the margin. What is infinite is drawn at the edge.
    """
    settings = facts["settings"]
    values = [facts["margin"], 0.0]
    for own in settings.values():
        values += [own["low"], own["high"], own["effect"], *own["by_seed"]]
    place = _scale(values, _LEFT, WIDTH - _RIGHT)
    height = _TOP + _ROW * len(settings) + 22
    parts = [_line((place(0.0), _TOP), (place(0.0), height - 22), GRID, 1.5)]
    parts.append(
        _line((place(facts["margin"]), _TOP), (place(facts["margin"]), height - 22), SOFT, 1, "4 3")
    )
    for i, (name, own) in enumerate(settings.items()):
        y = _TOP + _ROW * i + 24
        colour = COLOURS[0] if own["answer"] == "yes" else COLOURS[1]
        colour = SOFT if own["answer"] == "open" else colour
        said = f"{words.effect(facts, own['effect'])} [{own['answer']}]"
        parts += [_text(_LEFT, y - 9, name), _text(WIDTH - _RIGHT, y - 9, said, "end", colour)]
        parts.append(_line((place(own["low"]), y), (place(own["high"]), y), colour, 2.5))
        parts += [_dot((place(seed), y), SOFT, 2) for seed in own["by_seed"]]
        parts.append(_dot((place(own["effect"]), y), colour, 4.5))
    ends = [v for v in values if math.isfinite(v)]
    parts += _ends(facts, min(ends), max(ends), height)
    return _svg(height, parts, f"Effects of {facts['name']} by setting")


def _ends(facts: Facts, low: float, high: float, height: float) -> Iterator[str]:
    yield _text(_LEFT, height - 6, words.effect(facts, low), "start", SOFT)
    yield _text(WIDTH - _RIGHT, height - 6, words.effect(facts, high), "end", SOFT)


def curves(facts: Facts) -> str:
    """Return a panel a setting with the curves of both arms; nothing where there are none."""
    panels = facts["curves"]
    parts: list[str] = []
    for i, (name, arms) in enumerate(panels.items()):
        parts += _panel(name, arms, facts, i * _PANEL)
    return _svg(_PANEL * len(panels), parts, f"Curves of {facts['name']}") if panels else ""


def _panel(name: str, arms: dict[str, Any], facts: Facts, top: float) -> Iterator[str]:
    """Yield the parts of one panel: y is logarithmic where all of it is positive."""
    finite = {
        arm: [(x, y) for x, y in zip(*curve, strict=True) if math.isfinite(y)]
        for arm, curve in arms.items()
    }
    ys = [y for points in finite.values() for _, y in points]
    if not ys:
        return
    positive = min(ys) > 0.0
    drawn = {
        arm: [(x, math.log10(y) if positive else y) for x, y in points]
        for arm, points in finite.items()
    }
    across = _scale([x for points in drawn.values() for x, _ in points], 62, WIDTH - _RIGHT)
    up = _scale([y for points in drawn.values() for _, y in points], top + _PANEL - 18, top + 36)
    yield _text(_LEFT, top + 12, name)  # on a line of its own, however long
    for i, arm in enumerate(("control", "treatment")):
        colour = COLOURS[1 - i]
        yield _text(WIDTH - _RIGHT - 130 * (1 - i), top + 26, facts[arm], "end", colour)
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in drawn[arm])
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for y, place in ((max(ys), top + 40), (min(ys), top + _PANEL - 14)):
        yield _text(58, place, words.number(y), "end", SOFT)


def arrows(facts: Facts) -> str:
    """Return a panel a setting with paths in the plane, an arrow a step; nothing without paths.

    Each axis has a scale of its own, and the later steps of a path lie above the earlier.
    """
    panels = facts["arrows"]
    parts: list[str] = []
    for i, (name, paths) in enumerate(panels.items()):
        parts += _plane(name, paths, i * 2 * _PANEL)
    return _svg(2 * _PANEL * len(panels), parts, f"Paths of {facts['name']}") if panels else ""


def _plane(name: str, paths: dict[str, list[Point]], top: float) -> Iterator[str]:
    """Yield the parts of one panel: each path in a colour of its own, named in its head."""
    points = [point for path in paths.values() for point in path]
    across = _scale([x for x, _ in points], _LEFT + 8, WIDTH - _RIGHT - 8)
    up = _scale([y for _, y in points], top + 2 * _PANEL - 12, top + 24 + 14 * len(paths))
    yield _text(_LEFT, top + 12, name)
    for i, (who, path) in enumerate(paths.items()):
        colour = COLOURS[i % len(COLOURS)]
        yield _text(_LEFT, top + 12 + 14 * (i + 1), who, "start", colour)
        places = [(across(x), up(y)) for x, y in path]
        for a, b in pairwise(places):
            yield from _arrow(a, b, colour)


def _arrow(a: Point, b: Point, colour: str) -> Iterator[str]:
    """Yield a line and its head, which is at most half as long."""
    yield _line(a, b, colour, 1.6)
    length = math.dist(a, b)
    if length > 1.0:
        size = min(6.0, 0.5 * length) / length
        x, y = size * (b[0] - a[0]), size * (b[1] - a[1])
        left, right = (
            (b[0] - x - 0.4 * y, b[1] - y + 0.4 * x),
            (b[0] - x + 0.4 * y, b[1] - y - 0.4 * x),
        )
        corners = " ".join(f"{u:.1f},{v:.1f}" for u, v in (b, left, right))
        yield f'<polygon points="{corners}" fill="{colour}"/>'


def _scale(values: Sequence[float], low: float, high: float) -> Any:
    """Return the map from values to places between two ends; infinities go to the ends."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    least, most = min(finite), max(finite)
    span = (most - least) or 1.0

    def place(value: float) -> float:
        share = (value - least) / span if math.isfinite(value) else float(value > 0.0)
        return low + (high - low) * share

    return place


def _svg(height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img" '
        f'aria-label="{html.escape(title)}" font-family="system-ui, sans-serif" font-size="11">'
        f"{''.join(parts)}</svg>"
    )


def _line(a: Point, b: Point, colour: str, width: float, dashes: str = "none") -> str:
    return (
        f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" stroke="{colour}" '
        f'stroke-width="{width}" stroke-dasharray="{dashes}"/>'
    )


def _dot(at: Point, colour: str, radius: float) -> str:
    return f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{radius}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
        f"{html.escape(str(text))}</text>"
    )
