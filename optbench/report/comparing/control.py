"""The control of verdicts: a rule against itself, tuned twice.

Each rule is tuned on one half of the tuning instances with every second trial, and again on the
other half with the other trials, and both are scored on the same lanes. They are one rule: a
verdict on such a pair is an error of the method, and of luck in tuning alone. No further lanes
are needed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtrc

from optbench.report.comparing.comparisons import pair_columns
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST, judged
from optbench.report.statistics.pair_lanes import PairLanes
from optbench.report.statistics.problem_lanes import by_problem
from optbench.report.statistics.resampling import halves_of
from optbench.study.objective import basis_of, choose

MOST = 0.05
"""The share of rules that may be told from themselves."""
TEST_LEVEL = 0.01
"""Of the binomial test that says so."""
ENOUGH = 200
"""Pairs from which the control says something."""
COLUMNS = [
    "label", "optimizer", "trial_a", "trial_b", "ratio", "nested_low", "nested_high", "p",
    "verdict",
]  # fmt: skip


@dataclass(frozen=True)
class Control:
    """What the control of a run says.

    Attributes
    ----------
    pairs, decided : int
        Rules on problems that were tuned twice, and how many of them were told from themselves.
    p : float
        The chance of so many, or more, if their share is `MOST`.
    """

    pairs: int
    decided: int
    p: float

    @property
    def passes(self) -> bool:
        """Whether verdicts come out no more often than they may."""
        return self.p > TEST_LEVEL

    def __str__(self) -> str:
        if not self.pairs:
            return "no rule could be tuned twice, so nothing controls the verdicts"
        text = (
            f"{self.decided} of {self.pairs} rules that were tuned twice are told from themselves, "
            f"{100 * self.decided / self.pairs:.2g} %"
        )
        if not self.passes:
            return (
                f"{text}: more than the {100 * MOST:g} % that chance explains, so trust no verdict"
            )
        few = f"; fewer than {ENOUGH} pairs control little" if self.pairs < ENOUGH else ""
        return f"{text}, where {100 * MOST:g} % may be{few}"


def control_frame(lanes: Iterable[PairLanes]) -> pd.DataFrame:
    """Return one row per rule and problem: the rule against itself, as two rules are compared.

    Rules that are not tuned or on few instances, and nets, of which not every trial is scored, are
    left out, and problems where final gaps order nothing, on which no verdict can err. No row is
    adjusted for the others.
    """
    tables = [_problem(label, group) for label, group in by_problem(lanes).items()]
    frames = [table for table in tables if table is not None]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def controlled(control: pd.DataFrame) -> Control:
    """Return what the rows of `control_frame` amount to."""
    pairs, decided = len(control), int(control["verdict"].isin([A_FIRST, B_FIRST]).sum())
    return Control(pairs, decided, float(bdtrc(decided - 1, pairs, MOST)) if decided else 1.0)


def tuned_twice(lanes: PairLanes) -> tuple[PairLanes, PairLanes] | None:
    """Return the lanes of a rule tuned on each half of its instances and trials.

    None where not every trial was scored, or a half has no instance or trial.
    """
    tried = np.flatnonzero(lanes.number >= 0)
    halves = halves_of(lanes.tuning_instance)
    if not lanes.every_trial or len(tried) < 2 or halves is None:
        return None
    first, second = (np.flatnonzero(own) for own in halves)
    return _half(lanes, tried[::2], first), _half(lanes, tried[1::2], second)


def _half(lanes: PairLanes, trials: NDArray[np.intp], draws: NDArray[np.intp]) -> PairLanes:
    """Return the lanes as if these trials alone had been tried, on these draws of tuning."""
    assert lanes.tuning is not None
    tuning, number = lanes.tuning.at(draws=draws, trials=trials), lanes.number[trials]
    basis = basis_of(lanes.kind, tuning, number, lanes.facts["objective"])
    best = choose(basis, tuning, number, lanes.on_grid)[0]
    return dataclasses.replace(
        lanes, basis=basis, number=number, tuning=tuning,
        values={name: column[trials] for name, column in lanes.values.items()},
        tuning_instance=lanes.tuning_instance[draws], tuning_seed=lanes.tuning_seed[draws],
        chosen=int(lanes.positions(number[best])),
    )  # fmt: skip


def _problem(label: str, group: Iterable[PairLanes]) -> pd.DataFrame | None:
    """Return the rows of a problem's rules, None where there are none."""
    halves = [half for lanes in group if (both := tuned_twice(lanes)) for half in both]
    if not halves:
        return None
    first = np.arange(0, len(halves), 2)
    columns = pair_columns(halves, first, first + 1)
    rows = columns | judged(columns, adjusted=False)
    trials = np.array([half.scored[half.chosen] for half in halves])
    rows |= {
        "label": label, "optimizer": [half.optimizer for half in halves[::2]],
        "trial_a": trials[::2], "trial_b": trials[1::2],
    }  # fmt: skip
    table = pd.DataFrame({name: rows[name] for name in COLUMNS})
    return table[~columns["where_ended"]]
