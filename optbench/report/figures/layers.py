"""What goes on inside a net: statistics of its layers through training, and its weights."""

import numpy as np

from optbench.report.figures import style
from optbench.report.figures.draw import Job
from optbench.report.figures.numbers import short

WIDTH = 12.0
GAP = 0.3
"""Inches between columns: the ticks of neighbours must not meet."""
MOST_LAYERS = 6
ROWS = (
    ("mean", "activation:\nmean", False),
    ("std", "activation:\nstd", False),
    ("saturated", "saturated\nshare", False),
    ("dead", "dead units:\nshare", False),
    ("gradient_norm", "gradient\nnorm", True),
    ("update_ratio", "update /\nweight", True),
)
"""Column, words and whether the axis is logarithmic."""
DECADES = 8
"""Of a logarithmic axis at most: what is smaller is drawn at the lower edge."""


def shown(layers):
    """Return at most `MOST_LAYERS` of the layers: both ends, and some between."""
    every = np.linspace(0, len(layers) - 1, min(MOST_LAYERS, len(layers)))
    return [layers[round(i)] for i in every]


def jobs(facts, slug, layers, styles):
    """Return the jobs of a net whose rows of the frame of layers are given."""
    if not len(layers):
        return []
    numbers = shown(sorted(layers["layer"].unique().tolist()))
    kept = layers[layers["layer"].isin(numbers)]
    curves, weights = {}, {}
    for (name, layer), rows in kept.groupby(["optimizer", "layer"], observed=True):
        rows = rows.sort_values("step")
        made = {column: rows[column].to_numpy(float) for column, _, _ in ROWS}
        made["dead"] = made["dead"] / rows["units"].to_numpy(float)
        curves[name, layer] = {"step": rows["step"].to_numpy(), **made}
        weights[name, layer] = [
            (row.step, row.weight_low, row.weight_high, np.array(row.weight_counts))
            for row in (rows.iloc[0], rows.iloc[-1])
        ]
    units = kept.groupby("layer")["units"].first().to_dict()
    last = int(layers["layer"].max())
    cut = f" ({len(numbers)} of {last} layers)" if len(numbers) < last else ""
    common = {
        "label": facts.label + cut,
        "titles": {n: f"layer {n}, {units[n]} units" + ", output" * (n == last) for n in numbers},
        "styles": {name: styles[name] for name, _ in curves},
    }
    return [
        Job(
            f"layers-{slug}", draw_layers, common | {"curves": curves},
            f"{facts.label}: activations, gradients and updates of each layer through training",
        ),
        Job(
            f"weights-{slug}", draw_weights, common | {"weights": weights},
            f"{facts.label}: weights of each layer at initialisation and at the end",
        ),
    ]  # fmt: skip


