"""Optimizer x problem at a glance: one cell a pair, its number written in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.collections import PathCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from optbench.report.figures import framing, letters, palette, style
from optbench.report.figures.numbers import MISSING, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEEP = LinearSegmentedColormap.from_list("deep", ["#ffffff", "#cfe1f0", "#6aa5d0", "#0b4f85"])
CELL_HEIGHT = 0.235
CELL_WIDTHS = (0.42, 0.62)
"""Inches: the least where there is room, and the most."""
TEXT, LEAST_TEXT = 8.0, 4.0
"""Points of the texts in cells, and of the smallest ones that are written."""
NAME, WORDS = 8.5, 8.0
"""Points of the names and of the key."""
KEY = 1.35
"""Inches right of the cells of wide figures: the colours' meaning."""
WIDE = 6.5
"""Inches from which the key is there, and not below the cells."""
ROW_NAME, COLUMN_NAME = 34, 24
"""Characters that names may have."""
SLANT = 38.0
"""Degrees of the columns' names in wide figures."""
NO_TEXTS = "The numbers have no room at this width: the table convergence has them."


@dataclass(frozen=True)
class Places:
    """Where the parts of a heatmap are, in inches.

    Attributes
    ----------
    left, inner, head : float
        Left of the cells, of all columns, and above the cells.
    beside : bool
        Whether the key is right of the cells, and the columns' names are slanted.
    text : float
        Points of the texts in cells; 0 where they have no room.
    """

    left: float
    inner: float
    head: float
    beside: bool
    text: float


