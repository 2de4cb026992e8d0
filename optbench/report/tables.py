"""Tables: files with full precision, and the rows of the page's tables."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.kernels.status import PART_NAMES
from optbench.report import column_files
from optbench.report.figures.numbers import MISSING, count, counted, percent, text
from optbench.report.statistics.intervals import attained_level
from optbench.report.statistics.rows import ConvergenceRow, Frames, tuned_settings
from optbench.report.statistics.verdict_table import common_verdicts

if TYPE_CHECKING:
    import pandas as pd

TUNING = (
    "regret", "good_settings", "rulesets", "narrowing", "axes", "slopes", "perturbations",
    "discrimination", "subset",
)  # fmt: skip
"""What tuning is worth, and whether orders hold elsewhere."""
MERIT = ("merit", "running_times", "profiles", "left_out")
"""Figures of merit over problems."""
CSV = (
    "kinds", "convergence", "failures", "sensitivity", "skipped", "problems", "comparisons",
    "control", "containment", "layers", "instruments", "labels", "ladders", "levels", *TUNING,
    *MERIT, "against",
)  # fmt: skip
"""Frames that are written as CSV; `OPTIONAL` ones only where they have rows."""
OPTIONAL = ("layers", "instruments", "labels", "perturbations", "ladders", "levels")
LANES = "lanes.npz"
TIMES = ["seconds_per_evaluation"]
"""Columns that are not written: times differ from run to run, and all else has the same bytes."""
FOLLOWS = (
    "problem", "dim", "budget", "dtype", "device", "kind", "gap_final", "gap_best", "touched",
)  # fmt: skip
"""Columns of lanes that are not written: they follow from others, or from the label."""
LIKE = {"f_best": "f_final"}
"""Columns of lanes that mostly equal another: the last point is the best one."""
MOST_ROWS = 100_000
"""Of a CSV file; a longer table is written as `column_files` are."""

COLUMNS = (
    ("problem", "text", "problem and dimension"),
    ("optimizer", "text", ""),
    ("reached target", "pair", "lanes that did, Wilson's interval; that touched it; in the basin"),
    ("evaluations", "number", "gradient evaluations to the target, median over lanes"),
    ("median final gap", "pair", "median over lanes, its 95 % interval; nets: training loss"),
    ("tuned lr", "pair", "the rate with the best tuning score"),
    ("diverged", "number", "scoring lanes that stopped being finite; they count as failures"),
    ("declared start", "pair", "instance 0 from its declared start, by itself: gap, and its end"),
    ("default", "pair", "the default setting on the same lanes: reached target, evaluations"),
)
"""Name, kind and explanation of each column of the convergence table.

A pair is a number with a note beside it.
"""


@dataclass(frozen=True)
class Cell:
    """A cell of the convergence table.

    Attributes
    ----------
    content : str
    value : str
        What JavaScript sorts it by.
    note : str
        Words beside it.
    flag, flag_words : str
        A warning, and what it means.
    alarm : bool
        Whether it is shown in the colour of failures.
    """

    content: str
    value: str
    note: str = ""
    flag: str = ""
    flag_words: str = ""
    alarm: bool = False


def files(frames: Frames) -> dict[str, str]:
    """Return table -> the name of its file, for the tables that are written.

    Parameters
    ----------
    frames : mapping of str to DataFrame
    """
    names = [name for name in CSV if name in frames and (name not in OPTIONAL or len(frames[name]))]
    return {name: file_name(name, frames[name]) for name in names} | {"lanes": LANES}


def file_name(name: str, frame: pd.DataFrame) -> str:
    """Return the name of a table's file."""
    return LANES if name == "lanes" else f"{name}.{'npz' if len(frame) > MOST_ROWS else 'csv'}"


def write(
    folder: Path, frames: Frames, convergence: pd.DataFrame,
    contents: Mapping[str, Callable[[], bytes]] | None = None,
) -> None:  # fmt: skip
    """Write the tables.

    Parameters
    ----------
    folder : path
    frames : mapping of str to DataFrame
    convergence : DataFrame
        In the order of the page.
    contents : dict, optional
        Table -> what gives what its file holds, where that is not made from the frames here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in files(frames).items():
        if contents is not None and name in contents:
            (folder / file).write_bytes(contents[name]())
        else:
            frame = _own(convergence) if name == "convergence" else frames[name]
            (folder / file).write_bytes(content(file, frame))


def content(file: str, frame: pd.DataFrame) -> bytes:
    """Return what the file of a table holds; its suffix says in which form."""
    frame = frame.drop(columns=TIMES, errors="ignore")
    if file.endswith(".csv"):
        return str(frame.to_csv(index=False, lineterminator="\n")).encode()
    left_out, like = (FOLLOWS, LIKE) if file == LANES else ((), {})
    held = io.BytesIO()
    columns = [column for column in frame if column not in left_out]
    column_files.write(held, frame, columns, like)
    return held.getvalue()


def _own(convergence: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the run itself, without those of stored results."""
    if "stored" not in convergence:
        return convergence
    return convergence[~convergence["stored"]].drop(columns="stored")


def number_cell(content: str, value: float, **marks: Any) -> Cell:
    """Return a cell that is sorted by a number, NaN last; `marks` are other fields of `Cell`."""
    if math.isnan(value):
        value = math.inf
    words = {math.inf: "Infinity", -math.inf: "-Infinity"}
    return Cell(content, words.get(value, str(value)), **marks)


