"""What the figures of a problem show, for each kind of problem."""

from __future__ import annotations

import math

from optbench.report.statistics.rows import ProblemRow

VALUE = {
    "deterministic": ("gap", "gap  f − f_ref"),
    "stochastic": ("gap", "gap, noise-free  f − f_ref"),
    "data": ("gap", "gap on all training data  f − f_ref"),
    "net": ("f", "training loss"),
    "value": ("f", "value  f"),
}
"""What the curves of each kind of problem show: column and axis label; see `shown_kind`."""

SCORE = {
    "deterministic": "mean gap at the end, in tuning",
    "stochastic": "mean gap at the end, in tuning",
    "data": "mean gap at the end, in tuning",
    "net": "median validation loss, in tuning",
    "value": "median value at the end, in tuning",
}
"""What rates are shown by; the gaps' means are geometric."""

DEFAULT = -1
"""The number of the trial of the default setting."""
SCORED_BY = {
    "deterministic": "mean_gap", "stochastic": "mean_gap", "data": "mean_gap", "net": "objective",
    "value": "objective",
}  # fmt: skip
"""The column that shows what rates do; objectives of two optimizers may be of different things."""


def shown_kind(facts: ProblemRow) -> str:
    """Return the kind of a problem as its figures take it: "value" where no gap is known."""
    unknown = facts.kind != "net" and (facts.f_ref is None or math.isnan(facts.f_ref))
    return "value" if unknown else facts.kind
