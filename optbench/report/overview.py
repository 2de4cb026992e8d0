"""Which figures show all problems together, each with the plain arrays it is drawn from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.status import rounding_floor
from optbench.report.figures import heatmap, statuses
from optbench.report.figures.draw import Job
from optbench.report.figures.endings import STATUSES
from optbench.report.figures.numbers import MISSING, text
from optbench.report.head import target_words

if TYPE_CHECKING:
    import pandas as pd


MOST_COLUMNS = 24
"""Optimizers beyond which they become the rows, where there are fewer problems."""
MOST_CELLS = 4000
"""Of a heatmap: beyond it nobody finds a number, and the table can be searched."""


def heatmap_jobs(convergence: pd.DataFrame, problems: pd.DataFrame, dtype: str) -> list[Job]:
    """Return the two jobs of optimizer x problem, or none of more than `MOST_CELLS`."""
    labels = [label for label in problems["label"] if (convergence["label"] == label).any()]
    if not labels or len(labels) * convergence["optimizer"].nunique() > MOST_CELLS:
        return []
    shares = _pivot(convergence, "success_share", labels)
    gaps = _pivot(convergence, "median_gap", labels)
    order = shares.mean().fillna(-1.0).sort_values(ascending=False, kind="stable").index
    facts = problems.set_index("label").loc[labels]
    kinds = list(facts["kind"])
    lines = [k for k in range(1, len(kinds)) if kinds[k] != kinds[k - 1]]
    floors = np.where(facts["kind"] == "net", 0.0, rounding_floor(facts["f_ref"], dtype))
    share_cells = _share_cells(shares[order].to_numpy(dtype=float), target_words(problems))
    local = convergence.groupby("label", observed=True)["local"].first().loc[labels]
    compare = (facts["absolute_targets"] | local).to_numpy(dtype=bool)
    gap_cells = _gap_cells(gaps[order].to_numpy(dtype=float), floors[:, None], compare[:, None])
    return [
        Job(
            f"heatmap-{name}",
            heatmap.draw,
            _laid_out(labels, list(order), lines, cells),
            f"Heatmap of the {words}, by optimizer and problem",
        )
        for name, cells, words in (
            ("success", share_cells, "share of lanes that reached the target"),
            ("gap", gap_cells, "median final gap"),
        )
    ]


def _laid_out(
    labels: list[str], optimizers: list[str], lines: list[int], cells: dict[str, Any]
) -> dict[str, Any]:
    """Return the arguments of `heatmap.draw`: a row a problem, unless that is too wide to read.

    Parameters
    ----------
    labels, optimizers : list of str
    lines : list of int
        Problems before which a line is drawn.
    cells : dict
        With `colours` and `texts`, [problems, optimizers].
    """
    if len(optimizers) <= max(MOST_COLUMNS, len(labels)):
        return cells | {"rows": labels, "columns": optimizers, "breaks": lines}
    texts = [list(column) for column in zip(*cells["texts"], strict=True)]
    return cells | {
        "rows": optimizers, "columns": labels, "column_breaks": lines,
        "colours": cells["colours"].T, "texts": texts,
    }  # fmt: skip


def _pivot(convergence: pd.DataFrame, column: str, labels: list[str]) -> pd.DataFrame:
    return convergence.pivot(index="label", columns="optimizer", values=column).reindex(labels)


def _share_cells(shares: NDArray[np.float64], target: str) -> dict[str, Any]:
    """Return what `heatmap.draw` shows of the shares [problems, optimizers]."""
    return {
        "title": "Share of scoring lanes that reached the target (%)",
        "colours": shares,
        "texts": [[MISSING if np.isnan(v) else f"{100 * v:.0f}" for v in row] for row in shares],
        "scale": [(0.0, "0"), (0.5, "50"), (1.0, "100 %")],
        "scale_text": "reached",
        "note": f"{target} {MISSING}: not run, or no target.",
    }


def _gap_cells(
    gaps: NDArray[np.float64], floors: NDArray[np.float64], compare: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return what `heatmap.draw` shows of the gaps [problems, optimizers].

    `floors` and `compare`, whether gaps order optimizers, are of problems [problems, 1].
    """
    return {
        "title": "Median final gap: log10 in the cell, rank within the problem as colour",
        "colours": ranks(np.where(compare, np.maximum(gaps, floors), np.nan)),
        "texts": [
            [_exponent(gap, floor) for gap in row]
            for row, (floor,) in zip(gaps, floors, strict=True)
        ],
        "scale": [(0.0, "last"), (1.0, "best")],
        "scale_text": "rank",
        "note": "Gaps below 100 eps max(1, |f_ref|) count as equal and are written with <. "
        "∞: most lanes diverged. Nets: training loss in place of the gap. No colour: several "
        "basins, of which a gap says in which one lanes ended.",
    }


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for the best and 0 for the last of each row; equal values share the better rank."""
    shares = np.full(values.shape, np.nan)
    for r, row in enumerate(values):
        present = ~np.isnan(row)
        better = np.array([(row[present] < v).sum() for v in row[present]])
        shares[r, present] = 1.0 - better / max(1, present.sum() - 1)
    return shares


def _exponent(value: float, floor: float) -> str:
    if np.isnan(value):
        return MISSING
    if np.isinf(value):
        return "∞"
    if value <= floor:
        return f"<{math.ceil(math.log10(floor))}" if floor > 0 else text(value)
    return f"{round(math.log10(value), 1) + 0.0:.1f}"  # adding 0 keeps -0.0 out


def ending_jobs(failures: pd.DataFrame) -> list[Job]:
    """Return the job of how lanes of the tuned settings ended, most successful optimizer first."""
    tuned = failures[failures["setting"] == "tuned"]
    counts = tuned.groupby("optimizer", sort=True)[list(STATUSES)].sum()
    if not len(counts):
        return []
    shares = counts.div(counts.sum(axis=1), axis=0)
    best_first = shares.sort_values(
        ["reached", "not_finite"], ascending=[False, True], kind="stable"
    )
    order = best_first.index
    return [
        Job(
            "statuses",
            statuses.draw,
            {"names": list(order), "counts": counts.loc[order].to_numpy(dtype=float)},
            "Stacked bars of how scoring lanes ended, by optimizer",
        )
    ]