def draw_layers(*, label, titles, styles, curves):
    """Return small multiples: a row for each statistic, a column for each layer.

    Parameters
    ----------
    label : str
    titles : dict
        layer -> words.
    styles : dict
    curves : dict
        (optimizer, layer) -> dict of arrays: step and the columns of `ROWS`.
    """
    rows = [row for row in ROWS if _says_something(curves, row[0])]
    drawn_columns = [column for column, _, _ in rows]
    left_out = [
        words.replace("\n", " ") for column, words, _ in ROWS if column not in drawn_columns
    ]
    tall, gap, foot = 0.95, 0.16, 0.86
    lines = -(-len(styles) // 6)
    height = foot + len(rows) * (tall + gap) + 0.52 + 0.2 * lines
    made = style.figure(WIDTH, height)
    across = (WIDTH - 1.1 - 0.15) / len(titles)
    steps = np.concatenate([one["step"] for one in curves.values()])
    for r, (column, words, logarithmic) in enumerate(rows):
        bottom = foot + (len(rows) - 1 - r) * (tall + gap)
        low, high = _limits(curves, column, logarithmic)
        for c, layer in enumerate(titles):
            drawn = style.axes(made, 1.1 + c * across, bottom, across - GAP, tall)
            for i, (name, looks) in enumerate(styles.items()):
                _draw_line(drawn, curves.get((name, layer)), column, looks, i, low)
            if all(np.isnan(one[column]).all() for (_, n), one in curves.items() if n == layer):
                drawn.set_axis_off()
                drawn.text(
                    0.5, 0.5, "not for outputs", transform=drawn.transAxes, fontsize=8,
                    color=style.SOFT, ha="center", va="center",
                )  # fmt: skip
                continue
            style.evaluation_axis(drawn, steps, "step", most=4)
            if logarithmic:
                style.log_axis(drawn, "y", low, high, most=4)
            else:
                drawn.set_ylim(low, high)
            if r < len(rows) - 1:
                drawn.set_xlabel("")
                drawn.tick_params(axis="x", labelbottom=False)
            if r == 0:
                drawn.set_title(titles[layer], fontsize=9)
            if c == 0:
                drawn.set_ylabel(words, fontsize=8.5)
            else:
                drawn.tick_params(axis="y", labelleft=False)
    style.words(
        made, 0.12, height - 0.22, f"{label}: what goes on inside", fontsize=11, weight="bold",
        va="center",
    )  # fmt: skip
    _name(made, styles, height - 0.48)
    note = (
        "One lane, seed 0, at the tuned rate. Saturated: slope below 5 % of the largest (of a "
        "ReLU: inactive); dead: below 0.1 % for every example. Update / weight: size of the one "
        "step that led to the point over that of the weights."
    )
    if any((one["update_ratio"] == 0).any() for one in curves.values()):
        note += " No update at all (frozen weights) is drawn at the lower edge."
    if left_out:
        note += f" Nothing to show of: {', '.join(left_out)}."
    style.words(made, 0.12, 0.1, note, fontsize=7.5, color=style.SOFT, va="bottom", wrap=True)
    return made


def _says_something(curves, column):
    values = np.concatenate([one[column] for one in curves.values()])
    return bool(np.nan_to_num(values).any())


def _limits(curves, column, logarithmic):
    values = np.concatenate([one[column] for one in curves.values()])
    values = values[np.isfinite(values)]
    if column in ("saturated", "dead"):
        return -0.03, 1.03
    if logarithmic:
        values = values[values > 0]
        high = values.max() * 2
        return max(values.min() / 2, high * 10.0**-DECADES), high
    margin = 0.06 * (np.ptp(values) or 1.0)
    return values.min() - margin, values.max() + margin


def _draw_line(drawn, one, column, looks, number, low):
    if one is None or np.isnan(one[column]).all():
        return
    drawn.plot(
        one["step"], np.maximum(one[column], low), color=looks.colour, linestyle=looks.line,
        linewidth=1.3, marker=looks.marker, markersize=3.2, markeredgewidth=0,
        markevery=(number % 3, 3),
    )  # fmt: skip


def _name(made, styles, y):
    """Write the optimizers with their lines, six a row, below the title."""
    width = (WIDTH - 0.3) / 6
    across, up = made.get_size_inches()
    for i, (name, looks) in enumerate(styles.items()):
        x, at = 0.15 + (i % 6) * width, y - 0.2 * (i // 6)
        drawn = made.add_axes((x / across, (at - 0.06) / up, 0.34 / across, 0.12 / up))
        drawn.set_axis_off()
        drawn.plot([0, 1, 2], [0, 0, 0], color=looks.colour, linestyle=looks.line, linewidth=1.5,
                   marker=looks.marker, markersize=4, markeredgewidth=0, markevery=[1])  # fmt: skip
        style.words(made, x + 0.42, at, short(name, 20), fontsize=8.5, va="center")


def draw_weights(*, label, titles, styles, weights):
    """Return histograms: a row for each optimizer, a column for each layer.

    Parameters
    ----------
    label : str
    titles, styles : dict
    weights : dict
        (optimizer, layer) -> [(step, low, high, counts)] of the first and the last point.
    """
    tall, gap, foot = 0.62, 0.16, 0.86
    height = foot + len(styles) * (tall + gap) + 0.62
    made = style.figure(WIDTH, height)
    across = (WIDTH - 1.6 - 0.15) / len(titles)
    for c, layer in enumerate(titles):
        ends = [(low, high) for (_, n), both in weights.items() if n == layer
                for _, low, high, _ in both]  # fmt: skip
        low, high = np.min(ends), np.max(ends)
        margin = 0.03 * (high - low) or 0.5
        for r, (name, looks) in enumerate(styles.items()):
            bottom = foot + (len(styles) - 1 - r) * (tall + gap)
            drawn = style.axes(made, 1.6 + c * across, bottom, across - GAP, tall)
            both = weights.get((name, layer), [])
            for (_, *one), colour, filled in zip(both, ("#b8b8b8", looks.colour), (1, 0),
                                                 strict=False):  # fmt: skip
                _draw_density(drawn, *one, colour, filled)
            drawn.set_xlim(low - margin, high + margin)
            drawn.set(yticks=[], ylim=(0, None))
            drawn.spines["left"].set_visible(False)
            style.ticks(drawn.xaxis, *_round_ticks(low, high))
            if r < len(styles) - 1:
                drawn.tick_params(axis="x", labelbottom=False)
            else:
                drawn.set_xlabel("weight")
            if r == 0:
                drawn.set_title(titles[layer], fontsize=9)
            if c == 0:
                style.words(made, 0.12, bottom + tall / 2, short(name, 20), fontsize=8.5,
                            va="center")  # fmt: skip
    style.words(
        made, 0.12, height - 0.22, f"{label}: weights at initialisation and at the end",
        fontsize=11, weight="bold", va="center",
    )  # fmt: skip
    style.words(
        made, 0.12, 0.1, "Grey: at initialisation, the same for all. Line: at the end, or at the "
        "last point before the lane diverged. Areas are equal; seed 0 at the tuned rate.",
        fontsize=7.5, color=style.SOFT, va="bottom",
    )  # fmt: skip
    return made


def _draw_density(drawn, low, high, counts, colour, filled):
    edges = np.linspace(low, high, len(counts) + 1)
    width = (edges[1] - edges[0]) or 1.0
    heights = counts / (counts.sum() * width)
    if filled:
        drawn.stairs(heights, edges, fill=True, color=colour, linewidth=0)
    else:
        drawn.stairs(heights, edges, color=colour, linewidth=1.2)


def _round_ticks(low, high):
    from matplotlib.ticker import MaxNLocator

    places = [v for v in MaxNLocator(4).tick_values(low, high) if low <= v <= high]
    return places, [f"{v:g}" for v in places]
