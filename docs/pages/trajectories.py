"""Small pictures: the way of a rule over three surfaces, at the best of many learning rates."""

import base64
import functools
import io
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import optbench
from optbench.catalog import finding
from optbench.catalog.instance import Problem
from optbench.define.definitions import ProblemDefinition, Rule
from optbench.lanes.trajectories import Trajectories
from optbench.report.figures import style
from optbench.report.figures.surface_views import View, visible
from optbench.report.figures.trajectories import backdrop, evaluate_on_grid

Floats = NDArray[np.float64]

STEPS = 300
RATES = np.geomspace(1e-4, 10.0, 31)
"""The learning rates of which the best is shown."""
SIDE = 220  # pixels of a picture on the page
CAPTION = 36  # below it
SOLVED = 1e-12
"""Gaps below count as this: rates that get there are told apart by how fast they do."""
PIXELS, QUALITY = 330, 60
"""Of the contours under a trajectory."""
NOISE = 0.1
"""Of the gradients of rules that are for noisy ones alone, in the units of `noise`."""


@dataclass(frozen=True)
class Surface:
    """A surface of two coordinates and the part of it that is shown."""

    name: str
    view: View
    words: str


SURFACES = (
    Surface("ellipsoid_1e2", ((-1.3, -1.3), (1.3, 1.3)), "a quadratic valley"),
    Surface("rosenbrock", ((-1.8, -0.8), (1.8, 2.2)), "a curved valley"),
    Surface("strict_saddle", ((-1.5, -1.2), (1.5, 1.2)), "a saddle between two minima"),
)


def pictures(rule: Rule) -> dict[str, str]:
    """Return the pictures of a rule as SVG by the names of their surfaces."""
    return {surface.name: _picture(rule, surface) for surface in SURFACES}


def alternative(rule: Rule, surface: Surface) -> str:
    """Return what a picture shows in words."""
    return f"The trajectory of {rule.name} over {surface.name}, {surface.words}"


def _picture(rule: Rule, surface: Surface) -> str:
    problem = _problem(rule, surface)
    run = optbench.minimize(
        rule, problem, steps=STEPS, lanes=len(RATES), start=problem.start, lr=RATES,
        records=STEPS, threads=1,
    )  # fmt: skip
    best = _best(run, problem.f_min)
    points = np.vstack([problem.start, run.records.x[best]])
    gap = run.f[best] - problem.f_min
    words = [f"{surface.name}, lr = {RATES[best]:.2g}", f"{_gap(gap)} after {STEPS} steps"]
    return _svg(surface, points, problem.minimum, words)


def _problem(rule: Rule, surface: Surface) -> Problem:
    """Return the surface as a rule can run on it: matrix rules see x as a matrix of one column."""
    definition = finding.definition(surface.name)
    assert isinstance(definition, ProblemDefinition)
    if rule.stochastic_only:
        return finding.problem(finding.perturbed(definition, noise=NOISE), 2)
    return finding.problem(replace(definition, shape=(2, 1)) if rule.matrix else definition, 2)


def _best(run: Trajectories, f_min: float) -> int:
    """Return the lane with the least gap at the end; of those that are solved, the fastest."""
    gaps = np.where(np.isfinite(run.records.f), run.records.f - f_min, np.inf)
    gaps = np.clip(gaps, SOLVED, 1e6)
    order = np.lexsort((np.log(gaps).mean(axis=1), gaps[:, -1]))
    return int(order[0])


def _gap(gap: float) -> str:
    return f"gap {gap:.1e}" if gap > SOLVED else f"gap below {SOLVED:.0e}"


def _svg(surface: Surface, points: Floats, minimum: Floats, words: list[str]) -> str:
    """Return a picture of its own, with the surface in it."""
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in _thinned(_pixels(visible(points, surface.view),
                                                                   surface.view)))  # fmt: skip
    (x0, y0), (x1, y1), (x2, y2) = _pixels(np.array([points[0], points[-1], minimum]), surface.view)
    lines = "".join(
        f'<text x="1" y="{SIDE + 14 + 15 * k}">{line}</text>' for k, line in enumerate(words)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE + CAPTION}" '
        f'viewBox="0 0 {SIDE} {SIDE + CAPTION}">'
        f'<svg width="{SIDE}" height="{SIDE}">'
        f'<image width="{SIDE}" height="{SIDE}" href="{_background(surface)}"/>'
        f'<polyline points="{way}" fill="none" stroke="#fff" stroke-width="3.4" '
        'stroke-linejoin="round" opacity="0.85"/>'
        f'<polyline points="{way}" fill="none" stroke="#D55E00" stroke-width="1.6" '
        'stroke-linejoin="round"/>'
        f'<circle cx="{x0:.1f}" cy="{y0:.1f}" r="4" fill="#fff" stroke="#222"/>'
        f'<path d="M{x2 - 5:.1f} {y2:.1f}h10M{x2:.1f} {y2 - 5:.1f}v10" stroke="#fff" '
        'stroke-width="2"/>'
        f'<circle cx="{x1:.1f}" cy="{y1:.1f}" r="3.2" fill="#D55E00" stroke="#fff"/>'
        "</svg>"
        f'<g font-family="sans-serif" font-size="12" fill="#808080">{lines}</g></svg>\n'
    )


def _pixels(points: Floats, view: View) -> Floats:
    """Return points [n, 2] in pixels from the upper left corner."""
    (left, low), (right, high) = view
    shares = (points - [left, low]) / [right - left, high - low]
    return np.stack([shares[:, 0], 1.0 - shares[:, 1]], axis=1) * SIDE


def _thinned(points: Floats) -> list[tuple[float, float]]:
    """Leave out points that are less than half a pixel from the last one that is kept."""
    kept: list[tuple[float, float]] = []
    for x, y in points:
        if not kept or math.dist(kept[-1], (x, y)) > 0.5:
            kept.append((float(x), float(y)))
    return kept


@functools.cache
def _background(surface: Surface) -> str:
    """Return the contours of a surface, drawn as in reports, as a picture in a data URI."""
    grid = evaluate_on_grid(finding.problem(surface.name, 2).value, surface.view)
    with style.context():
        picture = Image.fromarray(backdrop(grid, SIDE / 100))
    file = io.BytesIO()
    picture.convert("RGB").resize((PIXELS, PIXELS)).save(file, "webp", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
