"""Trajectories over the contours of a 2-D surface, one small panel per optimizer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, palette, style
from optbench.report.figures.palette import Style
from optbench.report.figures.surface_views import View, log_levels, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats: TypeAlias = NDArray[np.float64]
Point: TypeAlias = tuple[float, float]

POINTS = 200
"""Grid points along each side of a surface."""

LEVELS = 11
DECADES = 8
"""How far below the highest value shown levels begin."""
SKIPPED = 0.003
"""Share of the values, the lowest ones, that lie below all levels."""
COLUMNS = ((5.0, 2), (7.5, 3))
"""Inches below which a figure has so many panels side by side; wider ones have four."""
MOST_COLUMNS = 4
SIDE = 2.5  # inches of a panel at most
SHARP = 200.0
"""Dots per inch of contours on axes of the user's, whose figure may be saved with any."""
GAP, LEFT, FOOT = 0.35, 0.6, 0.42  # right of a panel, left of and below all
NAME, CAPTION = 9.0, 7.5
"""Points of the letters above a panel."""
SPACING = 1.4
"""Height of a caption's line in multiples of its letters."""
DOTS = "Dots: recorded steps, log-spaced."
NOTE = f"Contours: log-spaced above the least value shown, darker is lower. {DOTS}"
PALE = LinearSegmentedColormap.from_list("pale", ["#9fb3c8", "#c9d5e2", "#e6ecf2", "#f8f9fb"])

CIRCLE: dict[str, Any] = {
    "marker": "o", "markersize": 7, "markerfacecolor": "white", "markeredgecolor": "black",
    "linestyle": "none",
}  # fmt: skip
STAR: dict[str, Any] = {
    "marker": "*", "markersize": 12, "markerfacecolor": "#F0E442", "markeredgecolor": "black",
    "markeredgewidth": 0.8, "linestyle": "none",
}  # fmt: skip
END: dict[str, Any] = {
    "marker": "s", "markersize": 5, "markeredgecolor": "white", "markeredgewidth": 1.0,
    "linestyle": "none", "zorder": 6,
}  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """A surface over what is shown: ``f[i, j]`` at ``(x[j], y[i])``."""

    x: Floats
    y: Floats
    f: Floats


def evaluate_on_grid(value: Callable[[Floats], Any], limits: View) -> Grid:
    """Return the values of a surface over what is shown; ``value(X[n, 2]) -> f[n]``."""
    (left, low), (right, high) = limits
    x, y = np.linspace(left, right, POINTS), np.linspace(low, high, POINTS)
    across, up = np.meshgrid(x, y)
    points = np.ascontiguousarray(np.column_stack([across.ravel(), up.ravel()]))
    return Grid(x, y, np.asarray(value(points), dtype=float).reshape(POINTS, POINTS))


def levels(values: Floats, lowest: float) -> Floats:
    """Return log-spaced contour levels above the lowest value."""
    gaps = log_levels(values - lowest, LEVELS, skipped=SKIPPED, below_top=DECADES)
    return lowest + gaps if len(gaps) else np.array([lowest, lowest + 1.0])


def backdrop(grid: Grid, side: float = SIDE, dpi: float | None = None) -> NDArray[np.uint8]:
    """Return the contours as a picture of `side` inches: drawn once, shown in every panel.

    It has the dots per inch of saved figures, unless others are given.
    """
    figure = style.empty_figure(side, side)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    at = levels(grid.f, float(np.nanmin(np.where(np.isfinite(grid.f), grid.f, np.nan))))
    shades = PALE(np.linspace(0, 1, len(at) + 1))
    axes.contourf(grid.x, grid.y, grid.f, levels=at, colors=shades, extend="both")
    axes.contour(grid.x, grid.y, grid.f, levels=at, colors="#8296aa", linewidths=0.35)
    axes.set(xlim=(grid.x[0], grid.x[-1]), ylim=(grid.y[0], grid.y[-1]))
    return style.pixels(figure, dpi or matplotlib.rcParams["savefig.dpi"])


