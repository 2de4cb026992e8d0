"""The frame of containment: rules that lose to what they contain were tuned too little.

The best setting of a contained rule is, by a proven map, a setting of its container, whose lanes
are those of the contained rule: they are there already. A container that comes after what it
contains was not searched where it would have been as good.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optbench.report.comparing.verdicts import A_FIRST, B_FIRST
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_lanes import by_problem
from optbench.rules.containment import CONTAINMENTS, Containment

COLUMNS = ["container", "contained", "label", "setting", "ratio", "verdict"]
UNDER_TUNED, AHEAD = "under-tuned", "ahead"


def containment_frame(lanes: Iterable[PairLanes], comparisons: pd.DataFrame) -> pd.DataFrame:
    """Return one row per problem, container and contained optimizer that a run has.

    Columns: `setting`, at which the container makes the contained one's steps; `ratio` of
    objectives, container to contained; `verdict`: "under-tuned" where the contained one comes
    before its container, "ahead" where it comes after, else that of the comparison.

    Parameters
    ----------
    lanes : iterable of PairLanes
    comparisons : DataFrame
        Of the same lanes: see `comparisons.comparison_frame`.
    """
    verdicts = {
        (row.label, row.a, row.b): (row.objective_ratio, row.verdict)
        for row in comparisons.itertuples()
    }
    rows = [
        (container.optimizer, contained.optimizer, label, _text(setting), *compared)
        for label, group in by_problem(lanes).items()
        for container, contained, setting in contained_in(group)
        if (compared := _compared(verdicts, label, container.optimizer, contained.optimizer))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _compared(
    verdicts: Mapping[tuple[str, str, str], tuple[float, str]], label: str, container: str,
    contained: str,
) -> tuple[float, str] | None:  # fmt: skip
    """Return ratio and verdict of a container and what it contains, None if not compared."""
    if (label, container, contained) in verdicts:
        ratio, verdict = verdicts[label, container, contained]
        return ratio, {A_FIRST: AHEAD, B_FIRST: UNDER_TUNED}.get(verdict, verdict)
    if (label, contained, container) in verdicts:
        ratio, verdict = verdicts[label, contained, container]
        inverse = 1.0 / ratio if ratio else np.inf
        return inverse, {B_FIRST: AHEAD, A_FIRST: UNDER_TUNED}.get(verdict, verdict)
    return None


def _text(setting: Mapping[str, float]) -> str:
    return ", ".join(f"{name}={value:.3g}" for name, value in setting.items())


def contained_in(
    group: Iterable[PairLanes],
) -> Iterable[tuple[PairLanes, PairLanes, Mapping[str, float]]]:
    """Yield (container, contained, setting of the container) of the optimizers of a problem.

    The setting is that of the contained optimizer's tuned trial. Labels with settings that a map
    does not know, such as a wrapper's or a schedule's, are in none.
    """
    parsed = [(own, *_parsed(own.optimizer)) for own in group]
    maps = {(one.container, one.contained): one for one in CONTAINMENTS}
    for container, rule, fixed in parsed:
        for contained, other, settings in parsed:
            one = maps.get((rule, other))
            if one is None or fixed is None or settings is None or contained.kind not in one.kinds:
                continue
            setting = _setting(one, settings | _tuned(contained))
            if setting is not None and all(setting.get(n) == v for n, v in fixed.items()):
                yield container, contained, setting


def _setting(one: Containment, settings: Mapping[str, float]) -> Mapping[str, float] | None:
    """Return the container's setting, None where it has none for these."""
    if not settings.keys() <= inspect.signature(one.setting).parameters.keys():
        return None
    try:
        return one.setting(**settings)
    except ValueError:  # a convention that the container does not have
        return None


def _tuned(lanes: PairLanes) -> dict[str, float]:
    """Return the settings of the tuned trial that trials differ in."""
    at = np.flatnonzero(lanes.number == lanes.scored[lanes.chosen])[0]
    return {name: float(column[at]) for name, column in lanes.values.items()}


def _parsed(label: str) -> tuple[str, dict[str, float] | None]:
    """Return the rule and the settings of an optimizer's label; None if one is not a number."""
    rule, _, text = label.partition("[")
    settings: dict[str, Any] = dict(
        part.split("=", 1) for part in text.removesuffix("]").split(",") if part
    )
    try:
        return rule, {name: float(value) for name, value in settings.items()}
    except ValueError:
        return rule, None
