"""Which results can be compared: lanes are pairs where problem, draws, target and budget agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optbench.report.baseline.stored import Stored
from optbench.report.statistics.pair_lanes import PairLanes

SAME = {
    "content": "definition", "target_text": "target", "budget": "budget", "dtype": "dtype",
    "objective": "objective",
}  # fmt: skip
"""Facts of a pair that must agree, and what messages call them."""


@dataclass(frozen=True)
class Terms:
    """What an optimizer is run under on a problem.

    Attributes
    ----------
    facts : dict
        With the names of `SAME`.
    instances : tuple of int
        That it is scored on.
    seeds : int
        Of each instance.
    study_seed : int
    """

    facts: Mapping[str, Any]
    instances: tuple[int, ...]
    seeds: int
    study_seed: int

    def difference(self, other: Terms) -> str:
        """Say in what other terms differ; nothing if they are the same."""
        for name, word in SAME.items():
            mine, others = self.facts[name], other.facts[name]
            if mine != others:
                return (
                    "it is defined otherwise" if name == "content"
                    else f"{word} {mine} here, {others} there"
                )  # fmt: skip
        if set(self.instances) != set(other.instances):
            return f"instances {_span(self.instances)} here, {_span(other.instances)} there"
        for word in ("seeds", "study_seed"):
            if getattr(self, word) != getattr(other, word):
                return f"{word} {getattr(self, word)} here, {getattr(other, word)} there"
        return ""


def _span(numbers: Sequence[int]) -> str:
    """Return numbers as text, neighbours as a span."""
    ordered = sorted(numbers)
    if ordered == list(range(ordered[0], ordered[-1] + 1)) and len(ordered) > 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ", ".join(map(str, ordered))


def terms_of(pair: PairLanes, study_seed: int) -> Terms:
    """Return the terms of lanes that were run."""
    instances = tuple(dict.fromkeys(pair.instance.tolist()))
    return Terms(pair.facts, instances, len(set(pair.seed.tolist())), study_seed)


def left_out(own: Mapping[str, Terms], stored: Stored) -> dict[str, str]:
    """Return label -> why a problem cannot be compared, of those that cannot.

    Parameters
    ----------
    own : dict
        label -> terms of one's own run.
    stored : Stored
    """
    others = {pair.label: pair for pair in stored.lanes}
    seed = stored.study["study_seed"]
    reasons = {
        label: terms.difference(terms_of(others[label], seed)) if label in others
        else "it is not there"
        for label, terms in own.items()
    }  # fmt: skip
    return {label: reason for label, reason in reasons.items() if reason}


def comparable(own: Sequence[PairLanes], stored: Stored, study_seed: int) -> list[str]:
    """Return the labels of the problems of a run that can be compared, in its order."""
    terms = {pair.label: terms_of(pair, study_seed) for pair in own}
    without = left_out(terms, stored)
    return [label for label in terms if label not in without]


def beside(own: Sequence[PairLanes], stored: Stored, study_seed: int) -> list[PairLanes]:
    """Return the stored lanes that a run can be compared with: of optimizers that it lacks."""
    labels = set(comparable(own, stored, study_seed))
    names = {pair.optimizer for pair in own}
    return [p for p in stored.lanes if p.label in labels and p.optimizer not in names]


def lines(reasons: Mapping[str, str], place: str) -> Iterable[str]:
    """Yield a line for each reason, with the problems that it keeps out."""
    labels: dict[str, list[str]] = {}
    for label, reason in reasons.items():
        labels.setdefault(reason, []).append(label)
    for reason, own in labels.items():
        more = f" and {len(own) - 3} more" if len(own) > 3 else ""
        yield f"not compared with {place}: {', '.join(own[:3])}{more}: {reason}"
