"""Optimizer x problem at a glance: one cell a pair, its number written in it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from optbench.report.figures import style
from optbench.report.figures.numbers import MISSING, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEEP = LinearSegmentedColormap.from_list("deep", ["#ffffff", "#cfe1f0", "#6aa5d0", "#0b4f85"])
CELL_HEIGHT = 0.235
CELL_WIDTHS = (0.42, 0.62)
"""Least and most, in inches."""
ALL_CELLS = 9.2
"""Inches that all columns of a wide heatmap share."""
TEXT = 8
"""Points of the texts in cells."""
KEY = 1.35
"""Inches right of the cells: the colours' meaning."""
LINE = 0.155
"""Inches of a line of the note."""
CHARACTERS = 15.5
"""Of the note in an inch."""
ROW_NAME, COLUMN_NAME = 34, 24
"""Characters that names may have."""


def draw(
    *,
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    colours: NDArray[np.float64],
    texts: Sequence[Sequence[str]],
    scale: Sequence[tuple[float, str]],
    scale_text: str,
    note: str,
    breaks: Sequence[int] = (),
    column_breaks: Sequence[int] = (),
) -> Figure:
    """Return a heatmap.

    Parameters
    ----------
    title : str
    rows, columns : list of str
    colours : array [rows, columns]
        0 (white) to 1 (dark); NaN where there is nothing.
    texts : list of list of str
    scale : list of (float, str)
        What the colours mean: places from 0 to 1 and their words.
    scale_text : str
    note : str
    breaks, column_breaks : sequence of int
        Rows, and columns, before which a line is drawn.
    """
    names = [short(row, ROW_NAME) for row in rows], [short(c, COLUMN_NAME) for c in columns]
    left = style.label_width(names[0])
    head = 0.5 + 0.047 * max(map(len, names[1]), default=1)
    least, most = CELL_WIDTHS
    inner = min(most, max(least, ALL_CELLS / max(1, len(columns)))) * len(columns)
    width = max(left + inner + KEY, 6.5)
    lines = textwrap.wrap(note, int(width * CHARACTERS))
    foot = 0.15 + LINE * len(lines)
    tall = CELL_HEIGHT * len(rows)
    height = max(head + tall, head + 0.9) + foot + 0.1
    figure = style.empty_figure(width, height)
    axes = style.add_axes(figure, left, height - head - tall, inner, tall)
    cells = np.ma.masked_invalid(np.asarray(colours, dtype=float).reshape(len(rows), len(columns)))
    _draw_cells(axes, cells, texts)
    for row in breaks:
        axes.axhline(row - 0.5, color=style.INK, linewidth=1.0)
    for column in column_breaks:
        axes.axvline(column - 0.5, color=style.INK, linewidth=1.0)
    _name_cells(axes, *names)
    style.add_title(figure, title, 0.2)
    for k, line in enumerate(lines):
        style.add_text(
            figure, style.EDGE, foot - 0.06 - LINE * k, line, fontsize=7.5, color=style.SOFT,
            va="top",
        )  # fmt: skip
    _draw_key(figure, left + inner + 0.3, height - head, scale, scale_text)
    return figure


def _draw_cells(
    axes: Axes, cells: np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]],
    texts: Sequence[Sequence[str]],
) -> None:  # fmt: skip
    rows, columns = cells.shape
    axes.spines[:].set_visible(False)
    axes.grid(False)
    axes.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, cells, cmap=DEEP,
        vmin=0, vmax=1, edgecolors="#d5d5d5", linewidth=0.5,
    )  # fmt: skip
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    _write(axes, cells, texts)


def _write(
    axes: Axes, cells: np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]],
    texts: Sequence[Sequence[str]],
) -> None:  # fmt: skip
    """Write the texts of cells: each different one is a path, drawn where it belongs.

    A `Text` a cell takes ten times as long.
    """
    places: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for r, row in enumerate(texts):
        for c, content in enumerate(row):
            colour = style.SOFT if content == MISSING else _contrast(cells[r, c])
            places.setdefault((content, colour), []).append((c, r))
    points_to_pixels = Affine2D().scale(1 / 72) + axes.figure.dpi_scale_trans
    for (content, colour), own in places.items():
        axes.add_collection(
            PathCollection(
                [_centred(content)], offsets=own, offset_transform=axes.transData,
                transform=points_to_pixels, facecolors=colour, linewidths=0, label=content,
            ),
            autolim=False,
        )  # fmt: skip


def _centred(text: str) -> Path:
    """Return a text around (0, 0), in points; all texts stand on one line."""
    font = FontProperties(family=style.RC["font.family"])
    outline = TextPath((0, 0), text, size=TEXT, prop=font)
    across = outline.vertices[:, 0]
    # Half of the height of a figure, which is 0.73 of the size in this font.
    middle = (across.min() + across.max()) / 2, 0.73 * TEXT / 2
    return Path(outline.vertices - middle, outline.codes)


def _name_cells(axes: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Write the names of rows left of the cells, those of columns slanted above them."""
    style.ticks(axes.yaxis, range(len(rows)), rows)
    style.ticks(axes.xaxis, range(len(columns)), columns)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8.5, pad=3)
    for tick in axes.get_xticklabels():
        tick.set(rotation=38, ha="left", va="bottom", rotation_mode="anchor")


def _contrast(value: float) -> str:
    """Return the colour in which a text can be read on a cell of this value, or a masked one."""
    if np.ma.is_masked(value):
        return style.INK
    red, green, blue = to_rgb(DEEP(float(value)))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else style.INK


def _draw_key(
    figure: Figure, left: float, top: float, scale: Sequence[tuple[float, str]], text: str
) -> None:
    """Draw a bar of the colours, with what they mean."""
    axes = style.add_axes(figure, left, top - 0.85, 0.14, 0.8)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.pcolormesh(
        [0, 1], np.linspace(0, 1, 17), np.linspace(0, 1, 16)[:, None], cmap=DEEP, vmin=0, vmax=1
    )
    axes.set_xticks([])
    axes.yaxis.tick_right()
    style.ticks(axes.yaxis, [place for place, _ in scale], [content for _, content in scale])
    axes.tick_params(length=0, labelsize=8, pad=2)
    style.add_text(figure, left, top + 0.08, text, fontsize=8, va="bottom", color=style.SOFT)
