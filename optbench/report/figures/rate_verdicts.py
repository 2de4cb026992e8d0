"""Which learning rates were too high and which too low: the label of a curve at every rate."""

import numpy as np

from optbench.report.figures import style
from optbench.report.figures.draw import Job
from optbench.report.figures.numbers import short, text
from optbench.report.statistics import curve_verdicts

LOOKS = {
    curve_verdicts.TOO_LOW: ("#56B4E9", style.INK, "↓"),
    curve_verdicts.CONVERGING: ("#009E73", "white", "✓"),
    curve_verdicts.OVERFITTING: ("#F0E442", style.INK, "o"),
    curve_verdicts.SATURATED: ("#CC79A7", style.INK, "s"),
    curve_verdicts.TOO_HIGH: ("#D55E00", "white", "↑"),
    curve_verdicts.DIVERGED: ("#000000", "white", "×"),
}
"""Label -> colour, colour of the sign, sign; from the lowest rates to the highest."""
WIDTH = 12.0


def job(facts, slug, swept, convergence):
    """Return the job of a net, in a list, or nothing if no rate was labelled.

    Parameters
    ----------
    facts : namedtuple
    slug : str
    swept : DataFrame
        Rows of the frame of labels, of the net's tuning lanes.
    convergence : DataFrame
        The net's rows, which have the tuned rates.
    """
    if not len(swept):
        return []
    signs = {
        name: (rows["lr"].to_numpy(float), rows["verdict"].tolist())
        for name, rows in swept.sort_values("lr").groupby("optimizer", observed=True)
    }
    tuned = dict(zip(convergence["optimizer"], convergence["lr"].astype(float), strict=True))
    return [
        Job(
            f"rates-{slug}", draw, {"label": facts.label, "signs": signs, "tuned": tuned},
            f"{facts.label}: the label of the training curve at every learning rate",
        )
    ]  # fmt: skip


def table_rows(swept):
    """Return the evidence at every rate: dicts of optimizer, lr, verdict and evidence."""
    ordered = swept.sort_values(["optimizer", "lr"], kind="stable")
    return [
        {"optimizer": row.optimizer, "lr": text(row.lr), "verdict": row.verdict,
         "evidence": row.evidence}
        for row in ordered.itertuples(index=False)
    ]  # fmt: skip


def draw(*, label, signs, tuned):
    """Return a strip of signs for each optimizer.

    Parameters
    ----------
    label : str
    signs : dict
        optimizer -> (rates [n], labels [n]).
    tuned : dict
        optimizer -> the rate that was chosen, which gets a frame.
    """
    tall, foot = 0.3, 0.86
    height = foot + tall * len(signs) + 0.72
    made = style.figure(WIDTH, height)
    drawn = style.axes(made, 1.9, foot, WIDTH - 2.1, tall * len(signs))
    rates = np.unique(np.concatenate([lr for lr, _ in signs.values()]))
    logs = np.log10(rates)
    half = 0.46 * min(np.diff(logs).min() if len(logs) > 1 else 1.0, 0.6)
    for row, (name, (lr, verdicts)) in enumerate(signs.items()):
        for rate, verdict in zip(np.log10(lr), verdicts, strict=True):
            colour, ink, sign = LOOKS[verdict]
            drawn.barh(row, 2 * half, left=rate - half, height=0.8, color=colour, linewidth=0)
            drawn.text(rate, row, sign, color=ink, fontsize=9, ha="center", va="center")
        if name in tuned:
            at = np.log10(tuned[name])
            drawn.barh(row, 2 * half, left=at - half, height=0.8, fill=False,
                       edgecolor=style.INK, linewidth=2.2)  # fmt: skip
    drawn.grid(False)
    drawn.spines["left"].set_visible(False)
    places = style.log_ticks(rates[0] / 1.01, rates[-1] * 1.01) if len(rates) > 1 else rates
    style.ticks(drawn.xaxis, np.log10(places), [style.power(v) for v in places])
    style.ticks(drawn.yaxis, range(len(signs)), [short(name, 24) for name in signs])
    drawn.tick_params(axis="y", length=0, labelsize=8.5)
    drawn.set(xlim=(logs[0] - 1.5 * half, logs[-1] + 1.5 * half), ylim=(len(signs) - 0.45, -0.55))
    drawn.set_xlabel("learning rate")
    style.words(
        made, 0.12, height - 0.22, f"{label}: which learning rates were too high, which too low",
        fontsize=11, weight="bold", va="center",
    )  # fmt: skip
    _name(made, height - 0.5)
    style.words(
        made, 0.12, 0.1, "One lane at every rate: seed 0 on the first tuning instance. Frame: the "
        "tuned rate. The evidence is in the table.", fontsize=7.5, color=style.SOFT, va="bottom",
    )  # fmt: skip
    return made


def _name(made, y):
    """Write what the signs mean, below the title."""
    for i, (verdict, (colour, ink, sign)) in enumerate(LOOKS.items()):
        x = 0.2 + i * (WIDTH - 0.3) / len(LOOKS)
        style.words(
            made, x, y, sign, color=ink, fontsize=9, va="center", ha="center",
            family="DejaVu Sans Mono",
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 2.5},
        )  # fmt: skip
        style.words(made, x + 0.17, y, verdict, fontsize=8.5, va="center")
