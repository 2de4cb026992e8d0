"""Trajectories over the contours of a 2-D surface, one small panel per optimizer."""

import math

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from optbench.report.figures import style
from optbench.report.figures.numbers import short

POINTS = 200
"""Grid points along each side of a surface."""

LEVELS = 11
SIDE = 2.5  # inches of a panel
DOTS = "Dots: recorded steps, log-spaced."
NOTE = f"Contours: log-spaced above the least value shown, darker is lower. {DOTS}"
PALE = LinearSegmentedColormap.from_list("pale", ["#9fb3c8", "#c9d5e2", "#e6ecf2", "#f8f9fb"])


def view(box, points):
    """Return ((left, low), (right, high)): the box, opened by up to half towards `points`.

    Trajectories that go farther leave the panel; showing all of a diverging one shows nothing.
    """
    low, high = np.asarray(box[0], dtype=float), np.asarray(box[1], dtype=float)
    if low.shape != (2,) or not (low < high).all():
        raise ValueError(f"the box of a surface is ((low0, low1), (high0, high1)), not {box}")
    margin = 0.5 * (high - low)
    inside = points[np.isfinite(points).all(axis=1)]
    inside = inside[((inside >= low - margin) & (inside <= high + margin)).all(axis=1)]
    if len(inside):
        low = np.minimum(low, inside.min(axis=0) - 0.02 * (high - low))
        high = np.maximum(high, inside.max(axis=0) + 0.02 * (high - low))
    return tuple(map(float, low)), tuple(map(float, high))


def evaluated(value, shown):
    """Return (x [n], y [n], f [n, n]) of a surface over what is shown."""
    (left, low), (right, high) = shown
    x, y = np.linspace(left, right, POINTS), np.linspace(low, high, POINTS)
    across, up = np.meshgrid(x, y)
    points = np.ascontiguousarray(np.column_stack([across.ravel(), up.ravel()]))
    return x, y, np.asarray(value(points), dtype=float).reshape(POINTS, POINTS)


def levels(values, lowest):
    """Return log-spaced contour levels above the lowest value."""
    above = values[np.isfinite(values)] - lowest
    above = above[above > 0]
    if not len(above):
        return np.array([lowest, lowest + 1.0])
    low, high = np.quantile(above, 0.003), above.max()
    return lowest + np.geomspace(max(low, 1e-8 * high), high, LEVELS)


def backdrop(x, y, values, lowest):
    """Return the contours as a picture: drawn once and shown in every panel."""
    made = style.figure(SIDE, SIDE)
    drawn = made.add_axes((0, 0, 1, 1))
    drawn.set_axis_off()
    at = levels(values, lowest)
    shades = PALE(np.linspace(0, 1, len(at) + 1))
    drawn.contourf(x, y, values, levels=at, colors=shades, extend="both")
    drawn.contour(x, y, values, levels=at, colors="#8296aa", linewidths=0.35)
    drawn.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    made.set_dpi(style.DPI)  # pixel for pixel what the PNG shows
    made.canvas.draw()
    return np.asarray(made.canvas.buffer_rgba())[..., :3].copy()


def visible(path, shown, reach=3.0):
    """Cut a path after it first goes `reach` views away; the last point keeps its direction."""
    low, high = (np.asarray(side) for side in shown)
    centre, half = (low + high) / 2, (high - low) / 2
    finite = np.isfinite(path).all(axis=1)
    path = path[: len(path) if finite.all() else int(np.argmin(finite))]
    far = np.abs((path - centre) / half).max(axis=1, initial=0.0) if len(path) else np.empty(0)
    beyond = np.flatnonzero(far > reach)
    if not len(beyond):
        return path
    end = int(beyond[0])
    cut = path[: end + 1].copy()
    if end:
        step = path[end] - path[end - 1]
        cut[end] = path[end - 1] + step * (2 * reach / np.abs(step / half).max())
    else:
        cut[0] = np.clip(cut[0], low, high)
    return cut


