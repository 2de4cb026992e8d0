"""What a run says against stored results: each of its optimizers beside each of those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optbench.report.baseline.matching import beside, left_out, lines, terms_of
from optbench.report.baseline.stored import Stored
from optbench.report.comparing.comparisons import COLUMNS, pair_columns
from optbench.report.comparing.questions import overall, share_won
from optbench.report.comparing.verdicts import judged
from optbench.report.figures.numbers import percent, text
from optbench.report.statistics.problem_lanes import on_common_draws

if TYPE_CHECKING:
    from optbench.report.statistics.pair_lanes import PairLanes

EFFORT = ("space", "trials", "lr", "widen", "tuning_instances")
"""Fields of a study that say how hard it tunes."""


def against_frame(own: Sequence[PairLanes], stored: Stored, study_seed: int) -> pd.DataFrame:
    """Return one row per problem, optimizer a of the run and stored optimizer b.

    The columns are those of `comparisons.comparison_frame`, and `improvement`, the share of pairs
    of lanes that a wins, a tie being half a win. On a problem each p is adjusted for all rows of
    it. Optimizers that the run has itself are not compared with what is stored of them.

    Parameters
    ----------
    own : sequence of PairLanes
    stored : Stored
    study_seed : int
        Of the run.
    """
    others: dict[str, list[PairLanes]] = {}
    for pair in beside(own, stored, study_seed):
        others.setdefault(pair.label, []).append(pair)
    tables = [
        _problem(label, [pair for pair in own if pair.label == label], others[label])
        for label in dict.fromkeys(pair.label for pair in own)
        if label in others
    ]
    columns = [*COLUMNS, "improvement"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _problem(label: str, mine: Sequence[PairLanes], others: Sequence[PairLanes]) -> pd.DataFrame:
    """Return the rows of a problem."""
    group = on_common_draws(sorted([*mine, *others], key=lambda own: own.optimizer))
    names = np.array([pair.optimizer for pair in group], dtype=object)
    is_mine = np.isin(names, [pair.optimizer for pair in mine])
    first, second = (
        grid.ravel()
        for grid in np.meshgrid(np.flatnonzero(is_mine), np.flatnonzero(~is_mine), indexing="ij")
    )
    columns = pair_columns(group, first, second)
    columns |= judged(columns)
    columns["improvement"] = share_won(columns)
    names_of = {"label": np.full(len(first), label, object), "a": names[first], "b": names[second]}
    return pd.DataFrame({
        name: names_of.get(name, columns.get(name)) for name in [*COLUMNS, "improvement"]
    })  # fmt: skip


def verdict_lines(
    rows: pd.DataFrame, own: Sequence[PairLanes], stored: Stored, study: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what the rows of `against_frame` amount to, and what to know about them.

    Parameters
    ----------
    rows : DataFrame
    own : sequence of PairLanes
    stored : Stored
    study : dict
        The fields of the study that was run.
    """
    problems = rows["label"].nunique()
    families = {pair.label: str(pair.facts["family"]) for pair in own}
    yield (
        f"against {stored.place} ({len(stored.optimizers)} optimizers), {problems} problems; "
        "before, behind: on how many of them a paired test and an interval decide; ratios of "
        "objectives, each family once: below 1 is better"
    )
    for a, of_a in rows.groupby("a", sort=True):
        yield f"{a}"
        yield (
            f"  {'beside':26s} {'before':>6s} {'behind':>6s} {'open':>5s}  "
            f"{'median ratio':>21s}  lanes won"
        )
        for b, of_b in of_a.groupby("b", sort=True):
            yield _line(str(b), of_b, families)
    if len(rows):
        a, b = rows[["a", "b"]].iloc[0]
        names = " ".join(map(quote, (a, b, "--against", str(stored.place))))
        yield f"each problem by itself: optbench compare {names}"
    terms = {pair.label: terms_of(pair, study["study_seed"]) for pair in own}
    yield from lines(left_out(terms, stored), stored.place)
    shared = [name for name in stored.optimizers if name in {pair.optimizer for pair in own}]
    if shared:
        yield f"not compared with what is stored of {', '.join(shared)}: the run has them itself"
    efforts = [
        f"{name} = {study.get(name)!r} here, {stored.study.get(name)!r} there"
        for name in EFFORT if study.get(name) != stored.study.get(name)
    ]  # fmt: skip
    if efforts:
        yield f"tuned otherwise than {stored.place}: {'; '.join(efforts)}"
    yield from _provenance(own, stored)


def _line(name: str, rows: pd.DataFrame, families: Mapping[str, str]) -> str:
    """Return the line of one stored optimizer: on how many problems it comes before or after."""
    whole = overall(rows, families)
    ends = "" if np.isnan(whole.low) else f" [{text(whole.low)}, {text(whole.high)}]"
    decided = len(whole.holds) + len(whole.reverses)
    return (
        f"  {name:26s} {len(whole.holds):6d} {len(whole.reverses):6d} {len(rows) - decided:5d}  "
        f"{text(whole.ratio) + ends:>21s}  {percent(whole.improvement):>9s}"
    )


def _provenance(own: Sequence[PairLanes], stored: Stored) -> Iterator[str]:
    """Say where the stored numbers may not be those that this machine and code would give."""
    facts = own[0].facts
    words = {"code": "with other code or versions", "cpu": "on another processor"}
    differing = [word for name, word in words.items() if facts[name] != stored.computed[name]]
    if differing:
        yield f"{stored.place} was computed {' and '.join(differing)}"