def draw(
    *,
    label: str,
    paths: Mapping[str, Floats],
    captions: Mapping[str, str],
    styles: Mapping[str, Style],
    limits: View,
    grid: Grid | None,
    minimum: Point | None,
    width: float = 12.0,
) -> Figure:
    """Return the figure of one 2-D problem.

    Parameters
    ----------
    label : str
    paths : dict
        optimizer -> array [records, 2].
    captions : dict
        optimizer -> words under its name.
    styles : dict
    limits : ((left, low), (right, high))
    grid : Grid or None
    minimum : pair of float or None
    width : float
        Inches.
    """
    most = next((count for below, count in COLUMNS if width < below), MOST_COLUMNS)
    columns = max(1, min(most, len(paths)))
    rows = math.ceil(len(paths) / columns)
    side = min(SIDE, (width - LEFT - 0.1) / most - GAP)
    words = {name: letters.wrapped(captions.get(name, ""), side + 0.2, CAPTION) for name in paths}
    lines = max(map(len, words.values()), default=1)
    above = (SPACING * lines * style.points(CAPTION) + 1.5 * style.points(NAME)) / 72 + 0.12
    figure = style.empty_figure(width, FOOT + rows * (side + above))
    picture = None if grid is None else backdrop(grid, side)
    for k, name in enumerate(paths):
        row, column = divmod(k, columns)
        bottom = (rows - 1 - row) * (side + above) + FOOT
        axes = style.add_axes(figure, LEFT + column * (side + GAP), bottom, side, side)
        _show_surface(axes, limits, picture)
        _draw_path(axes, visible(paths[name], limits), paths[name][:1], styles[name], minimum)
        _name_panel(axes, letters.fitted(name, side + 0.2, NAME, "bold"), words[name])
        _name_axes(axes, is_first=column == 0, is_lowest=k + columns >= len(paths))
    note = DOTS if grid is None else NOTE
    framing.frame(figure, f"{label}: trajectories", note, _entries("declared start", minimum))
    return figure


def show(
    axes: Axes, paths: Mapping[str, Floats], styles: Mapping[str, Style], limits: View,
    grid: Grid | None, minimum: Point | None,
) -> None:  # fmt: skip
    """Show paths over contours on axes, all on the same; the parameters are those of `draw`."""
    picture = None if grid is None else backdrop(grid, style.inches(axes), SHARP)
    _show_surface(axes, limits, picture)
    for name, path in paths.items():
        _draw_path(axes, visible(path, limits), path[:1], styles[name], minimum)
    _name_axes(axes, is_first=True, is_lowest=True)


def _show_surface(axes: Axes, limits: View, picture: NDArray[np.uint8] | None) -> None:
    (left, low), (right, high) = limits
    axes.grid(False)
    if picture is not None:
        axes.imshow(picture, extent=(left, right, low, high), aspect="auto", interpolation="none")
    axes.set(xlim=(left, right), ylim=(low, high))
    axes.locator_params(nbins=4)


def _draw_path(
    axes: Axes, path: Floats, start: Floats, looks: Style, minimum: Point | None
) -> None:
    """Draw a path [n, 2] with its start [1, 2], its end and the minimum."""
    for width, colour in ((3.0, "white"), (1.3, looks.colour)):
        axes.plot(*path.T, color=colour, linewidth=width, solid_joinstyle="round")
    axes.plot(*path.T, linestyle="none", marker=".", markersize=3, color=looks.colour)
    if minimum is not None:
        axes.plot(*minimum, **STAR)
    axes.plot(*start.T, **CIRCLE)
    axes.plot(*path[-1:].T, color=looks.colour, **END)


def _name_panel(axes: Axes, name: str, caption: list[str]) -> None:
    pad = 4 + SPACING * style.points(CAPTION) * len(caption)
    axes.set_title(name, fontsize=style.points(NAME), weight="bold", loc="left", pad=pad)
    axes.annotate(
        "\n".join(caption), (0, 1), (0, 2), xycoords="axes fraction", textcoords="offset points",
        fontsize=style.points(CAPTION), color=palette.SOFT, va="bottom",
    )  # fmt: skip


def _name_axes(axes: Axes, *, is_first: bool, is_lowest: bool) -> None:
    """Write the ticks' numbers only left of a row's first panel and below a column's lowest."""
    if is_first:
        axes.set_ylabel("x₁")
    else:
        axes.tick_params(axis="y", labelleft=False)
    if is_lowest:
        axes.set_xlabel("x₀", labelpad=1)
    else:
        axes.tick_params(axis="x", labelbottom=False)


def _entries(start: str, minimum: Point | None) -> list[framing.Entry]:
    """Return what the marks mean."""
    marks = [
        (start, CIRCLE),
        *([("minimum", STAR)] if minimum is not None else []),
        ("last record", {**END, "color": "black"}),
    ]
    return [framing.mark_entry(words, looks) for words, looks in marks]
