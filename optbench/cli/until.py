"""Adding lanes until two optimizers are told apart, with a level that holds whenever one stops."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.report.comparing.by_sign import chance_interval, decided_at
from optbench.report.comparing.paired import bases, differences, log_costs
from optbench.report.comparing.questions import Pairing
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST, NOT_SEPARATED
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.study.more_lanes import MoreLanes, Setting

BATCH = 10
"""Instances that are run at once."""


@dataclass(frozen=True)
class Decision:
    """How two optimizers on a problem were told apart, or were not.

    Attributes
    ----------
    label, a, b : str
    verdict : str
        "a before b", "b before a" or "not separated".
    instances, added : int
        All that were looked at, and how many of them are not the run's own.
    decided_after : int or None
        Instances after which the question was decided.
    wins, losses : int
        Of a, in pairs of lanes that are not tied, up to the decision.
    low, high : float
        The confidence sequence of the chance that a wins a pair that is not tied, then.
    level : float
        That it has, on this problem.
    """

    label: str
    a: str
    b: str
    verdict: str
    instances: int
    added: int
    decided_after: int | None
    wins: int
    losses: int
    low: float
    high: float
    level: float

    def as_json(self) -> dict[str, Any]:
        """Return the attributes."""
        return vars(self).copy()


def decide(
    pairing: Pairing, more: MoreLanes, most: int, level: float,
    told: Callable[[int], object] = lambda instances: None,
) -> Decision:  # fmt: skip
    """Add instances, settings fixed, until one optimizer is before the other or `most` are there.

    The run's own scoring lanes come first: the settings were chosen without them.

    Parameters
    ----------
    pairing : (PairLanes, PairLanes)
    more : MoreLanes
        Of the run that the lanes are of.
    most : int
        Instances, those of the run among them.
    level : float
        Of the confidence sequence.
    told : callable
        ``told(instances)`` after each batch.
    """
    a, b = pairing
    basis = bases(pairing, np.array([0]), np.array([1]))[0]
    settings = [tuned_setting(more, own) for own in pairing]
    d = differences(log_costs(a, basis), log_costs(b, basis), a.instance)
    own = len(d)
    fresh = more.instances(settings[0].pair, max(0, most - own))
    while decided_at(d, level) is None and len(d) < most:
        batch = fresh[len(d) - own :][:BATCH]
        lanes = [_on(more, *one, batch) for one in zip(pairing, settings, strict=True)]
        of_a, of_b = (log_costs(each, basis) for each in lanes)
        d = np.append(d, differences(of_a, of_b, lanes[0].instance))
        told(len(d))
    return _decision(pairing, d, own, level)


def tuned_setting(more: MoreLanes, lanes: PairLanes) -> Setting:
    """Return the tuned setting of an optimizer."""
    number = int(lanes.scored[lanes.chosen])
    at = np.flatnonzero(lanes.number == number)[0]
    values = {name: float(column[at]) for name, column in lanes.values.items()}
    return more.setting((lanes.optimizer, lanes.label), number, values, lanes.facts["code"])


def _on(
    more: MoreLanes, lanes: PairLanes, setting: Setting, instances: tuple[int, ...]
) -> PairLanes:  # fmt: skip
    """Return the lanes of an optimizer on other instances."""
    seeds = more.study.seeds
    return replace(
        lanes, scoring=more.costs(setting, instances), chosen=0,
        instance=np.repeat(instances, seeds), seed=np.tile(1 + np.arange(seeds), len(instances)),
    )  # fmt: skip


def _decision(pairing: Pairing, d: NDArray[np.float64], own: int, level: float) -> Decision:
    a, b = pairing
    after = decided_at(d, level)
    then = d[:after]
    wins, losses = int(np.sum(then < 0.0)), int(np.sum(then > 0.0))
    verdict = NOT_SEPARATED
    if after is not None:
        verdict = A_FIRST if wins > losses else B_FIRST
    low, high = chance_interval(wins, losses, level)
    return Decision(
        label=a.label, a=a.optimizer, b=b.optimizer, verdict=verdict, instances=len(d),
        added=len(d) - own, decided_after=after, wins=wins, losses=losses, low=low, high=high,
        level=level,
    )  # fmt: skip
