"""What goes on inside a net: statistics of its layers through training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures import framing, palette, style, weights
from optbench.report.figures.draw import Job
from optbench.report.figures.layer_statistics import STATISTICS, Statistic, some_of
from optbench.report.figures.palette import Style
from optbench.report.figures.panels import Panels, name_panel
from optbench.report.statistics.rows import ProblemRow

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


DECADES = 8
"""Of a logarithmic axis at most: what is smaller is drawn at the lower edge."""
SHARES = ("saturated", "dead")
"""Statistics that lie between 0 and 1."""
RISES = {True: 1e4, False: 30.0}
"""How many times the largest first value a logarithmic axis and a linear one show."""

Curves: TypeAlias = Mapping[tuple[str, int], Mapping[str, NDArray[np.float64]]]
"""(optimizer, layer) -> arrays: step and the columns of `STATISTICS`."""


def jobs(
    facts: ProblemRow, slug: str, layers: pd.DataFrame, styles: Mapping[str, Style]
) -> list[Job]:
    """Return the jobs of a net whose rows of the frame of layers are given."""
    if not len(layers):
        return []
    curves, histograms = {}, {}
    for (name, layer), own in layers.groupby(["optimizer", "layer"], observed=True):
        by_step = own.sort_values("step")
        curves[name, layer] = _curves(by_step)
        histograms[name, layer] = weights.ends(by_step)
    columns = layers.groupby("layer")[["units", "name"]].first()
    last = int(layers["layer"].max())
    common = {
        "label": facts.label,
        "titles": {
            n: name + ", output" * (n == last) + f"\n{units} units"
            for n, units, name in columns.itertuples()
        },
        "styles": {name: styles[name] for name, _ in curves},
    }
    return [
        Job(
            f"layers-{slug}", draw, common | {"curves": curves},
            f"{facts.label}: activations, gradients and updates of each layer through training",
        ),
        Job(
            f"weights-{slug}", weights.draw, common | {"weights": histograms},
            f"{facts.label}: weights of each layer at initialisation and at the end",
        ),
    ]  # fmt: skip


def _curves(rows: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return the arrays of one layer of one optimizer; of dead units the share."""
    arrays = {column: rows[column].to_numpy(float) for column, _, _ in STATISTICS}
    arrays["dead"] = arrays["dead"] / rows["units"].to_numpy(float)
    return {"step": rows["step"].to_numpy(), **arrays}


def draw(
    *,
    label: str,
    titles: Mapping[int, str],
    styles: Mapping[str, Style],
    curves: Curves,
    width: float = 12.0,
) -> Figure:
    """Return small multiples: a row for each statistic, a column for each layer.

    Parameters
    ----------
    label : str
    titles : dict
        layer -> words.
    styles : dict
    curves : dict
    width : float
        Inches.
    """
    titles, some = some_of(titles, width)
    curves = {key: arrays for key, arrays in curves.items() if key[1] in titles}
    statistics = [
        statistic for statistic in STATISTICS if _says_something(curves, statistic.column)
    ]
    panels = Panels(len(statistics), len(titles), width, left=0.9, tall=0.95)
    figure = panels.figure()
    steps = np.concatenate([arrays["step"] for arrays in curves.values()])
    for r, statistic in enumerate(statistics):
        limits, is_first = _limits(curves, statistic), True
        for c, layer in enumerate(titles):
            axes = panels.add(figure, r, c)
            of_layer = {name: arrays for (name, n), arrays in curves.items() if n == layer}
            if _draw_statistic(axes, statistic.column, of_layer, styles, limits[0]):
                _scale(axes, steps, statistic.logarithmic, limits, panels.inner)
                name_panel(axes, r == len(statistics) - 1, titles[layer] if r == 0 else "")
                axes.tick_params(axis="y", labelleft=is_first)
                is_first = False
            if c == 0:
                axes.set_ylabel(statistic.words, fontsize=style.points(8.5))
    title = f"{label}{some}: what goes on inside"
    framing.frame(figure, title, _layers_note(curves, statistics), framing.line_entries(styles))
    return figure


