"""What surrounds the panels of a figure: title, legend and note, as tall as the width makes them.

Panels are drawn first, into a figure of their own size; then it grows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from optbench.report.figures import letters, palette, style
from optbench.report.figures.palette import Style
from optbench.report.figures.style import EDGE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE, NOTE, ENTRY = 11.0, 7.5, 8.0
"""Points of the letters, in wide figures."""
SPACING = 1.45
"""Height of a line in multiples of its letters."""
SAMPLE = 0.3
"""Inches of a legend's line."""

Sample: TypeAlias = Callable[[float, float], "Artist"]
"""What draws a legend's sample at (left, middle), in inches."""


@dataclass(frozen=True)
class Entry:
    """One entry of a legend: the sample and its words."""

    sample: Sample
    words: str


def line_entries(
    styles: Mapping[str, Style], notes: Mapping[str, str] | None = None
) -> list[Entry]:
    """Return an entry for each optimizer, with notes after their names."""

    def sample(looks: Style) -> Sample:
        return lambda x, y: Line2D(
            [x, x + SAMPLE / 2, x + SAMPLE], [y, y, y], color=looks.colour, linestyle=looks.line,
            linewidth=1.5, marker=looks.marker, markersize=4, markeredgewidth=0, markevery=[1],
        )  # fmt: skip

    return [
        Entry(sample(looks), f"{name}  {(notes or {}).get(name, '')}".rstrip())
        for name, looks in styles.items()
    ]


def box_entry(words: str, colour: str, hatch: str = "") -> Entry:
    """Return an entry with a coloured box."""
    return Entry(
        lambda x, y: Rectangle(
            (x + 0.12, y - 0.05), SAMPLE - 0.12, 0.1, facecolor=colour, hatch=hatch,
            edgecolor="white", linewidth=0.6,
        ),
        words,
    )  # fmt: skip


def mark_entry(words: str, looks: Mapping[str, object]) -> Entry:
    """Return an entry with a mark, which has the arguments of a line's."""
    return Entry(lambda x, y: Line2D([x + SAMPLE / 2], [y], **looks), words)  # type: ignore[arg-type]


def frame(figure: Figure, title: str, note: str, entries: Sequence[Entry] = ()) -> None:
    """Write the title above the panels, the legend and then the note below them."""
    room = figure.get_size_inches()[0] - 2 * EDGE
    _add_legend(figure, entries, room)
    _add_lines(figure, letters.wrapped(note, room, NOTE) if note else [], NOTE)
    titles = letters.wrapped(title, room, TITLE, "bold")
    tall = _line(TITLE)
    grow(figure, above=0.1 + tall * len(titles))
    top = figure.get_size_inches()[1]
    for k, line in enumerate(titles):
        style.add_text(
            figure, EDGE, top - 0.06 - tall * (k + 0.5), line, fontsize=style.points(TITLE),
            weight="bold", va="center",
        )  # fmt: skip


def _line(size: float) -> float:
    """Return the inches of a line of text."""
    return SPACING * style.points(size) / 72


def _add_lines(figure: Figure, lines: Sequence[str], size: float) -> None:
    tall = _line(size)
    grow(figure, below=0.1 + tall * len(lines))
    for k, line in enumerate(reversed(lines)):
        style.add_text(
            figure, EDGE, 0.08 + tall * k, line, fontsize=style.points(size), color=palette.SOFT,
            va="bottom",
        )  # fmt: skip


def _add_legend(figure: Figure, entries: Sequence[Entry], room: float) -> None:
    """Write entries in as many equal columns as their words leave room for."""
    if not entries:
        return
    widest = letters.widest([entry.words for entry in entries], ENTRY) + SAMPLE + 0.2
    columns = max(1, min(len(entries), int(room / widest)))
    rows, tall = -(-len(entries) // columns), _line(ENTRY)
    grow(figure, below=0.1 + tall * rows)
    axes = style.add_axes(figure, EDGE, 0.06, room, tall * rows)
    axes.set_axis_off()
    axes.set(xlim=(0, room), ylim=(0, tall * rows))
    for k, entry in enumerate(entries):
        row, column = divmod(k, columns)
        x, y = column * room / columns, tall * (rows - row - 0.5)
        _add_entry(axes, entry, x, y, room / columns - SAMPLE - 0.15)


def _add_entry(axes: Axes, entry: Entry, x: float, y: float, room: float) -> None:
    artist = entry.sample(x, y)
    artist.set_clip_on(False)
    axes.add_artist(artist)
    words = letters.fitted(entry.words, room, ENTRY)
    axes.text(x + SAMPLE + 0.06, y, words, fontsize=style.points(ENTRY), va="center_baseline")


def grow(figure: Figure, above: float = 0.0, below: float = 0.0) -> None:
    """Add inches above and below all that has been drawn."""
    width, height = figure.get_size_inches()
    taller = height + above + below
    for axes in figure.axes:
        box = axes.get_position(original=True)
        bottom, tall = (box.y0 * height + below) / taller, box.height * height / taller
        axes.set_position((box.x0, bottom, box.width, tall))
    for text in figure.texts:
        text.set_y((text.get_position()[1] * height + below) / taller)
    figure.set_size_inches(width, taller)
