"""Figures of a run on matplotlib's axes: what `report.figures` draws, without what surrounds it.

Each function takes what the job of a figure for paper is drawn from, and axes or None.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from optbench.errors import UserError
from optbench.report.figures import curves_and_rates, style
from optbench.report.figures.bands import starting_value
from optbench.report.figures.curves import diverged_note
from optbench.report.figures.distributions import in_brackets
from optbench.report.figures.distributions import show as show_steps
from optbench.report.figures.heatmap import show as show_cells
from optbench.report.figures.heatmap import text_size
from optbench.report.figures.numbers import short
from optbench.report.figures.palette import Style
from optbench.report.figures.quantities import SCORE
from optbench.report.figures.ranks import show as show_ranks
from optbench.report.figures.rate_scores import show as show_rates
from optbench.report.figures.statuses import show as show_endings
from optbench.report.figures.trajectories import show as show_paths

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

WIDTH, HEIGHT, SQUARE = 7.0, 3.6, 5.0
"""Inches of a new figure, and of one of a surface."""
ROW, REST = 0.3, 1.2
"""Inches of a row, of an optimizer or a problem, and of what surrounds all rows."""
NAME, COLUMN_NAME = 34, 24
"""Letters of names."""
Arguments = Mapping[str, Any]


def curves(arguments: Arguments, ax: Axes | None) -> Axes:
    """Draw medians and quartiles against evaluations."""
    if not arguments["bands"]:
        raise UserError(f"{arguments['label']}: the run has no curves of these optimizers")
    names = ("kind", "bands", "styles", "diverged", "target", "bounds", "unit")
    with _axes(ax) as axes:
        curves_and_rates.show_curves(axes, **{name: arguments[name] for name in names})
        axes.set_title(arguments["label"])
        notes = {name: diverged_note(*own) for name, own in arguments["diverged"].items()}
        _name_lines(axes, arguments["styles"], arguments["bands"], ax is None, notes)
        return axes


def rates(arguments: Arguments, ax: Axes | None) -> Axes:
    """Draw tuning scores against rates."""
    scores = arguments["scores"]
    if not scores:
        raise UserError(f"{arguments['label']}: no rate of these optimizers was tuned")
    with _axes(ax) as axes:
        start = starting_value(arguments["bands"])
        label = SCORE[arguments["kind"]]
        show_rates(axes, label, scores, arguments["styles"], start)
        axes.set_title(arguments["label"])
        _name_lines(axes, arguments["styles"], scores, ax is None)
        return axes


def trajectories(arguments: Arguments, ax: Axes | None) -> Axes:
    """Draw paths over contours."""
    names = ("paths", "styles", "limits", "grid", "minimum")
    with _axes(ax, SQUARE) as axes:
        show_paths(axes, **{name: arguments[name] for name in names})
        axes.set_title(arguments["label"])
        _name_lines(axes, arguments["styles"], arguments["paths"], ax is None)
        return axes


def heatmap(arguments: Arguments, ax: Axes | None) -> Axes:
    """Draw a cell for each pair."""
    rows = [short(name, NAME) for name in arguments["rows"]]
    columns = [short(name, COLUMN_NAME) for name in arguments["columns"]]
    breaks = arguments.get("breaks", ()), arguments.get("column_breaks", ())
    with _axes(ax, ROW * len(rows) + 2 * REST) as axes:
        cell = style.inches(axes) / len(columns)
        size = text_size(arguments["texts"], cell)
        cells = arguments["colours"]
        show_cells(axes, rows, columns, cells, arguments["texts"], size, breaks, slanted=True)
        axes.set_title(arguments["title"])
        return axes


def distributions(arguments: Arguments, ax: Axes | None) -> Axes:
    """Draw step functions."""
    names = ("words", "curves", "first", "most", "styles")
    with _axes(ax) as axes:
        show_steps(axes, **{name: arguments[name] for name in names})
        axes.set_title(arguments["title"])
        notes = in_brackets(arguments["partly"])
        _name_lines(axes, arguments["styles"], arguments["curves"], ax is None, notes)
        return axes


def ranks(arguments: Arguments, ax: Axes | None) -> Axes:
    """Draw a row for each optimizer, at its mean rank."""
    texts = [short(name, NAME) for name in arguments["names"]]
    names = ("names", "ranks", "difference", "styles")
    with _axes(ax, ROW * len(texts) + REST) as axes:
        show_ranks(axes, texts, **{name: arguments[name] for name in names})
        axes.set_title("Mean ranks")
        return axes


def statuses(arguments: Arguments, ax: Axes | None) -> Axes:
    """Draw stacked bars of how lanes ended."""
    texts = [short(name, NAME) for name in arguments["names"]]
    with _axes(ax, ROW * len(texts) + REST) as axes:
        shown = show_endings(axes, texts, arguments["counts"])
        axes.set_title("How scoring lanes ended")
        patches = [
            Patch(facecolor=own.colour, hatch=own.hatch, edgecolor="white", label=own.words)
            for own in shown
        ]
        _add_legend(axes, patches, ax is None)
        return axes


@contextlib.contextmanager
def _axes(ax: Axes | None, height: float = HEIGHT) -> Iterator[Axes]:
    """Give the axes, or those of a new figure, which looks as figures of reports do."""
    if ax is not None:
        yield ax
        return
    from matplotlib import pyplot  # it keeps the figure, and notebooks show it

    with style.context(WIDTH):
        _, new = pyplot.subplots(figsize=(WIDTH, height), layout="constrained")
        style.plain(new)
        yield new


def _name_lines(
    axes: Axes, styles: Mapping[str, Style], names: Sequence[str] | Mapping[str, Any],
    beside: bool, notes: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Write the legend of the optimizers that are drawn, with notes after their names."""
    handles = [
        Line2D(
            [], [], color=styles[name].colour, linestyle=styles[name].line,
            marker=styles[name].marker, markersize=4, markeredgewidth=0,
            label=f"{short(name, COLUMN_NAME)} {(notes or {}).get(name, '')}".strip(),
        )
        for name in names
    ]  # fmt: skip
    _add_legend(axes, handles, beside)


def _add_legend(axes: Axes, handles: Sequence[Artist], beside: bool) -> None:
    """Write a legend: beside the axes of a figure of ours, else where there is room in them."""
    place: dict[str, Any] = {"loc": "best"}
    if beside:
        place = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}
    axes.legend(handles=handles, fontsize=style.points(8), frameon=False, **place)