def _says_something(curves: Curves, column: str) -> bool:
    """Tell whether a statistic is anything but 0 and NaN somewhere."""
    values = np.concatenate([arrays[column] for arrays in curves.values()])
    return bool(np.nan_to_num(values).any())


def _limits(curves: Curves, statistic: Statistic) -> tuple[float, float]:
    """Return the limits of the y axis that the panels of a statistic share."""
    if statistic.column in SHARES:
        return -0.03, 1.03
    values = _near_the_first([arrays[statistic.column] for arrays in curves.values()], statistic)
    if statistic.logarithmic:
        values = values[values > 0]
        high = float(values.max()) * 2
        return max(float(values.min()) / 2, high * 10.0**-DECADES), high
    margin = 0.06 * (float(np.ptp(values)) or 1.0)
    return float(values.min()) - margin, float(values.max()) + margin


def _near_the_first(
    curves: Sequence[NDArray[np.float64]], statistic: Statistic
) -> NDArray[np.float64]:
    """Return the values that an axis is made for: not those of a lane about to overflow."""
    finite = [own[np.isfinite(own)] for own in curves]
    values, first = np.concatenate(finite), [abs(own[0]) for own in finite if len(own)]
    # Means of activations begin at 0, and are of the size of 1 later.
    size = max([*first, 0.0 if statistic.logarithmic else 1.0])
    most = RISES[statistic.logarithmic] * size
    return values[np.abs(values) <= most] if most > 0.0 else values


def _draw_statistic(
    axes: Axes,
    column: str,
    curves: Mapping[str, Mapping[str, NDArray[np.float64]]],
    styles: Mapping[str, Style],
    low: float,
) -> bool:
    """Draw a line for each optimizer; return False if the layer has no such statistic."""
    if all(np.isnan(arrays[column]).all() for arrays in curves.values()):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.text(
            0.5, 0.5, "no activation", transform=axes.transAxes, fontsize=style.points(8),
            color=palette.SOFT, ha="center", va="center",
        )  # fmt: skip
        return False
    for i, (name, looks) in enumerate(styles.items()):
        arrays = curves.get(name)
        if arrays is not None and not np.isnan(arrays[column]).all():
            axes.plot(
                arrays["step"], np.maximum(arrays[column], low), color=looks.colour,
                linestyle=looks.line, linewidth=1.3, marker=looks.marker, markersize=3.2,
                markeredgewidth=0, markevery=(i % 3, 3),
            )  # fmt: skip
    return True


def _scale(
    axes: Axes, steps: NDArray[np.float64], logarithmic: bool, limits: tuple[float, float],
    inner: float,
) -> None:  # fmt: skip
    style.evaluation_axis(axes, steps, "step", most=min(4, style.most_ticks(inner)))
    if logarithmic:
        style.log_axis(axes, "y", *limits, most=4)
    else:
        axes.set_ylim(*limits)


def _layers_note(curves: Curves, statistics: Sequence[Statistic]) -> str:
    note = (
        "One lane (instance 0, seed 0), tuned. Saturated: slope below 5 % of the largest (of a "
        "ReLU: inactive); dead: below 0.1 % for every example. Update / weight: size of the one "
        "step that led to the point over that of the weights."
    )
    if any((arrays["update_ratio"] == 0).any() for arrays in curves.values()):
        note += " No update at all (frozen weights) is drawn at the lower edge."
    every = [(one, [arrays[one.column] for arrays in curves.values()]) for one in statistics]
    if any(_near_the_first(own, one).size < np.isfinite(np.concatenate(own)).sum()
           for one, own in every if one.column not in SHARES):  # fmt: skip
        note += (
            f" Cut off: what is more than {RISES[True]:,.0f} times (of means: {RISES[False]:g} "
            "times) the largest first value."
        )
    left_out = [one.words.replace("\n", " ") for one in STATISTICS if one not in statistics]
    return note + (f" Nothing to show of: {', '.join(left_out)}." if left_out else "")