def draw(*, label, instance, seed, paths, captions, styles, shown, grid, minimum):
    """Return the figure of one 2-D problem.

    Parameters
    ----------
    label : str
    instance, seed : int
    paths : dict
        optimizer -> array [records, 2].
    captions : dict
        optimizer -> words under its name.
    styles : dict
    shown : ((left, low), (right, high))
    grid : (x, y, f) or None
    minimum : pair of float or None
    """
    names = list(paths)
    columns = min(4, max(1, len(names)))
    rows = math.ceil(len(names) / columns)
    side, below, head = SIDE, 0.62, 0.72
    width = max(0.75 + columns * (side + 0.35), 6.4)
    made = style.figure(width, head + rows * (side + below) + 0.2)
    picture = None
    if grid is not None:
        lowest = np.nanmin(np.where(np.isfinite(grid[2]), grid[2], np.nan))
        picture = backdrop(*grid, lowest)
    for k, name in enumerate(names):
        row, column = divmod(k, columns)
        bottom = (rows - 1 - row) * (side + below) + 0.68
        drawn = style.axes(made, 0.6 + column * (side + 0.35), bottom, side, side)
        _panel(drawn, paths[name], styles[name], shown, picture, minimum)
        drawn.set_title(short(name, 30), fontsize=9, weight="bold", loc="left", pad=15)
        drawn.text(
            0, 1.02, captions.get(name, ""), transform=drawn.transAxes, fontsize=7.5,
            color=style.SOFT, va="bottom",
        )  # fmt: skip
        if column:
            drawn.tick_params(axis="y", labelleft=False)
        else:
            drawn.set_ylabel("$x_1$")
        if k + columns < len(names):
            drawn.tick_params(axis="x", labelbottom=False)
        else:
            drawn.set_xlabel("$x_0$", labelpad=1)
    _head(made, label, instance, seed, minimum)
    style.words(made, 0.12, 0.1, NOTE if grid else DOTS, fontsize=7.5, color=style.SOFT)
    return made


def _panel(drawn, path, looks, shown, picture, minimum):
    (left, low), (right, high) = shown
    drawn.grid(False)
    if picture is not None:
        drawn.imshow(picture, extent=(left, right, low, high), aspect="auto", interpolation="none")
    drawn.set(xlim=(left, right), ylim=(low, high))
    drawn.locator_params(nbins=5)
    start, path = path[:1], visible(path, shown)
    for width, colour in ((3.0, "white"), (1.3, looks.colour)):
        drawn.plot(*path.T, color=colour, linewidth=width, solid_joinstyle="round")
    drawn.plot(*path.T, linestyle="none", marker=".", markersize=3, color=looks.colour)
    if minimum is not None:
        drawn.plot(*minimum, **STAR)
    drawn.plot(*start.T, **CIRCLE)
    drawn.plot(*path[-1:].T, color=looks.colour, **END)


CIRCLE = {
    "marker": "o", "markersize": 7, "markerfacecolor": "white", "markeredgecolor": "black",
    "linestyle": "none",
}  # fmt: skip
STAR = {
    "marker": "*", "markersize": 12, "markerfacecolor": "#F0E442", "markeredgecolor": "black",
    "markeredgewidth": 0.8, "linestyle": "none",
}  # fmt: skip
END = {
    "marker": "s", "markersize": 5, "markeredgecolor": "white", "markeredgewidth": 1.0,
    "linestyle": "none", "zorder": 6,
}  # fmt: skip


def _head(made, label, instance, seed, minimum):
    height = made.get_size_inches()[1]
    style.words(
        made, 0.12, height - 0.2, f"{label}: trajectories", fontsize=11, weight="bold", va="center"
    )
    entries = [
        (CIRCLE, f"start (instance {instance}, seed {seed})"),
        ({**END, "color": "black"}, "last record"),
    ]
    if minimum is not None:
        entries.insert(1, (STAR, "minimum"))
    handles = [Line2D([], [], label=words, **looks) for looks, words in entries]
    width = made.get_size_inches()[0]
    made.legend(
        handles=handles, loc="center right", ncols=len(handles), frameon=False, fontsize=8,
        bbox_to_anchor=(1 - 0.05 / width, 1 - 0.2 / height), handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip
