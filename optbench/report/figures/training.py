"""Training curves of data problems and nets: loss and accuracy on each part of the data."""

import numpy as np

from optbench.report.figures import style
from optbench.report.figures.curves import EDGE, draw_bands, draw_ladder, heights, reaches_edge
from optbench.report.statistics.intervals import median
from optbench.report.statistics.parts import PARTS

WIDTH = 12.0
SHOWN = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)


def nines(accuracy):
    """Return accuracy on the scale -log10(1 - accuracy), which keeps 98 % and 99 % apart."""
    return -np.log10(np.clip(1.0 - np.asarray(accuracy, dtype=float), 1e-3, 1.0))


def draw(*, label, losses, accuracies, styles):
    """Return the figure of one data problem or net.

    Parameters
    ----------
    label : str
    losses, accuracies : dict
        part -> optimizer -> `reduce.Band`.
    styles : dict
    """
    rows = [("loss", losses)] + ([("accuracy", accuracies)] if _any(accuracies) else [])
    tall = max(1.9, 0.15 * max(len(bands) for bands in losses.values()))  # room for the ladder
    height = 1.2 + len(rows) * (tall + 0.3)
    made = style.figure(WIDTH, height)
    for r, (what, parts) in enumerate(rows):
        bottom = 0.85 + (len(rows) - 1 - r) * (tall + 0.3)
        panels = [style.axes(made, 0.78 + 3.15 * c, bottom, 2.85, tall) for c in range(3)]
        _share_scale(panels, what, parts)
        for c, (part, drawn) in enumerate(zip(PARTS, panels, strict=True)):
            bands = parts.get(part, {})
            draw_bands(drawn, bands, styles, transform=_transform(what), shade=0.09)
            evaluations = [b.evaluations for b in bands.values()] or [np.empty(0)]
            style.evaluation_axis(drawn, np.concatenate(evaluations), most=5)
            if r < len(rows) - 1:
                drawn.set_xlabel("")
                drawn.tick_params(axis="x", labelbottom=False)
            if r == 0:
                drawn.set_title(f"{part} part", fontsize=9)
            if c == 0:
                drawn.set_ylabel(what)
            else:
                drawn.tick_params(axis="y", labelleft=False)
        ladder = style.axes(made, 0.78 + 3.15 * 2 + 2.87, bottom, 2.0, tall)
        bands = parts.get("test", {})
        draw_ladder(ladder, heights(panels[2], bands, _transform(what)), styles, length=20)
    style.words(
        made, 0.12, height - 0.25, f"{label}: training, validation and test", fontsize=11,
        weight="bold", va="center",
    )  # fmt: skip
    note = (
        "Line: median over lanes, band: middle half. Learning rates were tuned without the test "
        "part. Names stand where the test curves end."
    )
    everything = [b for _, parts in rows for bands in parts.values() for b in bands.values()]
    if any(map(reaches_edge, everything)):
        note += f" {EDGE.capitalize()}."
    style.words(
        made, 0.12, 0.1, note,
        fontsize=7.5, color=style.SOFT, va="bottom",
    )  # fmt: skip
    return made


def _any(parts):
    return any(parts.get(part) for part in PARTS)


def _transform(what):
    return nines if what == "accuracy" else _same


def _same(values):
    return values


def _share_scale(panels, what, parts):
    """Give the panels of one row the same y axis, so that parts compare."""
    medians = [b.median for part in PARTS for b in parts.get(part, {}).values()]
    finite = np.concatenate([m[np.isfinite(m)] for m in medians]) if medians else np.empty(0)
    for drawn in panels:
        if not len(finite):
            drawn.set_yticks([])
        elif what == "accuracy":
            low, high = nines(finite.min()) - 0.05, nines(finite.max()) + 0.1
            shown = [a for a in SHOWN if low <= nines(a) <= high]
            style.ticks(drawn.yaxis, [nines(a) for a in shown], [f"{100 * a:g} %" for a in shown])
            drawn.set_ylim(low, high)
        else:
            start = median([m[0] for m in medians])
            low, high, _ = style.log_limits(start, finite)
            style.log_axis(drawn, "y", max(low, 1e-6 * high), high, most=6)
