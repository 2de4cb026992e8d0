"""The gallery of surfaces: contours of every problem that exists in two dimensions.

``python docs/draw_gallery.py FOLDER`` writes one picture for each file of the catalog.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from PIL import Image

from optbench.catalog import finding
from optbench.define.definitions import ProblemDefinition
from optbench.report.figures import palette, style
from optbench.report.figures.surface_views import View, corners, log_levels
from optbench.report.figures.trajectories import CIRCLE, STAR, evaluate_on_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from optbench.catalog.instance import Problem

COLUMNS = 5
SIDE = 1.9  # inches of a panel
GAP = 0.42  # right of a panel
CAPTION = 0.72  # below a panel: its ticks and the next one's title
HEAD = 0.6
LEVELS = 16
DECADES = 12
"""How far above the lowest level they go; above the last one there is one colour."""
SKIPPED = 0.001
"""Share of the gaps that lie below all levels."""
DPI = 100
PALETTE = 96
"""Colours of a picture: enough for the levels and for smooth letters."""
COLOURS = matplotlib.colormaps["viridis"]
FAR = 100.0
"""A minimum that many half boxes away from the centre of the box is not shown."""
STAR = {**STAR, "markersize": 10}
CIRCLE = {**CIRCLE, "markersize": 5}
BOX = {"color": "white", "linewidth": 0.9, "linestyle": (0, (4, 2))}
NOTE = (
    "Contours of f − f_min at log-spaced levels over the range given below each name, the darker "
    "the lower."
)


def surfaces() -> dict[str, list[Problem]]:
    """Return {file stem: [Problem, ..]} of all surfaces that exist in two dimensions."""
    files: dict[str, list[Problem]] = {}
    for definition in finding.problems().values():
        if not isinstance(definition, ProblemDefinition) or definition.data is not None:
            continue
        if _is_planar(definition):
            stem = Path(definition.place.rpartition(":")[0]).stem
            files.setdefault(stem, []).append(finding.problem(definition, 2))
    return files


def _is_planar(definition: ProblemDefinition) -> bool:
    return 2 in (definition.dim, *definition.dims) or 0 < definition.scalable <= 2


def view(problem: Problem) -> View:
    """Return ((left, low), (right, high)): the box, opened evenly to show start and minimum.

    A square box is opened to a square.
    """
    low, high = problem.box
    centre, half = (low + high) / 2, (high - low) / 2
    square = half[0] == half[1]
    for point in (problem.start, problem.minimum):
        away = np.abs(point - centre)
        if (away <= FAR * half).all():
            half = np.where(away > half, 1.12 * away, half)
    half = np.full(2, half.max()) if square else half
    return corners(centre - half, centre + half)


def has_box(problem: Problem) -> bool:
    """Tell whether a view is larger than the box, which is drawn then."""
    return not np.allclose(np.ravel(view(problem)), np.ravel(problem.box))


def levels(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-spaced levels for the gaps f - f_min of a view."""
    return log_levels(gaps, LEVELS, skipped=SKIPPED, above_bottom=DECADES)


def draw(stem: str, problems: Sequence[Problem]) -> Figure:
    """Return the figure of one file of the catalog."""
    rows = math.ceil(len(problems) / COLUMNS)
    columns = min(COLUMNS, max(3, len(problems)))
    width = 0.5 + columns * (SIDE + GAP)
    figure = style.empty_figure(width, HEAD + rows * (SIDE + CAPTION))
    for k, problem in enumerate(problems):
        row, column = divmod(k, COLUMNS)
        bottom = (rows - 1 - row) * (SIDE + CAPTION) + 0.3
        axes = style.add_axes(figure, 0.5 + column * (SIDE + GAP), bottom, SIDE, SIDE)
        _draw_panel(axes, problem)
    top = figure.get_size_inches()[1] - 0.22
    style.add_text(
        figure, style.EDGE, top, f"problems/{stem}.py", fontsize=11, weight="bold", va="center"
    )
    _add_note_and_legend(figure, any(map(has_box, problems)))
    return figure


def _draw_panel(axes: Axes, problem: Problem) -> None:
    limits = view(problem)
    (left, bottom), (right, top) = limits
    at = _draw_contours(axes, problem, limits)
    (a, b), (c, d) = (problem.box[0], problem.box[1])
    if has_box(problem):
        axes.plot([a, c, c, a, a], [b, b, d, d, b], **BOX)
    axes.plot(*problem.start, clip_on=False, zorder=5, **CIRCLE)
    is_shown = left <= problem.minimum[0] <= right and bottom <= problem.minimum[1] <= top
    if is_shown:
        axes.plot(*problem.minimum, clip_on=False, zorder=6, **STAR)
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.locator_params(nbins=4)
    axes.tick_params(labelsize=6.5, length=2, pad=1.5)
    axes.set_title(problem.name, fontsize=8.5, weight="bold", loc="left", pad=14)
    low, high = map(_two_digits, (at[0], at[-1]))
    words = f"about {low}" if low == high else f"{low} to {high}"
    if not is_shown:
        x, y = map(_two_digits, problem.minimum)
        words += f"; minimum at ({x}, {y})"
    looks = {"fontsize": 6.5, "color": palette.SOFT, "va": "bottom"}
    axes.text(0, 1.02, words, transform=axes.transAxes, **looks)


def _draw_contours(axes: Axes, problem: Problem, limits: View) -> NDArray[np.float64]:
    """Draw the surface; return the levels."""
    grid = evaluate_on_grid(problem.value, limits)
    gaps = np.where(np.isfinite(grid.f), grid.f - problem.f_min, np.inf)
    at = levels(gaps)
    axes.grid(False)
    gaps = np.clip(gaps, 0.5 * at[0], None)  # a logarithm is taken of what lies below, too
    norm = LogNorm(at[0], at[-1])
    axes.contourf(grid.x, grid.y, gaps, levels=at, cmap=COLOURS, norm=norm, extend="both")
    if "many-minima" not in problem.tags:  # lines would hide those
        axes.contour(grid.x, grid.y, gaps, levels=at, colors="white", linewidths=0.25, alpha=0.6)
    return at


def _two_digits(value: float) -> str:
    return style.power(float(f"{value:.1e}")) if value else "0"


def _add_note_and_legend(figure: Figure, any_box: bool) -> None:
    width, height = figure.get_size_inches()
    style.add_text(
        figure, style.EDGE, height - 0.45, NOTE, fontsize=7, color=palette.SOFT, va="center"
    )
    entries = [(CIRCLE, "start"), (STAR, "minimum")]
    if any_box:
        entries.append(({**BOX, "color": "black"}, "box of starts"))
    figure.legend(
        handles=[Line2D([], [], label=words, **looks) for looks, words in entries],
        loc="center right", ncols=len(entries), frameon=False, fontsize=7.5,
        bbox_to_anchor=(1 - 0.05 / width, 1 - 0.2 / height), bbox_transform=figure.transFigure,
    )  # fmt: skip


def _save(figure: Figure, path: Path) -> None:
    """Write a picture of few colours: a third of the size."""
    picture = Image.fromarray(style.pixels(figure, DPI))
    picture.quantize(PALETTE, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def write(folder: str | Path) -> list[Path]:
    """Write ``<file>.png`` for each file of the catalog into `folder`; return the paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with style.context():
        for stem, problems in surfaces().items():
            path = folder / f"{stem}.png"
            _save(draw(stem, problems), path)
            written.append(path)
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    for path in write(parser.parse_args().folder):
        print(path, path.stat().st_size, "bytes")
