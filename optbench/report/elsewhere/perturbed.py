"""Perturbed problems beside plain ones: how levels are ordered, and what a perturbation costs.

A perturbed problem and its base meet the same instances, seeds and starts, so that the cost of a
perturbation is a ratio of lanes that are pairs, with an interval over instances.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from optbench.perturbations.catalog import SETTINGS
from optbench.report.elsewhere.agreement import ONE_INSTANCE
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.resampling import SCORING, draw_counts, resampled_interval
from optbench.study.objective import log_objectives

COLUMNS = (
    "problem", "label", "plain_label", "optimizer", "reached", "plain_reached", "ratio", "low",
    "high", "note",
)  # fmt: skip
UNPAIRED = "instances or seeds differ"
NO_TARGET = "no least value is known"
NEITHER, PLAIN, ONLY = "reached on neither", "the plain problem is not reached", "not reached"


def split(name: str) -> tuple[str, dict[str, float]]:
    """Return the base of a problem's name, and the settings in brackets behind it."""
    base, _, inside = name.partition("[")
    pairs = (item.partition("=") for item in inside.rstrip("]").split(",") if item)
    words = {"true": 1.0, "false": 0.0}
    return base, {key: words[text] if text in words else float(text) for key, _, text in pairs}


def level(name: str, setting: str) -> tuple[str, tuple[tuple[str, float], ...], float] | None:
    """Return where a problem is on the axis of a setting: base, its other settings, and its level.

    Without the perturbation the level is the one that changes nothing; None where a problem lacks
    a setting that says no more than how.
    """
    base, given = split(name)
    perturbation = SETTINGS[setting]
    if setting not in given:
        if setting != perturbation.first or not perturbation.settings.keys().isdisjoint(given):
            return None
        return base, tuple(given.items()), perturbation.off
    own = given.pop(setting)
    return base, tuple(given.items()), own


def costs_table(pairs: Iterable[PairLanes]) -> pd.DataFrame:
    """Return a row for every optimizer on a perturbed problem whose plain one was run, too.

    `ratio` is that of the evaluations which a success costs, each at its own tuned setting;
    `reached` and `plain_reached` are shares of lanes. Costs compare where both are asked for one
    target: noisy problems are asked for a gap of 1e-2, unless the study or the problem says else.
    `sgd`, which runs where there is noise, stands beside `gd`, which runs where there is none.
    """
    by_key = {_key(lanes): lanes for lanes in pairs}
    rows = []
    for lanes in by_key.values():
        base, given = split(lanes.facts["problem"])
        *size, optimizer = _key(lanes)[1:]
        plain = by_key.get((base, *size, optimizer))
        if plain is None:
            plain = by_key.get((base, *size, re.sub(r"^sgd\b", "gd", optimizer)))
        if given and plain is not None:
            rows.append(_row(lanes, plain))
    rows.sort(key=lambda row: (row["label"], row["optimizer"]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _key(lanes: PairLanes) -> tuple[Any, ...]:
    facts = lanes.facts
    return facts["problem"], facts["dim"], facts["budget"], lanes.optimizer


def _row(lanes: PairLanes, plain: PairLanes) -> dict[str, object]:
    """Return the row of an optimizer on a perturbed problem and on the plain one."""
    both = [one.scored_at(one.chosen) for one in (lanes, plain)]
    reached, plain_reached = (float(costs.reached.mean()) for costs in both)
    row = {
        "problem": lanes.facts["problem"], "label": lanes.label, "plain_label": plain.label,
        "optimizer": lanes.optimizer, "reached": reached, "plain_reached": plain_reached,
    }  # fmt: skip
    paired = np.array_equal(lanes.instance, plain.instance) and np.array_equal(
        lanes.seed, plain.seed
    )
    unknown = dict.fromkeys(("ratio", "low", "high"), math.nan)
    if any(np.isnan(costs.log_gap).all() for costs in both):
        return {**row, **unknown, "note": NO_TARGET}
    asked = [float(one.facts["target"]) for one in (lanes, plain)]
    if paired and asked[0] != asked[1]:
        return {**row, **unknown, "note": f"asked targets differ: {asked[0]:g} and {asked[1]:g}"}
    if not paired or not (reached and plain_reached):
        words = NEITHER if not (reached or plain_reached) else ONLY if plain_reached else PLAIN
        ratio = math.inf if paired and plain_reached and not reached else math.nan
        note = words if paired else UNPAIRED
        return {**row, **unknown, "ratio": ratio, "note": note}
    counts = draw_counts(plain.label, SCORING, plain.instance)
    every = np.ones((1, len(plain.instance)))
    ratio, resampled = (np.exp(_difference(both, each)[:, 0]) for each in (every, counts))
    ends = resampled_interval(resampled, plain.instances)
    low, high = np.maximum(ends[0], 0.0), ends[1]  # where neither is reached anything may be
    note = "" if plain.instances > 1 else ONE_INSTANCE
    return {**row, "ratio": float(ratio[0]), "low": float(low), "high": float(high), "note": note}


def _difference(both: Sequence[Any], counts: np.ndarray) -> np.ndarray:
    """Return the difference of ln of the costs of two problems [B, 1]; NaN of two infinities."""
    first, second = (log_objectives("evaluations", costs, counts) for costs in both)
    with np.errstate(invalid="ignore"):
        return first - second
