"""Which figures a problem has, each with the plain arrays it is drawn from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.status import PART_NAMES
from optbench.report.bounds.theory import Theory
from optbench.report.figures import curves_and_rates, endings, surface_views, training, trajectories
from optbench.report.figures.bands import Band, bands, target_value
from optbench.report.figures.draw import Job
from optbench.report.figures.numbers import text
from optbench.report.figures.palette import Style
from optbench.report.figures.quantities import DEFAULT, SCORED_BY, VALUE, shown_kind
from optbench.report.figures.rate_scores import RateScores
from optbench.report.figures.surface_views import Surfaces
from optbench.report.statistics.pooling import is_canonical, pooled
from optbench.report.statistics.rows import ConvergenceRow, ProblemRow, tuned_settings

if TYPE_CHECKING:
    import pandas as pd


def problem_jobs(
    facts: ProblemRow,
    slug: str,
    *,
    curves: pd.DataFrame,
    scores: pd.DataFrame,
    convergence: pd.DataFrame,
    styles: Mapping[str, Style],
    theory: Theory | None = None,
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
    theory : Theory, optional
        What is proved of its lanes.
    """
    valued = curves[curves["unit"] == "values"]
    names = valued["optimizer"].unique()
    parts = [
        ("problem", "gradient evaluations", _without(curves, names), _without(scores, names)),
        ("values", "evaluations of values alone", valued, scores.iloc[:0]),
    ]
    return [
        Job(
            f"{stem}-{slug}",
            curves_and_rates.draw,
            _curves_and_rates(facts, own, own_scores, convergence, theory)
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
    facts: ProblemRow,
    curves: pd.DataFrame,
    scores: pd.DataFrame,
    convergence: pd.DataFrame,
    theory: Theory | None,
) -> dict[str, Any]:
    """Return what `curves_and_rates.draw` shows of some optimizers on a problem."""
    kind = shown_kind(facts)
    column = VALUE[kind][0]
    own_bands = bands(curves, column) if len(curves) else {}
    at_edge = dict(zip(convergence["optimizer"], convergence["at_edge"], strict=True))
    return {
        "label": facts.label,
        "kind": kind,
        "bands": own_bands,
        "scores": {
            name: _rate_scores(rows, SCORED_BY[kind], bool(at_edge.get(name, False)))
            for name, rows in scores.sort_values("lr").groupby("optimizer", observed=True)
        },
        "diverged": {
            row.optimizer: (row.diverged, row.lanes) for row in convergence.itertuples(index=False)
        },
        "target": target_value(facts, own_bands),
        "bounds": {} if theory is None else _bounds(facts, curves, own_bands, convergence, theory),
    }


def _bounds(
    facts: ProblemRow,
    curves: pd.DataFrame,
    bands: Mapping[str, Band],
    convergence: pd.DataFrame,
    theory: Theory,
) -> dict[str, NDArray[np.float64]]:
    """Return optimizer -> what is proved of the median gap at the evaluations of its band."""
    if facts.kind != "deterministic" or not bands:
        return {}
    draws = pooled(curves[["instance", "seed"]]).drop_duplicates().to_numpy()
    tuned = {row.optimizer: tuned_settings(row) for row in convergence.itertuples(index=False)}
    steps = {name: band.evaluations for name, band in bands.items()}
    return theory.median_bounds(facts.label, (draws[:, 0], draws[:, 1]), tuned, steps)


def _rate_scores(rows: pd.DataFrame, column: str, at_edge: bool) -> RateScores:
    """Return what is shown of one optimizer's trials, by ascending rate.

    What all lanes of a trial diverged from has no score.
    """
    score = rows[column].where(rows["diverged_share"] < 1.0, np.inf).fillna(np.inf)
    rows = rows.assign(score=score)
    is_default = rows["trial"].to_numpy() == DEFAULT
    trials, default = rows[~is_default], rows[is_default]
    return RateScores(
        lr=trials["lr"].to_numpy(dtype=float),
        score=trials["score"].to_numpy(dtype=float),
        diverged_share=trials["diverged_share"].fillna(0.0).to_numpy(dtype=float),
        best=trials["best"].to_numpy(dtype=bool),
        at_edge=at_edge,
        is_grid=not trials.filter(regex="^value_").notna().any(axis=None),
        default=default[["lr", "score"]].to_numpy(dtype=float),
    )


def training_jobs(
    facts: ProblemRow, slug: str, curves: pd.DataFrame, styles: Mapping[str, Style]
) -> list[Job]:
    """Return the job of training, validation and test curves, for data problems and nets."""
    if facts.kind not in ("data", "net") or not len(curves):
        return []
    losses, accuracies = (
        {part: bands(curves, f"{part}_{metric}") for part in PART_NAMES}
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
    convergence: pd.DataFrame,
    styles: Mapping[str, Style],
    surfaces: Surfaces | None,
) -> list[Job]:
    """Return the job of trajectories: the canonical lane of a 2-D surface, at the tuned setting."""
    rows = paths[is_canonical(paths) & (paths["setting"] == "tuned").to_numpy()]
    if not len(rows):
        return []
    points = {
        name: part[["x0", "x1"]].to_numpy(dtype=float)
        for name, part in rows.groupby("optimizer", observed=True)
    }
    surface = surfaces(facts.label) if surfaces is not None else None
    arguments = {
        "label": facts.label,
        "paths": points,
        "captions": {row.optimizer: _caption(row) for row in convergence.itertuples(index=False)},
        "styles": styles,
        **_background(np.concatenate(list(points.values())), surface),
    }
    words = f"{facts.label}: trajectories over contours"
    return [Job(f"trajectories-{slug}", trajectories.draw, arguments, words)]


def _background(
    points: NDArray[np.float64], surface: tuple[Callable[..., Any], Any, Any] | None
) -> dict[str, Any]:
    """Return what is shown behind the points [n, 2]: the view, the surface and its minimum."""
    if surface is None:
        finite = points[np.isfinite(points).all(axis=1)]
        low, high = np.quantile(finite, [0.02, 0.98], axis=0)
        box = low - 0.1 * (high - low) - 1e-3, high + 1e-3
        return {"limits": surface_views.view(box, points), "grid": None, "minimum": None}
    value, box, minimum = surface
    if minimum is not None:
        minimum = tuple(map(float, minimum))
        points = np.concatenate([points, [minimum]])
    limits = surface_views.view(box, points)
    grid = trajectories.evaluate_on_grid(value, limits)
    return {"limits": limits, "grid": grid, "minimum": minimum}


def _caption(row: ConvergenceRow) -> str:
    """Return what is said of a canonical lane: its rate if it has one, its gap, its end."""
    rate = [] if math.isnan(row.lr) else [f"lr {text(row.lr)}"]
    unknown = math.isnan(row.canonical_gap)
    value = f"f {text(row.canonical_f)}" if unknown else f"gap {text(row.canonical_gap)}"
    return ", ".join([*rate, value, endings.words_of(row.canonical_ended)])