def places(
    width: float, rows: Sequence[str], columns: Sequence[str], texts: Sequence[Sequence[str]]
) -> Places:
    """Return where the parts of a heatmap of at most `width` inches are."""
    beside = width >= WIDE
    left = letters.widest(list(rows), NAME) + 0.2
    least, most = CELL_WIDTHS
    across = letters.widest(list(columns), NAME)
    room = width - left - (KEY if beside else 0.1)
    if beside and room < least * len(columns):  # slanted names would meet
        beside = False
        room = width - left - 0.1
    cell = min(most, room / max(1, len(columns)))
    slant = math.sin(math.radians(SLANT)) * across + 0.2 if beside else across + 0.1
    return Places(left, cell * len(columns), slant, beside, text_size(texts, cell))


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
    width: float = 12.0,
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
    width : float
        Inches at most.
    """
    names = (
        [letters.fitted(short(row, ROW_NAME), 0.32 * width, NAME) for row in rows],
        [short(column, COLUMN_NAME) for column in columns],
    )
    at = places(width, *names, texts)
    tall = CELL_HEIGHT * len(rows)
    needed = at.left + at.inner + KEY if at.beside else width
    figure = style.empty_figure(min(width, max(needed, WIDE)), max(tall, 0.95) + 0.1)
    bottom = max(tall, 0.95) + 0.1 - tall
    axes = style.add_axes(figure, at.left, bottom, at.inner, tall)
    cells = np.asarray(colours, dtype=float).reshape(len(rows), len(columns))
    show(axes, *names, cells, texts, at.text, (breaks, column_breaks), slanted=at.beside)
    framing.grow(figure, above=at.head)
    if at.beside:
        place = at.left + at.inner + 0.3, bottom + tall - 0.85, 0.14, 0.8
        _draw_key(figure, place, scale, scale_text)
    else:
        framing.grow(figure, below=0.5)
        _draw_key(figure, (at.left, 0.3, min(1.6, width - at.left - 0.4), 0.12), scale, scale_text)
    framing.frame(figure, title, note if at.text else f"{note} {NO_TEXTS}")
    return figure


def show(
    axes: Axes, rows: Sequence[str], columns: Sequence[str], cells: NDArray[np.float64],
    texts: Sequence[Sequence[str]], size: float,
    breaks: tuple[Sequence[int], Sequence[int]] = ((), ()), *, slanted: bool,
) -> None:  # fmt: skip
    """Show cells on axes, with names beside and above them.

    Parameters
    ----------
    axes : Axes
    rows, columns : list of str
    cells : array [rows, columns]
        Their colours, see `draw`.
    texts : list of list of str
    size : float
        Points of the texts; 0 where they have no room.
    breaks : (rows, columns)
        Before which a line is drawn.
    slanted : bool
        Whether the names of columns are, or upright.
    """
    _draw_cells(axes, np.ma.masked_invalid(cells), texts, size)
    for row in breaks[0]:
        axes.axhline(row - 0.5, color=palette.INK, linewidth=1.0)
    for column in breaks[1]:
        axes.axvline(column - 0.5, color=palette.INK, linewidth=1.0)
    _name_cells(axes, rows, columns, slanted=slanted)


def text_size(texts: Sequence[Sequence[str]], cell: float) -> float:
    """Return the points of texts in cells of so many inches; 0 where they have no room."""
    longest = letters.widest([text for row in texts for text in row], TEXT)
    size = min(style.points(TEXT), style.points(TEXT) * 0.9 * cell / max(longest, 1e-9))
    return size if size >= LEAST_TEXT else 0.0


def _draw_cells(
    axes: Axes, cells: np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]],
    texts: Sequence[Sequence[str]], size: float,
) -> None:  # fmt: skip
    rows, columns = cells.shape
    axes.spines[:].set_visible(False)
    axes.grid(False)
    axes.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, cells, cmap=DEEP,
        vmin=0, vmax=1, edgecolors="#d5d5d5", linewidth=0.5,
    )  # fmt: skip
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    if size:
        _write(axes, cells, texts, size)


def _write(
    axes: Axes, cells: np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]],
    texts: Sequence[Sequence[str]], size: float,
) -> None:  # fmt: skip
    """Write the texts of cells: each different one is a path, drawn where it belongs.

    A `Text` a cell takes ten times as long.
    """
    places: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for r, row in enumerate(texts):
        for c, content in enumerate(row):
            colour = palette.SOFT if content == MISSING else _contrast(cells[r, c])
            places.setdefault((content, colour), []).append((c, r))
    points_to_pixels = Affine2D().scale(1 / 72) + axes.figure.dpi_scale_trans
    for (content, colour), own in places.items():
        axes.add_collection(
            PathCollection(
                [_centred(content, size)], offsets=own, offset_transform=axes.transData,
                transform=points_to_pixels, facecolors=colour, linewidths=0, label=content,
            ),
            autolim=False,
        )  # fmt: skip


def _centred(text: str, size: float) -> Path:
    """Return a text around (0, 0), in points; all texts stand on one line."""
    font = FontProperties(family=matplotlib.rcParams["font.family"])
    outline = TextPath((0, 0), text, size=size, prop=font)
    across = outline.vertices[:, 0]
    # Half of the height of a figure, which is 0.73 of the size in this font.
    middle = (across.min() + across.max()) / 2, 0.73 * size / 2
    return Path(outline.vertices - middle, outline.codes)


def _name_cells(
    axes: Axes, rows: Sequence[str], columns: Sequence[str], *, slanted: bool
) -> None:  # fmt: skip
    """Write the names of rows left of the cells, those of columns slanted or upright above them."""
    style.ticks(axes.yaxis, range(len(rows)), rows)
    style.ticks(axes.xaxis, range(len(columns)), columns)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=style.points(NAME), pad=3)
    for tick in axes.get_xticklabels():
        if slanted:
            tick.set(rotation=SLANT, ha="left", va="bottom", rotation_mode="anchor")
        else:
            tick.set(rotation=90, ha="center", va="bottom")


def _contrast(value: float) -> str:
    """Return the colour in which a text can be read on a cell of this value, or a masked one."""
    if np.ma.is_masked(value):
        return palette.INK
    red, green, blue = to_rgb(DEEP(float(value)))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else palette.INK


def _draw_key(
    figure: Figure, place: tuple[float, float, float, float], scale: Sequence[tuple[float, str]],
    text: str,
) -> None:  # fmt: skip
    """Draw a bar of the colours at (left, bottom, width, height), with what they mean."""
    left, bottom, width, height = place
    axes = style.add_axes(figure, *place)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    shades, ends = np.linspace(0, 1, 16)[:, None], np.linspace(0, 1, 17)
    axes.tick_params(length=0, labelsize=style.points(WORDS), pad=2)
    at, words = [place for place, _ in scale], [content for _, content in scale]
    if height > width:
        axes.pcolormesh([0, 1], ends, shades, cmap=DEEP, vmin=0, vmax=1)
        axes.set_xticks([])
        axes.yaxis.tick_right()
        style.ticks(axes.yaxis, at, words)
    else:
        axes.pcolormesh(ends, [0, 1], shades.T, cmap=DEEP, vmin=0, vmax=1)
        axes.set_yticks([])
        style.ticks(axes.xaxis, at, words)
    style.add_text(
        figure, left, bottom + height + 0.04, text, fontsize=style.points(WORDS), va="bottom",
        color=palette.SOFT,
    )  # fmt: skip
