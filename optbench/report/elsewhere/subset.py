"""A few problems that order the optimizers as all of them do.

Optimizers are ordered over problems by their mean place. Problems are added one by one, each time
the one with which the order comes nearest to that of all (Kendall's tau-b). That is done on half of
the instances; on the other half, which nothing was chosen by, tau-b says whether it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.report.elsewhere.agreement import signs, tau_b
from optbench.report.elsewhere.standings import Standings

Floats = NDArray[np.float64]
MOST = 20
"""Problems of a subset, at most."""
COLUMNS = ("problems", "label", "tau", "tau_elsewhere", "optimizers", "note")


class Step(NamedTuple):
    """A problem that joins a subset: its place, and tau-b of the order then, on both halves."""

    problem: int
    tau: float
    tau_elsewhere: float


def greedy_subset(chosen_on: Floats, checked_on: Floats, most: int = MOST) -> list[Step]:
    """Return the problems of a subset in the order in which they join it.

    It ends where no other problem brings the order nearer to that of all, or with `most` of them.
    Of problems that do equally well the first joins.

    Parameters
    ----------
    chosen_on, checked_on : ndarray [problems, n]
        Places of the optimizers on each problem, on one half of the instances and on the other.
    """
    goal, goal_elsewhere = signs(chosen_on.mean(axis=0)), signs(checked_on.mean(axis=0))
    total, total_elsewhere = np.zeros(chosen_on.shape[1]), np.zeros(chosen_on.shape[1])
    left, steps = list(range(len(chosen_on))), list[Step]()
    while left and len(steps) < most:
        taus = np.nan_to_num(tau_b(signs(total + chosen_on[left]), goal), nan=-1.0)
        best = int(np.argmax(taus))
        if taus[best] <= (steps[-1].tau if steps else -1.0):
            break
        problem = left.pop(best)
        total += chosen_on[problem]
        total_elsewhere += checked_on[problem]
        elsewhere = float(tau_b(signs(total_elsewhere), goal_elsewhere))
        steps.append(Step(problem, float(taus[best]), elsewhere))
    return steps


def places_of(standing: Floats) -> Floats:
    """Return the places of ``standing[..., n]``, from 1; those that tie share a mean."""
    own, other = standing[..., :, None], standing[..., None, :]
    return np.asarray((own > other).sum(axis=-1) + ((own == other).sum(axis=-1) + 1) / 2)


def subset_table(all_standings: Sequence[Standings]) -> pd.DataFrame:
    """Return a row a problem that joins the subset: `tau` chose it, `tau_elsewhere` checks it.

    Optimizers that lack a problem are in neither order. Where nothing can be said, a row says why.
    """
    names = {name for standings in all_standings for name in standings.optimizers}
    common = sorted(names.intersection(*(standings.optimizers for standings in all_standings)))
    lacking = len(names) - len(common)
    note = f"{lacking} optimizers lack a problem, and are left out" if lacking else ""
    halves = np.array([standings.of(common).halves for standings in all_standings])
    reason = _why_not(len(all_standings), len(common), halves)
    if reason:
        return pd.DataFrame([(0, "", np.nan, np.nan, len(common), reason)], columns=list(COLUMNS))
    places = places_of(halves)  # [problems, 2, n]
    steps = greedy_subset(places[:, 0], places[:, 1])
    rows = [
        (i + 1, all_standings[step.problem].label, step.tau, step.tau_elsewhere, len(common), note)
        for i, step in enumerate(steps)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _why_not(problems: int, optimizers: int, halves: Floats) -> str:
    """Return why there is no subset of problems, "" where there is one."""
    if problems < 2:
        return "fewer than two problems"
    if optimizers < 2:
        return "fewer than two optimizers have results on every problem"
    return (
        "a problem has one scoring instance: no half to check on" if np.isnan(halves).any() else ""
    )
