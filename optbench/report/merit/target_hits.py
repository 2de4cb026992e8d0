"""Evaluations at every target of the grid, in multiples of the dimension, for runtime ECDFs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np

from optbench.report.merit.arrays import Floats
from optbench.report.statistics.pair_lanes import POOLED
from optbench.report.statistics.pair_results import PairResults
from optbench.study.lane_costs import shared_targets

Pairs = Collection[tuple[str, str]]
"""Optimizer and label of each."""


def target_hits(pairs: Sequence[PairResults], failed: Pairs = ()) -> dict[str, Floats]:
    """Return optimizer -> evaluations over dimension at the hits of its tuned trial [n], +inf none.

    All targets of the grid that exist on all draws of a problem, on all pooled lanes: what COCO
    shows over all functions of a dimension (Hansen et al. 2021, sec. 4.4). Problems without a grid
    have no part in it. Pairs that ended with an error, `failed`, met none of them.
    """
    hits: dict[str, list[Floats]] = {}
    for (optimizer, _), own in hits_by_pair(pairs, "tuned", failed).items():
        hits.setdefault(optimizer, []).append(own)
    return {name: np.concatenate(parts) for name, parts in hits.items()}


def hits_by_pair(
    pairs: Sequence[PairResults], setting: Literal["tuned", "default"], failed: Pairs = ()
) -> dict[tuple[str, str], Floats]:
    """Return (optimizer, label) -> evaluations over dimension at the hits of a trial [n]."""
    hits: dict[tuple[str, str], Floats] = {}
    count: dict[str, int] = {}
    for pair in pairs:
        trial = pair.tuned if setting == "tuned" else pair.default
        own = hits_of(pair, trial) / pair.facts["dim"] if trial is not None else np.empty(0)
        if own.size:
            label = str(pair.facts["label"])
            hits[str(pair.facts["optimizer"]), label] = own
            count[label] = own.size  # of all optimizers: they have the targets and lanes in common
    lost = {pair: np.full(count[pair[1]], np.inf) for pair in failed if pair[1] in count}
    return {**lost, **hits}


def hits_of(pair: PairResults, trial: int) -> Floats:
    """Return the evaluations at each hit of (target, lane) of a scored trial [n], +inf none."""
    arrays, facts = pair.scoring, pair.facts
    if "targets" not in arrays:
        return np.empty(0)
    exist = shared_targets(
        arrays, kind=pair.kind, absolute=facts["absolute_targets"], dtype=facts["dtype"],
        draws=POOLED,
    )  # fmt: skip
    stored = np.isin(arrays["targets"], exist)
    hits = arrays["hits"][stored][:, POOLED, trial].astype(np.float64)
    unmet = np.full((len(exist) - len(hits), hits.shape[1]), np.inf)
    return np.concatenate([np.where(hits > 0, hits, np.inf), unmet]).reshape(-1)
