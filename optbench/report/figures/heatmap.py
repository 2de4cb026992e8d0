"""Optimizer x problem at a glance: one cell a pair, its number written in it."""

import textwrap

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from optbench.report.figures import style
from optbench.report.figures.numbers import MISSING, short

DEEP = LinearSegmentedColormap.from_list("deep", ["#ffffff", "#cfe1f0", "#6aa5d0", "#0b4f85"])
CELL_HEIGHT = 0.235


def draw(*, title, rows, columns, colours, texts, scale, scale_text, note, breaks=()):
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
    breaks : sequence of int
        Rows before which a line is drawn.
    """
    label = max(0.9, 0.075 * max(map(len, (short(r, 34) for r in rows)), default=1) + 0.15)
    head = 0.5 + 0.047 * max(map(len, (short(c, 24) for c in columns)), default=1)
    cell = min(0.62, max(0.42, 9.2 / max(1, len(columns))))
    inner = cell * len(columns)
    width = max(label + inner + 1.35, 6.5)
    lines = textwrap.wrap(note, int(width * 15.5))
    foot = 0.15 + 0.155 * len(lines)
    height = max(head + CELL_HEIGHT * len(rows), head + 0.9) + foot + 0.1
    made = style.figure(width, height)
    tall = CELL_HEIGHT * len(rows)
    drawn = style.axes(made, label, height - head - tall, inner, tall)
    drawn.spines[:].set_visible(False)
    drawn.grid(False)
    cells = np.ma.masked_invalid(np.asarray(colours, dtype=float).reshape(len(rows), len(columns)))
    drawn.pcolormesh(
        np.arange(len(columns) + 1) - 0.5, np.arange(len(rows) + 1) - 0.5, cells, cmap=DEEP,
        vmin=0, vmax=1, edgecolors="#d5d5d5", linewidth=0.5,
    )  # fmt: skip
    drawn.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    for r, row in enumerate(texts):
        for c, content in enumerate(row):
            colour = style.SOFT if content == MISSING else _contrast(cells[r, c])
            drawn.text(c, r, content, ha="center", va="center", fontsize=8, color=colour)
    for r in breaks:
        drawn.axhline(r - 0.5, color=style.INK, linewidth=1.0)
    style.ticks(drawn.yaxis, range(len(rows)), [short(r, 34) for r in rows])
    style.ticks(drawn.xaxis, range(len(columns)), [short(c, 24) for c in columns])
    drawn.xaxis.tick_top()
    drawn.tick_params(length=0, labelsize=8.5, pad=3)
    for tick in drawn.get_xticklabels():
        tick.set(rotation=38, ha="left", va="bottom", rotation_mode="anchor")
    style.words(made, 0.12, height - 0.2, title, fontsize=11, weight="bold", va="center")
    for k, line in enumerate(lines):
        style.words(
            made, 0.12, foot - 0.06 - 0.155 * k, line, fontsize=7.5, color=style.SOFT, va="top"
        )
    _key(made, label + inner + 0.3, height - head, scale, scale_text)
    return made


def _contrast(value):
    if np.ma.is_masked(value):
        return style.INK
    red, green, blue = to_rgb(DEEP(float(value)))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.55 else style.INK


def _key(made, left, top, scale, words):
    drawn = style.axes(made, left, top - 0.85, 0.14, 0.8)
    drawn.grid(False)
    drawn.spines[:].set_visible(False)
    drawn.pcolormesh(
        [0, 1], np.linspace(0, 1, 17), np.linspace(0, 1, 16)[:, None], cmap=DEEP, vmin=0, vmax=1
    )
    drawn.set_xticks([])
    drawn.yaxis.tick_right()
    style.ticks(drawn.yaxis, [place for place, _ in scale], [content for _, content in scale])
    drawn.tick_params(length=0, labelsize=8, pad=2)
    style.words(made, left, top + 0.08, words, fontsize=8, va="bottom", color=style.SOFT)
