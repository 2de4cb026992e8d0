"""Axes inside of a run: problems that differ in one thing alone.

Dimension, budget, conditioning (names that differ in ``_1eN``), rotation (``rotated_X`` beside
``X``), noise (``noisy_X`` beside ``X``), and every setting of a perturbation (``X[noise=0.1]``
beside ``X``), whose axis is called ``[noise]``. Whatever else is the same: its levels are one
problem.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from optbench.define.ranges import Range
from optbench.perturbations.catalog import SETTINGS
from optbench.report.elsewhere import perturbed
from optbench.report.elsewhere.agreement import Agreement, agreement
from optbench.report.elsewhere.slopes import slopes
from optbench.report.elsewhere.standings import Standings

CONDITION = re.compile(r"_1e(\d+)(?=_|$)")


class Place(NamedTuple):
    """Where a problem is on an axis: what stays the same along it, and its level."""

    same: tuple[object, ...]
    level: float


def _dimension(standings: Standings) -> Place | None:
    facts = standings.facts
    return Place((facts["problem"], facts["budget"]), float(facts["dim"]))


def _budget(standings: Standings) -> Place | None:
    facts = standings.facts
    return Place((facts["problem"], facts["dim"]), float(facts["budget"]))


def _conditioning(standings: Standings) -> Place | None:
    facts = standings.facts
    match = CONDITION.search(facts["problem"])
    if match is None:
        return None
    name = CONDITION.sub("_1e*", facts["problem"], count=1)
    return Place((name, facts["dim"], facts["budget"]), 10.0 ** int(match[1]))


def _with_prefix(prefix: str) -> Callable[[Standings], Place]:
    """Return the axis from X to ``prefix_X``: levels 0 and 1."""

    def place(standings: Standings) -> Place:
        facts = standings.facts
        name = facts["problem"].removeprefix(prefix)
        return Place((name, facts["dim"], facts["budget"]), float(name != facts["problem"]))

    return place


def _of_setting(setting: str) -> Callable[[Standings], Place | None]:
    """Return the axis of a setting of a perturbation."""

    def place(standings: Standings) -> Place | None:
        facts = standings.facts
        where = perturbed.level(facts["problem"], setting)
        if where is None:
            return None
        return Place((*where[:2], facts["dim"], facts["budget"]), where[2])

    return place


AXES: dict[str, Callable[[Standings], Place | None]] = {
    "dimension": _dimension,
    "budget": _budget,
    "conditioning": _conditioning,
    "rotation": _with_prefix("rotated_"),
    "noise": _with_prefix("noisy_"),
    **{f"[{setting}]": _of_setting(setting) for setting in SETTINGS},
}
NUMERIC = (
    "dimension", "budget", "conditioning",
    *(f"[{name}]" for name, own in SETTINGS.items() if isinstance(own.settings[name], Range)),
)  # fmt: skip
"""Axes whose levels are sizes, in decades of which costs have a slope; 0 is in none."""


def levels_of(axis: str, all_standings: Iterable[Standings]) -> list[list[tuple[float, Standings]]]:
    """Return the problems that differ along an axis alone: (level, standings), ascending."""
    groups: dict[tuple[object, ...], list[tuple[float, Standings]]] = {}
    for standings in all_standings:
        place = AXES[axis](standings)
        if place is not None:
            groups.setdefault(place.same, []).append((place.level, standings))
    return [
        sorted(group, key=lambda pair: pair[0])
        for group in groups.values()
        if len({level for level, _ in group}) > 1
    ]


def axes_table(all_standings: Sequence[Standings]) -> pd.DataFrame:
    """Return a row for every two problems of a run that differ along one axis alone.

    `tau` with its interval says how their orders of optimizers agree, `flips` how many of the
    `separated` pairs of optimizers change places, and `flipping` which: "A < B" is A before B on
    the first, and behind it on the second.
    """
    rows = [
        {
            "axis": axis, "problem": one.facts["problem"], "label": one.label,
            "other_label": other.label, "level": low, "other_level": high,
            **agreement_columns(agreement(one, other)),
        }
        for axis in AXES
        for group in levels_of(axis, all_standings)
        for (low, one), (high, other) in combinations(group, 2)
    ]  # fmt: skip
    columns = ["axis", "problem", "label", "other_label", "level", "other_level", *AGREEMENT]
    return pd.DataFrame(rows, columns=columns)


def between_runs(
    first: Sequence[Standings], second: Sequence[Standings], axis: str
) -> pd.DataFrame:
    """Return a row for every problem of two runs: how their orders of optimizers agree.

    Parameters
    ----------
    first, second : sequence of Standings
    axis : str
        In what the runs differ, such as "dtype", for the column of that name.

    Raises
    ------
    ValueError
        If they have no problem in common.
    """
    others = {standings.label: standings for standings in second}
    rows = [
        {
            "axis": axis, "label": standings.label,
            **agreement_columns(agreement(standings, others[standings.label])),
        }
        for standings in first if standings.label in others
    ]  # fmt: skip
    if not rows:
        raise ValueError(
            "the runs have no problem in common: the first has "
            f"{', '.join(s.label for s in first)}, the second {', '.join(others)}"
        )
    return pd.DataFrame(rows)


AGREEMENT = ("optimizers", "tau", "low", "high", "separated", "flips", "flipping", "note")


def agreement_columns(result: Agreement) -> dict[str, object]:
    """Return the columns of a frame on how two orders agree."""
    flipping = "; ".join(f"{before} < {behind}" for before, behind in result.flips)
    numbers = (result.optimizers, result.tau, result.low, result.high, result.separated)
    return dict(zip(AGREEMENT, (*numbers, len(result.flips), flipping, result.note), strict=True))


def slopes_table(all_standings: Sequence[Standings]) -> pd.DataFrame:
    """Return a row an optimizer and axis of sizes: how ln of its cost grows in a decade of it.

    `slope` is that of least squares through ln of the evaluations that a success costs, at the
    `levels` where the target is reached; NaN has its reason in `note`.
    """
    rows = []
    for axis in NUMERIC:
        for every in levels_of(axis, all_standings):
            group = [(level, standings) for level, standings in every if level > 0.0]
            if len({level for level, _ in group}) < 2:
                continue
            names = sorted({name for _, standings in group for name in standings.optimizers})
            problem = group[0][1].facts["problem"]
            for name in names:
                own = [(level, s.of([name])) for level, s in group if name in s.optimizers]
                decades = [math.log10(level) for level, _ in own]
                slope = slopes(
                    decades,
                    [float(s.log_cost[0]) for _, s in own],
                    [s.log_cost_resampled[:, 0] for _, s in own],
                    min(s.instances for _, s in own),
                )
                rows.append({"axis": axis, "problem": problem, "optimizer": name, **slope})
    columns = ["axis", "problem", "optimizer", "levels", "slope", "low", "high", "note"]
    return pd.DataFrame(rows, columns=columns)
