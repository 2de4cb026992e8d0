"""The frame "merit": a row an optimizer, its figures over all problems of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.merit.arrays import Floats
from optbench.report.merit.coverage import AOCC, FEWEST, IQM, NONE, level_words
from optbench.report.merit.lane_table import NO_TARGETS, LaneTable
from optbench.report.merit.penalised import par10
from optbench.report.merit.performance import (
    algoperf_scores,
    log_areas,
    means_of_run,
    performance_ratios,
)
from optbench.report.merit.ranks import BLOCKS, friedman, ranks
from optbench.report.merit.resampling import counts_by_problem
from optbench.report.merit.robust import improvement_over_others
from optbench.report.merit.stratified import Estimate, mean_over_problems, robust_mean

DTYPES = {
    "optimizer": str, "problems": int, "not_run": int, "failed": int, "solved": int,
    "algoperf_score": float, "profile_area": float, "par10": float,
    "aocc": float, "aocc_low": float, "aocc_high": float, "aocc_level": str,
    "iqm": float, "iqm_low": float, "iqm_high": float, "iqm_level": str,
    "improvement": float, "mean_rank": float, "critical_difference": float, "friedman_p": float,
    "note": str,
}  # fmt: skip


def merit_frame(table: LaneTable) -> pd.DataFrame:
    """Return the figures of merit of each optimizer, best first by `algoperf_score`.

    `problems` are those that it was run on and that have targets, `solved` those on which a lane
    reached the asked one, `failed` its pairs that ended with an error: their lanes are failures.
    What cannot be said is NaN, and `note` says why. An optimizer that was `not_run` on some
    problems is judged by the others; it comes last and has no place in what needs all optimizers on
    all problems: `improvement`, the mean over the others of the probability to beat them, and
    `mean_rank`, over families, with Friedman's p and Nemenyi's difference.
    """
    if not table.problems:
        return _without_figures(table.optimizers)
    orders, reason = _orders(table)
    columns = {**_counts(table), **_profiles(table), **_intervals(table), **orders}
    frame = pd.DataFrame({**columns, "note": _notes(table, reason)})[list(DTYPES)]
    keys = frame.assign(_incomplete=~table.complete, _score=-columns["algoperf_score"])
    order = keys.sort_values(["_incomplete", "_score", "optimizer"], kind="stable").index
    return frame.loc[order].reset_index(drop=True)


def _without_figures(optimizers: Sequence[str]) -> pd.DataFrame:
    """Return rows that say why there are no figures."""
    frame = pd.DataFrame({"optimizer": list(optimizers)}).reindex(columns=list(DTYPES))
    counts = {name: 0 for name, dtype in DTYPES.items() if dtype is int}
    levels = {"aocc_level": NONE, "iqm_level": NONE}
    return frame.assign(**counts, **levels, note=NO_TARGETS).astype(DTYPES)


def _counts(table: LaneTable) -> dict[str, Any]:
    """Return how many problems each optimizer was run on, and how many it solved."""
    solved = np.isfinite(table.expected()) & table.ran
    return {
        "optimizer": table.optimizers,
        "problems": table.ran.sum(axis=0),
        "not_run": (~table.ran).sum(axis=0),
        "failed": table.failed,
        "solved": solved.sum(axis=0),
    }


def _profiles(table: LaneTable) -> dict[str, Floats]:
    """Return the areas under performance profiles of ERT, and PAR-10."""
    ratios = performance_ratios(table.expected())
    penalised = np.full(table.ran.shape, np.nan)
    for n in np.unique(table.lanes):
        of = (table.lanes == n)[:, None] & table.ran
        budget = np.broadcast_to(table.budget[:, None], table.ran.shape)[of]
        penalised[of] = par10(table.cost[of][:, :n], table.reached[of][:, :n], budget)
    return {
        "algoperf_score": algoperf_scores(ratios),
        "profile_area": log_areas(ratios),
        "par10": means_of_run(penalised),
    }


def _intervals(table: LaneTable) -> dict[str, Any]:
    """Return AOCC and the interquartile mean with their intervals, one problem a stratum."""
    fewest = int(table.drawn.min())
    # BCa leaves out what is drawn again, an instance: its seeds count as one lane, their mean.
    figures = {
        "aocc": (AOCC, mean_over_problems, table.of_instances(table.area), table.numbers),
        "iqm": (IQM, robust_mean, table.log_area, table.instances),
    }
    columns: dict[str, Any] = {}
    for name, (words, figure, scores, instances) in figures.items():
        counts = counts_by_problem(table.problems, instances)
        estimates = [_of_problems(figure, scores[:, o], counts) for o in range(scores.shape[1])]
        estimate, low, high = np.transpose(estimates)
        columns[name] = estimate
        columns[f"{name}_low"] = low if fewest >= FEWEST else np.full(len(low), np.nan)
        columns[f"{name}_high"] = high if fewest >= FEWEST else np.full(len(high), np.nan)
        columns[f"{name}_level"] = level_words(words, fewest)
    return columns


def _of_problems(
    figure: Callable[[Floats, NDArray[np.uint8]], Estimate],
    scores: Floats,
    counts: NDArray[np.uint8],
) -> Estimate:
    """Return a figure with its interval over the problems that an optimizer was run on.

    NaN if there is none: the optimizer was run, but on no problem with a target.
    """
    ran = ~np.isnan(scores).all(axis=1)
    if not ran.any():
        return math.nan, math.nan, math.nan
    if ran.all():
        return figure(scores, counts)
    return figure(scores[ran], np.take(counts, np.flatnonzero(ran), axis=1))


def _orders(table: LaneTable) -> tuple[dict[str, Floats], str]:
    """Return what needs all optimizers on all problems, and why some of it is missing.

    NaN for optimizers that were not run on all.
    """
    complete = table.complete
    columns = {
        name: np.full(len(complete), np.nan)
        for name in ("improvement", "mean_rank", "critical_difference", "friedman_p")
    }
    if complete.sum() < 2:
        return columns, "no other optimizer was run on all problems: no order"
    columns["improvement"][complete] = _improvement(table)
    values = family_ranks(table)
    columns["mean_rank"][complete] = ranks(values).mean(axis=0)
    families, optimizers = values.shape
    if families < BLOCKS or optimizers < 3:
        return columns, (
            f"no test of ranks: {optimizers} optimizers on {families} families of problems, and 3 "
            f"on {BLOCKS} are needed"
        )
    try:
        test = friedman(values)
    except ValueError as error:
        return columns, f"no test of ranks: {error}"
    columns["critical_difference"][complete] = test.difference
    columns["friedman_p"][complete] = test.p
    return columns, ""


def _improvement(table: LaneTable) -> Floats:
    """Return the mean over the others of the probability of improvement, of complete optimizers."""
    total = np.zeros(int(table.complete.sum()))
    for n in np.unique(table.lanes):
        of = table.lanes == n
        total += of.sum() * improvement_over_others(table.log_area[of][:, table.complete, :n])
    return np.asarray(total / len(table.lanes))


def family_ranks(table: LaneTable) -> Floats:
    """Return the mean rank by ERT over the problems of each family [families, complete ones]."""
    of_problem = ranks(table.expected()[:, table.complete])
    families = np.array(table.families)
    return np.stack(
        [of_problem[families == name].mean(axis=0) for name in dict.fromkeys(table.families)]
    )


def _notes(table: LaneTable, reason: str) -> list[str]:
    """Return for each optimizer what its figures do not say, and why; `reason` of orders."""
    notes, count = [], len(table.problems)
    for complete, ran, failed in zip(
        table.complete, table.ran.sum(axis=0), table.failed, strict=True
    ):
        parts = [
            reason
            if complete
            else f"not run on {count - ran} of {count} problems with targets: no order"
        ]
        if failed:
            parts.append(f"{failed} failed with an error and count as not solved")
        if table.drawn.min() < FEWEST:
            parts.append(f"fewer than {FEWEST} instances of a problem: no intervals")
        notes.append("; ".join(filter(None, parts)))
    return notes
