"""How figures for paper look: axes, letters, ticks.

Figures are made with matplotlib's objects alone, never with pyplot: it is faster to import, keeps
no global list of figures, and works in any thread.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from optbench.report.figures.palette import GRID

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

EDGE = 0.12
"""Inches from a figure's left edge to its title and note."""
SHEET = Path(__file__).with_name("paper.mplstyle")
BASE = 9.0
"""Points of letters in wide figures, to which the sizes in the code are."""
WIDTHS = (3.25, 7.0)
"""Inches of figures whose letters are smallest, and of those whose letters are as in the code."""
SMALLEST = 0.75
"""Of the letters of wide figures."""
RISE = 100.0
"""How many times its start's value a curve is shown."""


def empty_figure(width: float, height: float) -> Figure:
    """Return an empty figure of `width` x `height` inches."""
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in inches from the lower left corner."""
    across, up = figure.get_size_inches()
    axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
    plain(axes)
    return axes


def plain(axes: Axes) -> None:
    """Take from axes what says nothing: two sides of their frame, and the weight of the grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def add_text(figure: Figure, x: float, y: float, text: str, **kwargs: Any) -> None:
    """Write text at a place given in inches from the lower left corner."""
    across, up = figure.get_size_inches()
    figure.text(x / across, y / up, text, **kwargs)


def pixels(figure: Figure, dpi: float) -> NDArray[np.uint8]:
    """Return a figure as red, green and blue [height, width, 3]."""
    figure.set_dpi(dpi)
    canvas: Any = figure.canvas  # matplotlib has no types for Agg's
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


@contextlib.contextmanager
def context(width: float = 12.0) -> Iterator[None]:
    """Draw and save figures of `width` inches as the style sheet says, whatever the user's says.

    A notebook's backend is loaded with the first figure, and says then that figures show
    themselves. Where that is within the context it must outlast it.
    """
    share = float(np.interp(width, WIDTHS, (SMALLEST, 1.0)))
    interactive = matplotlib.is_interactive()
    try:
        with matplotlib.style.context(["default", SHEET]):
            matplotlib.rcParams["font.size"] = BASE * share
            try:
                yield
            finally:
                interactive = matplotlib.is_interactive()
    finally:
        matplotlib.interactive(interactive)


def points(size: float) -> float:
    """Return the points of letters that have `size` in wide figures."""
    return size * float(matplotlib.rcParams["font.size"]) / BASE


# ----------------------------------------------------------------------------------------- scales


def power(value: float) -> str:
    """Return a tick's text: ``0.02``, ``300`` or ``1e-9``."""
    if -3 < math.log10(abs(value)) < 4:
        return f"{value:g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Return at most `most` round numbers in ``[low, high]`` for a log axis, and at least two."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside = [10.0**k for k in powers if low <= 10.0**k <= high]
    if len(inside) > 3:
        every = math.ceil(len(inside) / most)
        return [v for v in inside if round(math.log10(v)) % every == 0]
    for digits in ((1, 2, 5), (1, 3)):
        finer = [m * 10.0**k for k in powers for m in digits if low <= m * 10.0**k <= high]
        if 3 <= len(finer) <= most:
            return finer
    if len(inside) > 1:
        return inside
    # Less than a factor of five: equal steps are rounder than equal ratios.
    even = [
        float(v)
        for v in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
        if low <= v <= high
    ]
    return even if len(even) > 1 else [low, high]


def inches(axes: Axes) -> float:
    """Return the inches across axes."""
    return float(axes.get_window_extent().width / axes.figure.dpi)


def most_ticks(width: float) -> int:
    """Return how many numbers have room on an axis of `width` inches."""
    return max(2, min(8, int(width / points(0.47))))


def ticks(axis: Axis, places: Sequence[float], texts: Sequence[str]) -> None:
    """Fix an axis's ticks (fixed ones are drawn several times faster than searched ones)."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_ticklabels(texts)
    axis.set_minor_locator(NullLocator())


def log_axis(axes: Axes, which: Literal["x", "y"], low: float, high: float, most: int = 8) -> None:
    """Make axis `which` ("x" or "y") logarithmic over ``[low, high]``."""
    getattr(axes, f"set_{which}scale")("log")
    places = log_ticks(low, high, most)
    ticks(getattr(axes, f"{which}axis"), places, [power(v) for v in places])
    getattr(axes, f"set_{which}lim")(low, high)


def evaluation_axis(
    axes: Axes,
    evaluations: NDArray[np.float64],
    text: str = "gradient evaluations",
    most: int = 8,
) -> None:
    """Make x a log axis of evaluations; the start, at none, gets a place of its own left of it."""
    positive = evaluations[evaluations > 0]
    if not len(positive):
        axes.set_xlabel(text)
        return
    low, high = float(positive.min()), float(positive.max())
    high = max(high, 1.01 * low)
    if evaluations.min() <= 0:
        axes.set_xscale("symlog", linthresh=low, linscale=0.4)
        places = [0.0, *(v for v in log_ticks(low, high, most) if v >= low)]
        ticks(axes.xaxis, places, ["0", *(power(v) for v in places[1:])])
        axes.set_xlim(0, high * 1.02)
    else:
        log_axis(axes, "x", low, high * 1.02, most)
    axes.set_xlabel(text)


def log_limits(
    start: float, *values: ArrayLike, rise: float = RISE
) -> tuple[float, float, bool]:  # fmt: skip
    """Return (low, high) of a log axis of gaps that start near `start`, and whether it cuts some.

    A method that reaches 1e-200 must not squeeze everything else into one line, and one that is
    about to overflow must not either: sixteen decades below the start are shown, and `rise` times
    the start above it. What is cut below counts as cut, what is above leaves the picture.
    """
    finite = np.concatenate([np.ravel(v) for v in values]) if values else np.empty(0)
    finite = finite[np.isfinite(finite)]
    positive = finite[finite > 0]
    if not len(positive):
        return 1e-16, 1.0, bool(len(finite))
    if not (math.isfinite(start) and start > 0):
        start = float(positive.max())
    floor, ceiling = 10.0 ** math.floor(math.log10(start) - 16), rise * start
    low, high = max(float(finite.min()), floor), min(float(positive.max()), ceiling)
    low = low / 1.6 if low > floor else floor
    return low, max(high, 10 * low) * 1.6, bool((finite < floor).any())
