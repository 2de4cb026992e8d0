"""The labels of all training curves of a run, and what they say of an optimizer."""

from typing import NamedTuple

import pandas as pd

from optbench.report.statistics.curve_verdicts import (
    CONVERGING,
    DIVERGED,
    FEWEST,
    OVERFITTING,
    SATURATED,
    TOO_HIGH,
    TOO_LOW,
    label,
)
from optbench.report.statistics.frames import KEYS

COLUMNS = [*KEYS, "phase", "seed", "lr", "verdict", "evidence"]
TRAIN, VALIDATION = 0, 2  # columns of the metrics
WORST_FIRST = DIVERGED, SATURATED, TOO_HIGH, OVERFITTING, TOO_LOW, CONVERGING


def label_frame(cells):
    """Return one row per labelled lane of data problems and nets, given (facts, arrays).

    Scoring lanes all are; of the tuning lanes of nets one at every rate. Lanes with fewer records
    than a label needs are left out.
    """
    rows = []
    for facts, arrays in cells:
        if "record_metrics" in arrays:
            shares = arrays.get("saturated")
            rows += _labelled(facts, arrays, arrays["seed"], arrays["lr"], "record", shares)
        elif "sweep_metrics" in arrays:
            first = arrays["seed"] == 0
            shares = arrays["sweep_saturated"]
            rows += _labelled(facts, arrays, arrays["seed"][first], arrays["lr"][first], "sweep",
                              shares)  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _labelled(facts, arrays, seeds, rates, name, shares):
    steps, metrics = arrays[f"{name}_steps"], arrays[f"{name}_metrics"].astype(float)
    if len(steps) < FEWEST:
        return []
    keys = {**{key: facts[key] for key in KEYS}, "phase": facts["phase"]}
    chance = float(arrays["chance"]) if "chance" in arrays else None
    rows = []
    for lane, (seed, lr) in enumerate(zip(seeds, rates, strict=True)):
        losses = metrics[lane, :, TRAIN], metrics[lane, :, VALIDATION]
        found = label(steps, *losses, None if shares is None else shares[lane], chance)
        rows.append({**keys, "seed": seed, "lr": lr, "verdict": found.name,
                     "evidence": found.evidence})  # fmt: skip
    return rows


class Verdict(NamedTuple):
    """The most frequent label of an optimizer's lanes, how many have it, and one's evidence.

    Of labels that are equally frequent it is the worst.
    """

    name: str
    count: int
    lanes: int
    evidence: str


def verdicts(labels):
    """Return optimizer -> `Verdict` of the scoring lanes of one data problem or net.

    Parameters
    ----------
    labels : DataFrame
        Rows of `label_frame`.
    """
    found = {}
    scoring = labels[labels["phase"] == "scoring"]
    for name, rows in scoring.groupby("optimizer", sort=False, observed=True):
        counts = rows["verdict"].value_counts()
        most = max(WORST_FIRST, key=lambda one: counts.get(one, 0))
        evidence = rows.loc[rows["verdict"] == most, "evidence"].iloc[0]
        found[name] = Verdict(most, int(counts[most]), len(rows), evidence)
    return found
