"""Which figures a report has, each with the plain arrays it is drawn from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.kernels.status import rounding_floor
from optbench.report.figures import curves_and_rates, heatmap, statuses, training, trajectories
from optbench.report.figures.bands import Band, bands, starting_value
from optbench.report.figures.draw import Job
from optbench.report.figures.numbers import MISSING, text
from optbench.report.figures.rate_scores import RateScores
from optbench.report.figures.style import Style
from optbench.report.statistics.endings import ENDINGS, NOT_FINITE, REACHED
from optbench.report.statistics.parts import PARTS
from optbench.report.statistics.rows import LaneRow, ProblemRow

if TYPE_CHECKING:
    import pandas as pd

Surfaces: TypeAlias = Callable[[str, int], tuple[Callable[..., Any], Any, ArrayLike | None] | None]
"""``surfaces(label, instance) -> (value, box, minimum)`` of a 2-D problem, or None."""


def heatmap_jobs(convergence: pd.DataFrame, problems: pd.DataFrame, dtype: str) -> list[Job]:
    """Return the two jobs of optimizer x problem."""
    labels = [label for label in problems["label"] if (convergence["label"] == label).any()]
    if not labels:
        return []
    shares = _pivot(convergence, "success_share", labels)
    gaps = _pivot(convergence, "median_gap", labels)
    order = shares.mean().fillna(-1.0).sort_values(ascending=False, kind="stable").index
    facts = problems.set_index("label").loc[labels]
    kinds = list(facts["kind"])
    common = {
        "rows": labels,
        "columns": list(order),
        "breaks": [k for k in range(1, len(kinds)) if kinds[k] != kinds[k - 1]],
    }
    floors = np.where(facts["kind"] == "net", 0.0, rounding_floor(facts["f_ref"], dtype))
    return [
        Job(
            "heatmap-success",
            heatmap.draw,
            common | _share_cells(shares[order].to_numpy(dtype=float), target_words(problems)),
            "Heatmap of the share of lanes that reached the target, by optimizer and problem",
        ),
        Job(
            "heatmap-gap",
            heatmap.draw,
            common | _gap_cells(gaps[order].to_numpy(dtype=float), floors[:, None]),
            "Heatmap of the median final gap, by optimizer and problem",
        ),
    ]


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


def _gap_cells(gaps: NDArray[np.float64], floors: NDArray[np.float64]) -> dict[str, Any]:
    """Return what `heatmap.draw` shows of the gaps [problems, optimizers], floors [problems, 1]."""
    return {
        "title": "Median final gap: log10 in the cell, rank within the problem as colour",
        "colours": ranks(np.maximum(gaps, floors)),
        "texts": [
            [_exponent(gap, floor) for gap in row]
            for row, (floor,) in zip(gaps, floors, strict=True)
        ],
        "scale": [(0.0, "last"), (1.0, "best")],
        "scale_text": "rank",
        "note": "Gaps below 100 eps max(1, |f_ref|) count as equal and are written with <. "
        "∞: most lanes diverged. Nets: training loss in place of the gap.",
    }


def target_words(problems: pd.DataFrame) -> str:
    """Return what the target is, for one or several kinds of problem."""
    groups = problems.groupby("target_text", sort=False)["label"]
    parts = [
        f"{words} ({len(labels)} problem{'s' if len(labels) > 1 else ''})"
        for words, labels in groups
    ]
    return "Target: " + "; ".join(parts) + "."


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


def ending_jobs(lanes: pd.DataFrame) -> list[Job]:
    """Return the job of how lanes ended, most successful optimizer first."""
    counts = (
        lanes[lanes["phase"] == "scoring"]
        .groupby(["optimizer", "ended"], observed=True)
        .size()
        .unstack(fill_value=0)
        .reindex(columns=list(ENDINGS), fill_value=0)
    )
    if not len(counts):
        return []
    shares = counts.div(counts.sum(axis=1), axis=0)
    order = shares.sort_values([REACHED, NOT_FINITE], ascending=[False, True], kind="stable").index
    return [
        Job(
            "statuses",
            statuses.draw,
            {"names": list(order), "counts": counts.loc[order].to_numpy(dtype=float)},
            "Stacked bars of how scoring lanes ended, by optimizer",
        )
    ]


def problem_jobs(
    facts: ProblemRow,
    slug: str,
    *,
    curves: pd.DataFrame,
    scores: pd.DataFrame,
    convergence: pd.DataFrame,
    styles: Mapping[str, Style],
) -> list[Job]:
    """Return the main jobs of one problem, or nothing if it has neither curves nor scores.

    Methods that see values alone have an axis of their own.

    Parameters
    ----------
    facts : namedtuple
        The problem's row.
    slug : str
    curves, scores, convergence : DataFrame
        The problem's rows of these frames.
    styles : dict
    """
    valued = curves[curves["unit"] == "values"] if "unit" in curves else curves.iloc[:0]
    names = valued["optimizer"].unique()
    parts = [
        (slug, "gradient evaluations", _without(curves, names), _without(scores, names)),
        (f"{slug}-values", "evaluations of values alone", valued, scores.iloc[:0]),
    ]
    return [
        Job(
            f"problem-{stem}",
            curves_and_rates.draw,
            _curves_and_rates(facts, own, own_scores, convergence)
            | {"styles": styles, "unit": unit},
            f"{facts.label}: loss curves"
            + (" and learning-rate sensitivity" if len(own_scores) else ""),
        )
        for stem, unit, own, own_scores in parts
        if len(own) or len(own_scores)
    ]


def _without(frame: pd.DataFrame, optimizers: NDArray[Any]) -> pd.DataFrame:
    return frame[~frame["optimizer"].isin(optimizers)]


def _curves_and_rates(
    facts: ProblemRow, curves: pd.DataFrame, scores: pd.DataFrame, convergence: pd.DataFrame
) -> dict[str, Any]:
    """Return what `curves_and_rates.draw` shows of some optimizers on a problem."""
    column = curves_and_rates.VALUE[facts.kind][0]
    own_bands = bands(curves, column, facts.kind) if len(curves) else {}
    at_edge = dict(zip(convergence["optimizer"], convergence["at_edge"], strict=True))
    return {
        "label": facts.label,
        "kind": facts.kind,
        "bands": own_bands,
        "scores": {
            name: RateScores(
                lr=rows["lr"].to_numpy(dtype=float),
                score=rows["score"].fillna(np.inf).to_numpy(dtype=float),
                diverged_share=rows["diverged_share"].fillna(0.0).to_numpy(dtype=float),
                best=rows["best"].to_numpy(dtype=bool),
                at_edge=bool(at_edge.get(name, False)),
            )
            for name, rows in scores.sort_values("lr").groupby("optimizer", observed=True)
        },
        "diverged": {
            row.optimizer: (row.diverged, row.total_lanes)
            for row in convergence.itertuples(index=False)
        },
        "target": target_value(facts, own_bands),
    }


def target_value(facts: ProblemRow, bands: Mapping[str, Band]) -> float:
    """Return the level of success: an absolute one as it is, else tau times the starting gap."""
    if facts.target is None or math.isnan(facts.target):
        return math.nan
    is_absolute = facts.kind == "net" or facts.absolute_targets
    return facts.target if is_absolute else facts.target * starting_value(bands)


def training_jobs(
    facts: ProblemRow, slug: str, curves: pd.DataFrame, styles: Mapping[str, Style]
) -> list[Job]:
    """Return the job of training, validation and test curves, for data problems and nets."""
    if facts.kind not in ("data", "net") or not len(curves):
        return []
    losses, accuracies = (
        {part: bands(curves, f"{part}_{metric}", facts.kind) for part in PARTS}
        for metric in ("loss", "accuracy")
    )
    if not any(losses.values()):
        return []
    return [
        Job(
            f"training-{slug}",
            training.draw,
            {"label": facts.label, "losses": losses, "accuracies": accuracies, "styles": styles},
            f"{facts.label}: loss and accuracy on the training, validation and test part",
        )
    ]


def trajectory_jobs(
    facts: ProblemRow,
    slug: str,
    *,
    paths: pd.DataFrame,
    lanes: pd.DataFrame,
    styles: Mapping[str, Style],
    surfaces: Surfaces | None,
) -> list[Job]:
    """Return the job of trajectories: seed 0 of the first scoring instance of a 2-D surface."""
    if not len(paths):
        return []
    instance = int(paths["instance"].min())
    seed = int(paths.loc[paths["instance"] == instance, "seed"].min())
    rows = _lane(paths, instance, seed).sort_values("step", kind="stable")
    points = {
        name: part[["x0", "x1"]].to_numpy(dtype=float)
        for name, part in rows.groupby("optimizer", observed=True)
    }
    scored = _lane(lanes[lanes["phase"] == "scoring"], instance, seed)
    surface = surfaces(facts.label, instance) if surfaces is not None else None
    arguments = {
        "label": facts.label,
        "instance": instance,
        "seed": seed,
        "paths": points,
        "captions": {row.optimizer: _caption(row) for row in scored.itertuples(index=False)},
        "styles": styles,
        **_background(np.concatenate(list(points.values())), surface),
    }
    words = f"{facts.label}: trajectories over contours"
    return [Job(f"trajectories-{slug}", trajectories.draw, arguments, words)]


def _lane(frame: pd.DataFrame, instance: int, seed: int) -> pd.DataFrame:
    return frame[(frame["instance"] == instance) & (frame["seed"] == seed)]


def _background(
    points: NDArray[np.float64], surface: tuple[Callable[..., Any], Any, Any] | None
) -> dict[str, Any]:
    """Return what is shown behind the points [n, 2]: the view, the surface and its minimum."""
    if surface is None:
        finite = points[np.isfinite(points).all(axis=1)]
        low, high = np.quantile(finite, [0.02, 0.98], axis=0)
        box = low - 0.1 * (high - low) - 1e-3, high + 1e-3
        return {"shown": trajectories.view(box, points), "grid": None, "minimum": None}
    value, box, minimum = surface
    if minimum is not None:
        minimum = tuple(map(float, minimum))
        points = np.concatenate([points, [minimum]])
    shown = trajectories.view(box, points)
    return {"shown": shown, "grid": trajectories.evaluated(value, shown), "minimum": minimum}


def _caption(lane: LaneRow) -> str:
    """Return what is said of a lane: its rate if it has one, its gap if it is known, its end."""
    rate = [] if math.isnan(lane.lr) else [f"lr {text(lane.lr)}"]
    unknown = math.isnan(lane.gap_final)
    value = f"f {text(lane.f_final)}" if unknown else f"gap {text(lane.gap_final)}"
    return ", ".join([*rate, value, statuses.words_of(lane.ended)])
