"""Instruments along the training of a net, of the tuned and the default setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, palette, style
from optbench.report.figures.draw import Job
from optbench.report.figures.instrument_panels import NOTE, PANELS, Panel
from optbench.report.figures.palette import Style
from optbench.report.figures.panels import Panels, name_panel
from optbench.report.statistics.rows import ProblemRow

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Readings: TypeAlias = Mapping[tuple[str, str], Mapping[str, NDArray[np.float64]]]
"""(optimizer, setting) -> arrays: step and the columns of `PANELS`."""


def jobs(
    facts: ProblemRow, slug: str, rows: pd.DataFrame, styles: Mapping[str, Style]
) -> list[Job]:
    """Return the job of a net whose rows of the frame of instruments are given."""
    if not len(rows):
        return []
    readings = {
        (name, setting): _arrays(own.sort_values("step"))
        for (name, setting), own in rows.groupby(["optimizer", "setting"], observed=True)
    }
    shown = {name: styles[name] for name in dict.fromkeys(name for name, _ in readings)}
    return [
        Job(
            f"instruments-{slug}", draw,
            {"label": facts.label, "styles": shown, "readings": readings},
            f"{facts.label}: sharpness, distance, gradient noise and alpha through training",
        )
    ]  # fmt: skip


def _arrays(rows: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return the arrays of a lane, NaN where there is nothing to draw on an axis."""
    arrays = {"step": rows["step"].to_numpy(float)}
    for panel in PANELS:
        values = rows[panel.column].to_numpy(float)
        drawn = np.isfinite(values) & ((values > 0.0) | (not panel.logarithmic))
        arrays[panel.column] = np.where(drawn, values, np.nan)
    return arrays


def draw(
    *, label: str, styles: Mapping[str, Style], readings: Readings, width: float = 12.0
) -> Figure:
    """Return small multiples: a row for each instrument, a column for each setting.

    Parameters
    ----------
    label : str
    styles : dict
    readings : dict
    width : float
        Inches.
    """
    settings = [s for s in ("tuned", "default") if any(s == setting for _, setting in readings)]
    panels = Panels(len(PANELS), len(settings), width, left=0.9, tall=0.95)
    figure = panels.figure()
    steps = np.concatenate([own["step"] for own in readings.values()])
    for r, panel in enumerate(PANELS):
        low, high = limits(panel, [own[panel.column] for own in readings.values()])
        for c, setting in enumerate(settings):
            axes = panels.add(figure, r, c)
            for name, looks in styles.items():
                if (name, setting) in readings:
                    own = readings[name, setting]
                    _draw_line(axes, own["step"], np.clip(own[panel.column], low, high), looks)
            for height in panel.lines:
                axes.axhline(height, color=palette.SOFT, linewidth=0.8, linestyle="--", zorder=1)
            _scale(axes, steps, panel, (low, high), panels.inner)
            name_panel(axes, r == len(PANELS) - 1, setting if r == 0 else "")
            if c == 0:
                axes.set_ylabel(panel.words, fontsize=style.points(8.5))
            else:
                axes.tick_params(axis="y", labelleft=False)
    title = f"{label}: instruments along training"
    framing.frame(figure, title, NOTE, framing.line_entries(styles))
    return figure


def limits(panel: Panel, columns: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Return the limits of the y axis that both settings share; lines are always on it."""
    values = np.concatenate(columns)
    values = np.clip(values[np.isfinite(values)], *panel.limits)
    values = np.append(values, panel.lines)
    if not len(values):
        return (1.0, 10.0) if panel.logarithmic else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if panel.logarithmic:
        return low / 2, high * 2
    return low - 0.15, high + 0.15


def _draw_line(
    axes: Axes, steps: NDArray[np.float64], values: NDArray[np.float64], looks: Style
) -> None:  # fmt: skip
    axes.plot(
        steps, values, color=looks.colour, linestyle=looks.line, linewidth=1.3,
        marker=looks.marker, markersize=3.2, markeredgewidth=0,
    )  # fmt: skip


def _scale(
    axes: Axes, steps: NDArray[np.float64], panel: Panel, ends: tuple[float, float], inner: float
) -> None:
    style.evaluation_axis(axes, steps, "step", most=min(6, style.most_ticks(inner)))
    if panel.logarithmic:
        style.log_axis(axes, "y", *ends, most=4)
    else:
        axes.set_ylim(*ends)
