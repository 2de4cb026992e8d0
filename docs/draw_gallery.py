"""The gallery of surfaces: contours of every problem that exists in two dimensions.

``python docs/draw_gallery.py FOLDER`` writes one picture for each file of the catalog.
"""

import argparse
import math
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from PIL import Image

from optbench.catalog import finding
from optbench.define.definitions import ProblemDefinition
from optbench.report.figures import style
from optbench.report.figures.trajectories import CIRCLE, STAR, evaluated

COLUMNS = 5
SIDE = 1.9  # inches of a panel
GAP = 0.42  # right of a panel
CAPTION = 0.72  # below a panel: its ticks and the next one's title
HEAD = 0.6
LEVELS = 16
DECADES = 12
"""How far above the lowest value levels go."""
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


def surfaces():
    """Return {file stem: [Problem, ..]} of all surfaces that exist in two dimensions."""
    files = {}
    for found in finding.problems().values():
        if isinstance(found, ProblemDefinition) and found.data is None and _planar(found):
            stem = Path(found.place.rpartition(":")[0]).stem
            files.setdefault(stem, []).append(finding.problem(found, 2))
    return files


def _planar(definition):
    return 2 in (definition.dim, *definition.dims) or 0 < definition.scalable <= 2


def view(problem):
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
    return tuple(map(float, centre - half)), tuple(map(float, centre + half))


def levels(gaps):
    """Return log-spaced levels for the gaps f - f_min of a view.

    A fine grid still misses the minimum, so its lowest values say where the levels begin; above the
    last level there is one colour.
    """
    above = gaps[np.isfinite(gaps) & (gaps > 0)]
    low = np.quantile(above, 0.001)
    return np.geomspace(low, min(above.max(), low * 10.0**DECADES), LEVELS)


def draw(stem, problems):
    """Return the figure of one file of the catalog."""
    rows = math.ceil(len(problems) / COLUMNS)
    columns = min(COLUMNS, max(3, len(problems)))
    width = 0.5 + columns * (SIDE + GAP)
    made = style.figure(width, HEAD + rows * (SIDE + CAPTION))
    for k, problem in enumerate(problems):
        row, column = divmod(k, COLUMNS)
        bottom = (rows - 1 - row) * (SIDE + CAPTION) + 0.3
        _panel(style.axes(made, 0.5 + column * (SIDE + GAP), bottom, SIDE, SIDE), problem)
    _head(made, stem)
    return made


def _panel(drawn, problem):
    shown = view(problem)
    (left, low), (right, high) = shown
    x, y, values = evaluated(problem.value, shown)
    gaps = np.where(np.isfinite(values), values - problem.f_min, np.inf)
    at = levels(gaps)
    drawn.grid(False)
    gaps = np.clip(gaps, 0.5 * at[0], None)  # a logarithm is taken of what lies below, too
    norm = LogNorm(at[0], at[-1])
    drawn.contourf(x, y, gaps, levels=at, cmap=COLOURS, norm=norm, extend="both")
    if "many-minima" not in problem.tags:  # lines would hide those
        drawn.contour(x, y, gaps, levels=at, colors="white", linewidths=0.25, alpha=0.6)
    (a, b), (c, d) = (problem.box[0], problem.box[1])
    if not np.allclose([a, b, c, d], [left, low, right, high]):
        drawn.plot([a, c, c, a, a], [b, b, d, d, b], **BOX)
    drawn.plot(*problem.start, clip_on=False, zorder=5, **CIRCLE)
    inside = left <= problem.minimum[0] <= right and low <= problem.minimum[1] <= high
    if inside:
        drawn.plot(*problem.minimum, clip_on=False, zorder=6, **STAR)
    drawn.set(xlim=(left, right), ylim=(low, high))
    drawn.locator_params(nbins=4)
    drawn.tick_params(labelsize=6.5, length=2, pad=1.5)
    drawn.set_title(problem.name, fontsize=8.5, weight="bold", loc="left", pad=12)
    words = f"{_short(at[0])} to {_short(at[-1])}"
    if not inside:
        words += f"; minimum at ({_short(problem.minimum[0])}, {_short(problem.minimum[1])})"
    drawn.text(
        0, 1.02, words, transform=drawn.transAxes, fontsize=6.5, color=style.SOFT, va="bottom"
    )


def _short(value):
    return style.power(float(f"{value:.1e}")) if value else "0"


def _head(made, stem):
    width, height = made.get_size_inches()
    style.words(
        made, 0.12, height - 0.22, f"problems/{stem}.py", fontsize=11, weight="bold", va="center"
    )
    style.words(made, 0.12, height - 0.45, NOTE, fontsize=7, color=style.SOFT, va="center")
    entries = [(CIRCLE, "start"), (STAR, "minimum"), ({**BOX, "color": "black"}, "box of starts")]
    made.legend(
        handles=[Line2D([], [], label=words, **looks) for looks, words in entries],
        loc="center right", ncols=3, frameon=False, fontsize=7.5,
        bbox_to_anchor=(1 - 0.05 / width, 1 - 0.2 / height), bbox_transform=made.transFigure,
    )  # fmt: skip


def _save(made, path):
    """Write a picture of few colours: a third of the size."""
    made.set_dpi(DPI)
    made.canvas.draw()
    picture = Image.fromarray(np.asarray(made.canvas.buffer_rgba())[..., :3].copy())
    picture.quantize(PALETTE, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def write(folder):
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
