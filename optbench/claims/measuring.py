"""From a claim to its result: arms are run, checked, and judged, and so is the null."""

import inspect
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.claims.declaring import Claim
from optbench.claims.draws import Draw, draw_of, study_seeds
from optbench.claims.experiment import Scores
from optbench.claims.theorems import Drawn
from optbench.claims.verdict import Arm, Rule, Verdict, deviation_verdict, judged
from optbench.errors import DefinitionError

Floats = NDArray[np.float64]
Facts = dict[str, Any]


def measured(claim: Claim, seed: int) -> Facts:
    """Run a claim and its null, and return what is kept of them, ready for JSON.

    Raises
    ------
    DefinitionError
        If its function returns what it should not; it names the file and the line.
    """
    began = time.process_time()
    result = _theorem(claim) if claim.kind == "theorem" else _experiment(claim, seed)
    words = (
        "question", "says", "source", "kind", "factor", "treatment", "control", "measure", "better",
        "scale", "statistic", "expects", "margin", "pairs", "known", "errs",
    )  # fmt: skip
    return {
        "name": claim.name,
        "family": claim.family,
        **{word: getattr(claim, word) for word in words},
        "experiment": inspect.getdoc(claim.function) or "",
        **result,
        "seed": seed,
        "seconds": time.process_time() - began,
    }


def _theorem(claim: Claim) -> Facts:
    deviations = {}
    arrows: dict[str, dict[str, Any]] = {}
    for name, value in claim.settings.items():
        returned = claim.function(value)
        drawn = returned if isinstance(returned, Drawn) else Drawn(returned)
        miss = np.asarray(drawn.miss)
        if miss.ndim or miss.dtype.kind not in "iuf" or miss < 0.0:
            raise _wrong(
                claim, name, f"{miss!r}", "a number of at least 0: by how much the claim is missed"
            )
        deviations[name] = float(miss)
        if drawn.arrows:
            arrows[name] = {who: _points(claim, name, path) for who, path in drawn.arrows.items()}
    pictures = {"null": None, "curves": {}, "arrows": arrows}
    return _facts(deviation_verdict(deviations, claim.margin)) | pictures


@dataclass(frozen=True, eq=False)
class _Run:
    arm: Arm
    curve: tuple[Floats, Floats] | None
    arrows: list[list[float]] | None


def _experiment(claim: Claim, seed: int) -> Facts:
    arms: dict[str, list[tuple[Arm, Arm]]] = {}
    null: dict[str, list[tuple[Arm, Arm]]] = {}
    curves: dict[str, dict[str, Any]] = {}
    arrows: dict[str, dict[str, Any]] = {}
    for name, value in claim.settings.items():
        arms[name], null[name] = [], []
        for study_seed in study_seeds(seed):
            draw = draw_of(study_seed, claim.pairs)
            treatment = _run(claim, claim.treatment, name, value, draw)
            control = _run(claim, claim.control, name, value, draw)
            arms[name].append((treatment.arm, control.arm))
            if claim.expects == "better":
                elsewhere = draw_of(study_seed, claim.pairs, null=True)
                again = _run(claim, claim.control, name, value, elsewhere)
                null[name].append((again.arm, control.arm))
            if treatment.curve and control.curve:
                curves.setdefault(name, {"treatment": treatment.curve, "control": control.curve})
            if treatment.arrows and control.arrows:
                both = {claim.treatment: treatment.arrows, claim.control: control.arrows}
                arrows.setdefault(name, both)
    rule = Rule(claim.margin, claim.expects, claim.statistic, claim.factor)
    return _facts(judged(arms, rule)) | {
        "null": _facts(judged(null, rule)) if claim.expects == "better" else None,
        "curves": {
            name: {arm: [axis.tolist() for axis in curve] for arm, curve in own.items()}
            for name, own in curves.items()
        },
        "arrows": arrows,
    }


def _run(claim: Claim, arm: str, name: str, value: Any, draw: Draw) -> _Run:
    """Run one arm on one draw, and return its costs."""
    returned = claim.function(arm, value, draw)
    scores = returned if isinstance(returned, Scores) else Scores(np.asarray(returned))
    scoring = np.atleast_2d(_numbers(claim, name, scores.scoring))
    tuning = scores.tuning
    tuning = np.empty((len(scoring), 0)) if tuning is None else _numbers(claim, name, tuning)
    wanted = (len(scoring), len(draw.scoring))
    if scoring.shape != wanted or (len(scoring) > 1 and not _tunes(tuning, wanted[0])):
        raise _wrong(
            claim, name, f"scoring {list(scoring.shape)} and tuning {list(tuning.shape)}",
            f"a measure of each of {wanted[1]} lanes, and where there are several rates the same "
            "rates on the tuning lanes",
        )  # fmt: skip
    curve = scores.curve
    points = None if curve is None else tuple(np.asarray(axis, float) for axis in curve)
    arm_costs = Arm(_costs(claim, name, tuning), _costs(claim, name, scoring))
    path = None if scores.arrows is None else _points(claim, name, scores.arrows)
    return _Run(arm_costs, points, path)  # type: ignore[arg-type]  # two arrays


def _points(claim: Claim, name: str, path: ArrayLike) -> list[list[float]]:
    """Return the points of a path in the plane that are finite."""
    points = _numbers(claim, name, path)
    if points.ndim != 2 or points.shape[1] != 2:
        raise _wrong(claim, name, f"arrows of shape {list(points.shape)}", "points [k, 2]")
    finite: list[list[float]] = points[np.isfinite(points).all(axis=1)].tolist()
    return finite


def _tunes(tuning: Floats, rates: int) -> bool:
    return tuning.ndim == 2 and len(tuning) == rates and tuning.shape[1] > 0


def _numbers(claim: Claim, name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise _wrong(claim, name, f"an array of {array.dtype}", "numbers")
    return array.astype(float)


def _costs(claim: Claim, name: str, measures: Floats) -> Floats:
    """Return measures so that less is better and differences are effects; NaN is the worst."""
    if claim.scale == "ratio":
        if (measures < 0.0).any():
            raise _wrong(
                claim, name, f"a {claim.measure} of {np.nanmin(measures):g}",
                "none below 0; declare scale='difference'",
            )  # fmt: skip
        with np.errstate(divide="ignore"):
            measures = np.log(measures)
    costs = measures if claim.better == "less" else -measures
    return np.where(np.isnan(costs), np.inf, costs)


def _wrong(claim: Claim, setting: str, got: str, wanted: str) -> DefinitionError:
    return DefinitionError(
        f"{claim.place}: claim {claim.name}: in the setting {setting!r} its function returned "
        f"{got}; expected {wanted}"
    )


def _facts(verdict: Verdict) -> Facts:
    return {
        "verdict": verdict.word,
        "detail": verdict.detail,
        "stable": verdict.stable,
        "settings": {name: asdict(own) for name, own in verdict.settings.items()},
    }
