"""The picture of a map: its pixels one to one, axes in the scales of their hyperparameters."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator

from optbench.kernels.status import rounding_floor
from optbench.maps import colours
from optbench.maps.axes import Axis
from optbench.maps.computing import DIVERGED, ENDED_THERE, WENT_ON
from optbench.report.figures import style
from optbench.report.figures.palette import INK, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from optbench.maps.mapped import Mapped

SIDE = 5.12
"""Inches of the map along each side: letters grow with its pixels."""
LEFT, BELOW, RIGHT, ABOVE = 0.75, 0.625, 1.75, 0.625
"""Inches around it; the legend is on the right."""
COMPRESSION = {"compress_level": 4}
"""Higher levels take three times as long for a few per cent."""
FEWEST = 512
"""Pixels along a side below which those of the map are drawn as squares of several."""
WORDS = {
    ENDED_THERE: ("reached", "after steps"),
    WENT_ON: ("neither", "gap at the end"),
    DIVERGED: ("not finite", "at step"),
}
"""What the legend calls outcomes, and the numbers that tell their pixels apart."""


def draw(of: Mapped) -> Figure:
    """Return the figure of a map; `dots_per_inch` has its pixels one to one."""
    width, height = LEFT + SIDE + RIGHT, BELOW + SIDE + ABOVE
    with style.context(width):
        figure = style.empty_figure(width, height)
        figure.set_dpi(dots_per_inch(of.size))
        axes = style.add_axes(figure, LEFT, BELOW, SIDE, SIDE)
        axes.grid(False)
        axes.spines[["top", "right"]].set_visible(True)
        floor = gap_floor(of)
        scales = colours.scales(of.outcomes, floor, of.start_value)
        axes.imshow(
            colours.pixels(of.outcomes, scales, floor),
            origin="lower", extent=(0, 1, 0, 1), interpolation="nearest", aspect="auto",
        )  # fmt: skip
        _label(axes, of)
        _mark_default(axes, of)
        top = BELOW + SIDE
        style.add_text(figure, LEFT, top + 0.33, f"{of.optimizer} on {of.problem}", weight="bold")
        style.add_text(figure, LEFT, top + 0.11, subtitle(of), color=SOFT, fontsize="small")
        for k, outcome in enumerate(WORDS):
            _legend(figure, scales[outcome], of, top - 1.45 * k)
        words = f"✖  {mark_words(of)}"
        style.add_text(figure, LEFT + SIDE + 0.2, BELOW + 0.1, words, color=INK)
    return figure


def png(of: Mapped) -> bytes:
    """Return the picture of a map as a PNG file; the same bytes every time."""
    file = io.BytesIO()
    figure = draw(of)
    with style.context(figure.get_size_inches()[0]):
        figure.savefig(
            file, format="png", dpi=figure.dpi,
            metadata={"Software": None, "Description": repr(of)}, pil_kwargs=COMPRESSION,
        )  # fmt: skip
    return file.getvalue()


def dots_per_inch(size: int) -> float:
    """Return the resolution at which a map of `size` pixels is drawn."""
    return size * -(-FEWEST // size) / SIDE


def gap_floor(of: Mapped) -> float:
    """Return the gap below which a map's colours do not tell gaps apart."""
    return float(rounding_floor(of.f_ref, of.dtype))


def mark_words(of: Mapped) -> str:
    """Say what the cross is: what lanes have that leave both axes alone."""
    starts = [axis.coordinate is not None for axis in (of.x, of.y)]
    if all(starts):
        return "declared start"
    return "default and start" if any(starts) else "default setting"


def subtitle(of: Mapped) -> str:
    """Say how lanes ran, and what counts as convergence."""
    return f"{of.steps:,} steps, {of.dtype}; target: {of.target_text}"


def _label(axes: Axes, of: Mapped) -> None:
    for own, axis in ((axes.xaxis, of.x), (axes.yaxis, of.y)):
        places = tick_values(axis)
        style.ticks(own, [axis.share(value) for value in places], tick_texts(places))
        own.set_label_text(axis.name)
    axes.set(xlim=(0, 1), ylim=(0, 1))


def tick_values(axis: Axis) -> list[float]:
    """Return round values within the edges of an axis, far enough apart on its scale."""
    if axis.scale == "log":
        return style.log_ticks(axis.low, axis.high, 7)
    if axis.scale == "log of 1 - v":
        # Differences are rounded: 1 - 0.999 is above 0.001.
        low, high = (1.0 - axis.high) * (1 - 1e-9), (1.0 - axis.low) * (1 + 1e-9)
        return [1.0 - value for value in style.log_ticks(low, high, 7)]
    places = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(axis.low, axis.high)
    return [float(value) for value in places if axis.low <= value <= axis.high]


def tick_texts(values: list[float]) -> list[str]:
    """Return the texts of ticks, in as many digits as tell them apart: zooms go deep."""
    gaps = np.diff(sorted(values))
    near = 1e-3 * min(gaps) if len(gaps) else 0.0
    for digits in range(3, 18):
        texts = [_short(f"{value:.{digits}g}") for value in values]
        if all(abs(float(text) - value) <= near for text, value in zip(texts, values, strict=True)):
            break
    return texts


def _mark_default(axes: Axes, of: Mapped) -> None:
    """Mark the default setting with a cross, where the map shows it."""
    at = of.x.share(of.x.default), of.y.share(of.y.default)
    if all(0.0 <= share <= 1.0 for share in at):
        axes.plot(*at, "X", markersize=9, color="white", markeredgecolor="black", zorder=5)


def _legend(figure: Figure, scale: colours.ColourScale, of: Mapped, top: float) -> None:
    """Draw the colours of one outcome with the numbers at their ends."""
    left = LEFT + SIDE + 0.2
    words, numbers = WORDS[scale.outcome]
    if scale.outcome == WENT_ON:
        numbers = of.value_text
    text = f"{words}: {100 * scale.share:.3g} %"
    style.add_text(figure, left, top - 0.12, text, color=INK)
    if not scale.share:
        return
    style.add_text(figure, left, top - 0.3, numbers, color=SOFT, fontsize="small")
    bar = style.add_axes(figure, left, top - 1.22, 0.16, 0.82)
    bar.grid(False)
    bar.imshow(
        scale.colours[:, np.newaxis], origin="lower", extent=(0, 1, 0, 1), aspect="auto"
    )  # fmt: skip
    bar.set_xticks([])
    bar.yaxis.tick_right()
    style.ticks(bar.yaxis, *legend_ticks(scale))


def legend_ticks(scale: colours.ColourScale) -> tuple[list[float], list[str]]:
    """Return the places and texts of the numbers at the ends and in the middle of a scale."""
    if not scale.low < scale.high:
        return [0.0], [_number(scale, scale.low)]
    values = [scale.low, float(np.sqrt(scale.low * scale.high)), scale.high]
    low, middle, high = (_number(scale, value) for value in values)
    return [0.0, 0.5, 1.0], [f"≤ {low}", middle, f"≥ {high}"]


def _number(scale: colours.ColourScale, value: float) -> str:
    if scale.outcome == WENT_ON:
        return _short(f"{value:.2g}" if value < 100 else f"{value:.3g}")
    return f"{round(value) - 1:,}"  # colours number steps from 1, so that their logarithm is finite


def _short(number: str) -> str:
    """Return a number's text without what exponents are padded with: 1e-5, 3e7."""
    return number.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
