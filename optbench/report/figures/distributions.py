"""Profiles and runtime distributions: step functions of all optimizers over a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, style
from optbench.report.figures.palette import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST, TALL = 8.0, 3.0
LEFT, RIGHT, FOOT = 0.62, 0.15, 0.5
MARKS = 8
"""Along a line."""
PARTLY = "In brackets: on how many problems it was run, and by which it is judged, if not by all."
Steps = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Where a function jumps, and its height from there on."""


def draw(
    *, title: str, words: str, note: str, curves: Mapping[str, Steps], first: float, most: float,
    styles: Mapping[str, Style], partly: Mapping[str, str], width: float = 12.0,
) -> Figure:  # fmt: skip
    """Return step functions.

    Parameters
    ----------
    title, words, note : str
        Of the figure, of its axis, and below it.
    curves : dict
        optimizer -> its steps.
    first, most : float
        Ends of the axis; what jumps beyond is left out.
    styles : dict
    partly : dict
        Of an optimizer that was not run on all problems on how many, such as "30 of 36".
    width : float
        Inches.
    """
    width = min(width, WIDEST)
    figure = style.empty_figure(width, TALL + FOOT + 0.1)
    axes = style.add_axes(figure, LEFT, FOOT, width - LEFT - RIGHT, TALL)
    show(axes, words, curves, first, most, styles)
    entries = framing.line_entries({name: styles[name] for name in curves}, in_brackets(partly))
    framing.frame(figure, title, f"{note} {PARTLY}" if partly else note, entries)
    return figure


def in_brackets(partly: Mapping[str, str]) -> dict[str, str]:
    """Return what a legend says after the names of optimizers."""
    return {name: f"({count})" for name, count in partly.items()}


def show(
    axes: Axes, words: str, curves: Mapping[str, Steps], first: float, most: float,
    styles: Mapping[str, Style],
) -> None:  # fmt: skip
    """Show step functions on axes; the parameters are those of `draw`."""
    for k, (name, (at, height)) in enumerate(curves.items()):
        shown = at <= most
        x = np.concatenate([[first], at[shown], [most]])
        y = np.concatenate([[0.0], height[shown], height[shown][-1:] if shown.any() else [0.0]])
        looks, every = styles[name], max(1, len(x) // MARKS)
        axes.plot(
            x, 100 * y, drawstyle="steps-post", color=looks.colour, linestyle=looks.line,
            linewidth=1.3, marker=looks.marker, markersize=3.5, markeredgewidth=0,
            markevery=(k * every // len(curves), every),
        )  # fmt: skip
    style.log_axis(axes, "x", first, most, style.most_ticks(style.inches(axes)))
    axes.set(ylim=(-2, 102), xlabel=words, ylabel="share (%)")