def interval(low: float, high: float, form: Callable[[float], str]) -> str:
    """Return ``[low, high]``, in one line, or nothing when either end is missing."""
    return "" if math.isnan(low) or math.isnan(high) else f"[{form(low)},\xa0{form(high)}]"


def success(row: ConvergenceRow) -> Cell:
    """Return the cell of the share of lanes that reached the target."""
    share = row.success_share
    if math.isnan(share):
        return number_cell(MISSING, math.inf)
    note = f"{row.reached}\xa0of\xa0{row.lanes} "
    note += interval(row.success_low, row.success_high, lambda v: f"{100 * v:.0f}")
    if row.touched:
        note += f"; {row.touched}\xa0touched"
    if not math.isnan(row.basin_share):
        note += f"; basin {percent(row.basin_share)}"
    # Negative, so that sorting upwards puts the best first as in every other column.
    return number_cell(percent(share), -share, note=note.strip())


def evaluations(row: ConvergenceRow) -> Cell:
    """Return the cell of the evaluations to the target."""
    value = row.evaluations_to_target
    if math.isinf(value):
        return number_cell("not reached", value)
    return number_cell(MISSING if math.isnan(value) else count(round(value)), value)


def final_gap(row: ConvergenceRow) -> Cell:
    """Return the cell of the final gap; of the value itself where no reference is known."""
    if math.isnan(row.median_gap) and not math.isnan(row.median_f):
        return number_cell(MISSING, math.inf, note=f"f = {text(row.median_f)}")
    too_few = math.isnan(attained_level(row.lanes))
    note = "too few lanes for an interval" if too_few else interval(row.gap_low, row.gap_high, text)
    return number_cell(text(row.median_gap), row.median_gap, note=note)


def tuned_rate(row: ConvergenceRow) -> Cell:
    """Return the cell of the tuned setting, with a flag where its rate met the edge of the grid."""
    others = {name: value for name, value in tuned_settings(row).items() if name != "lr"}
    note = ", ".join(f"{name} {text(value)}" for name, value in others.items())
    if not row.at_edge:
        return number_cell(text(row.lr), row.lr, note=note)
    decades = counted(row.extended, "decade")
    words = f"the best rate met the edge of the grid, which was extended by {decades}"
    return number_cell(text(row.lr), row.lr, note=note, flag="edge", flag_words=words)


def diverged(row: ConvergenceRow) -> Cell:
    """Return the cell of how many lanes diverged."""
    return number_cell(
        f"{row.diverged} of {row.lanes}", float(row.diverged), alarm=row.diverged > 0
    )


def declared_start(row: ConvergenceRow) -> Cell:
    """Return the cell of the canonical lane: its gap, and how it ended."""
    gap = row.canonical_gap
    if math.isnan(gap):
        value = row.canonical_f
        return number_cell(MISSING, gap, note="" if math.isnan(value) else f"f = {text(value)}")
    if math.isnan(row.canonical_success):
        return number_cell(text(gap), gap)
    return number_cell(text(gap), gap, note="reached" if row.canonical_success else "not reached")


def default_setting(row: ConvergenceRow) -> Cell:
    """Return the cell of the default setting, with a flag where it did better than the tuned."""
    share, spent = row.default_success_share, row.default_evaluations_to_target
    flag = "better" if row.default_wins else ""
    flag_words = "the default setting did better on the scoring lanes: tuning did not pay"
    marks = {"flag": flag, "flag_words": flag_words if flag else ""}
    if math.isnan(share):
        gap = row.default_median_gap
        return number_cell(text(gap), gap, **marks)
    note = f"in {count(round(spent))}" if math.isfinite(spent) else ""
    return number_cell(percent(share), -share, note=note, **marks)


def convergence_rows(convergence: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of the convergence table, with a `Cell` for each of `COLUMNS`.

    Parameters
    ----------
    convergence : DataFrame
        In the order of the page.
    """
    return [
        {
            "label": row.label,
            "optimizer": row.optimizer,
            "cells": [
                Cell(row.label, row.label),
                Cell(row.optimizer, row.optimizer),
                success(row),
                evaluations(row),
                final_gap(row),
                tuned_rate(row),
                diverged(row),
                declared_start(row),
                default_setting(row),
            ],
        }
        for row in convergence.itertuples(index=False)
    ]


def parts_rows(rows: pd.DataFrame, verdicts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return losses, accuracies and verdicts of one data problem or net, a row an optimizer.

    Parameters
    ----------
    rows : DataFrame
        Of the convergence table, in the order of the page.
    verdicts : DataFrame
        On the problem's training curves.
    """
    common = common_verdicts(verdicts)
    numbers = [f"{part}_{what}" for what in ("loss", "accuracy") for part in PART_NAMES]
    rows = rows[["optimizer", "generalisation_gap", *numbers]]  # rows of few columns are fast
    return [
        {
            "optimizer": row.optimizer,
            "numbers": [
                *(number_cell(text(v), v) for v in (getattr(row, f"{p}_loss") for p in PART_NAMES)),
                number_cell(text(row.generalisation_gap), row.generalisation_gap),
                *(_accuracy(getattr(row, f"{part}_accuracy")) for part in PART_NAMES),
            ],
            "verdict": common.get(row.optimizer),
        }
        for row in rows.itertuples(index=False)
    ]


def _accuracy(value: float) -> Cell:
    """Return the cell of an accuracy: sorted upwards, the best one is first."""
    return number_cell(MISSING if math.isnan(value) else f"{100 * value:.1f} %", -value)
