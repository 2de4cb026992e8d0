"""Tables: tidy CSV files with full precision, and the rows of the page's tables."""

import math
from pathlib import Path

from optbench.report.figures.numbers import MISSING, count, percent, text
from optbench.report.statistics.parts import PARTS
from optbench.report.statistics.verdict_table import common_verdicts

FILES = ("convergence", "sensitivity", "lanes", "skipped", "problems", "layers", "labels")
"""Frames that are written; those of nets only where there are nets."""

COLUMNS = (
    ("problem", "text", "problem and dimension"),
    ("optimizer", "text", ""),
    ("reached target", "pair", "scoring lanes that reached the target, with Wilson's interval"),
    ("evaluations", "number", "gradient evaluations to the target, median over lanes"),
    ("median final gap", "pair", "median over lanes, with its 95 % interval; nets: training loss"),
    ("tuned lr", "pair", "the rate with the best tuning score"),
    ("diverged", "number", "scoring lanes that stopped being finite; they count as failures"),
    ("declared start", "pair", "seed 0 by itself: median gap, share that reached the target"),
)
"""Name, kind and explanation of each column of the convergence table.

A pair is a number with a note beside it.
"""


def write(folder, frames, convergence):
    """Write the CSV tables; `convergence` is in the order of the page."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        frame = convergence if name == "convergence" else frames[name]
        if name in ("layers", "labels") and not len(frame):
            continue
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def cell(shown, value=None, *, note="", flag="", flag_words="", alarm=False):
    """Return one cell: what is shown, what it is sorted by, a note, and a warning."""
    if value is None:
        value = shown
    elif math.isnan(value):
        value = math.inf
    return {
        "shown": shown,
        "value": {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, str(value)),
        "note": note,
        "flag": flag,
        "flag_words": flag_words,
        "alarm": alarm,
    }


def interval(low, high, form):
    """Return ``[low, high]``, or nothing when either end is missing."""
    return "" if math.isnan(low) or math.isnan(high) else f"[{form(low)}, {form(high)}]"


def success(row):
    """Return the cell of the share of lanes that reached the target."""
    share = row.success_share
    if math.isnan(share):
        return cell(MISSING, math.inf)
    lanes = 0 if math.isnan(row.lanes) else int(row.lanes)
    note = f"{round(share * lanes)} of {lanes} " if lanes else ""
    note += interval(row.success_low, row.success_high, lambda v: f"{100 * v:.0f}")
    if not math.isnan(row.basin_share):
        note += f"; in the global basin {percent(row.basin_share)}"
    # Negative, so that sorting upwards puts the best first as in every other column.
    return cell(percent(share), -share, note=note.strip())


def evaluations(row):
    """Return the cell of the evaluations to the target."""
    value = row.evaluations_to_target
    if math.isinf(value):
        return cell("not reached", value)
    return cell(MISSING if math.isnan(value) else count(round(value)), value)


def final_gap(row):
    """Return the cell of the final gap; of the value itself where no reference is known."""
    if math.isnan(row.median_gap) and not math.isnan(row.median_f):
        return cell(MISSING, math.inf, note=f"f = {text(row.median_f)}")
    return cell(
        text(row.median_gap), row.median_gap, note=interval(row.gap_low, row.gap_high, text)
    )


def extension(row):
    """Return words for how far the grid of rates was extended."""
    decades = f"{row.extended} decade{'' if row.extended == 1 else 's'}"
    return f"the best rate met the edge of the grid, which was extended by {decades}"


def declared_start(row):
    """Return the cell of seed 0."""
    value = row.seed0_gap
    if math.isnan(value):
        return cell(MISSING, value)
    reached = row.seed0_success
    known = reached is not None and not (isinstance(reached, float) and math.isnan(reached))
    if not known:
        return cell(text(value), value)
    return cell(text(value), value, note=percent(float(reached)))


def convergence_rows(convergence, slugs):
    """Return the rows of the convergence table.

    Parameters
    ----------
    convergence : DataFrame
        In the order of the page.
    slugs : dict
        label -> anchor of its section.
    """
    rows = []
    for row in convergence.itertuples(index=False):
        diverged = 0 if math.isnan(row.diverged) else int(row.diverged)
        edge = bool(row.at_edge)
        rows.append(
            {
                "slug": slugs[row.label],
                "label": row.label,
                "cells": [
                    cell(row.label),
                    cell(row.optimizer),
                    success(row),
                    evaluations(row),
                    final_gap(row),
                    cell(
                        text(row.lr),
                        row.lr,
                        flag="edge" if edge else "",
                        flag_words=extension(row) if edge else "",
                    ),
                    cell(
                        f"{diverged} of {int(row.total_lanes)}",
                        float(diverged),
                        alarm=diverged > 0,
                    ),
                    declared_start(row),
                ],
            }
        )
    return rows


def parts_rows(rows, verdicts):
    """Return losses, accuracies and verdicts of one data problem or net, a row an optimizer.

    Parameters
    ----------
    rows : DataFrame
        Of the convergence table, in the order of the page.
    verdicts : DataFrame
        On the problem's training curves.
    """
    common = common_verdicts(verdicts)
    return [
        {
            "optimizer": row.optimizer,
            "losses": [text(getattr(row, f"{part}_loss")) for part in PARTS],
            "gap": text(row.generalisation_gap),
            "accuracies": [_accuracy(getattr(row, f"{part}_accuracy")) for part in PARTS],
            "verdict": common.get(row.optimizer),
        }
        for row in rows.itertuples(index=False)
    ]


def _accuracy(value):
    return MISSING if math.isnan(value) else f"{100 * value:.1f} %"
