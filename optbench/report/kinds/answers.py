"""The answer per kind of problem, in words: who is the best, who is not separable, who is next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optbench.report.figures.numbers import counted, text
from optbench.report.kinds.kind_table import SETTINGS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Answer:
    """What a study says of one kind of problem and one way to set optimizers.

    Attributes
    ----------
    kind, setting : str
    scope : str
        On which families it was seen: with fewer than six it is about these alone.
    best : str
        With the best score.
    beside : tuple of str
        Others that are on every family the best, or not separable from it.
    next : str
        The first that is neither, with its ratio to the best of each problem and the interval.
    """

    kind: str
    setting: str
    scope: str
    best: str
    beside: tuple[str, ...]
    next: str


def answers(kinds: pd.DataFrame) -> Iterator[Answer]:
    """Yield an answer for each kind and setting of the table of kinds, in its order."""
    for (kind, setting), rows in kinds.groupby(["kind", "setting"], sort=False):
        scored = rows[rows["score"].notna()]
        if len(scored) < 2:  # there is nobody to be compared with
            continue
        best, others = scored.iloc[0], scored.iloc[1:]
        beside = others["best_on"] == others["families"]
        rest = others[~beside]
        yield Answer(
            kind=str(kind), setting=str(setting), scope=str(best["note"]) or _count(best),
            best=_with_ratio(best) if best["score"] > 1.005 else str(best["optimizer"]),
            beside=tuple(others["optimizer"][beside]),
            next=_with_ratio(rest.iloc[0]) if len(rest) else "",
        )  # fmt: skip


def by_kind(kinds: pd.DataFrame) -> dict[str, dict[str, Answer]]:
    """Return kind -> setting -> its answer, kinds and settings in their order."""
    table: dict[str, dict[str, Answer]] = {}
    for answer in answers(kinds):
        table.setdefault(answer.kind, {})[answer.setting] = answer
    return {
        kind: {setting: own[setting] for setting in SETTINGS if setting in own}
        for kind, own in table.items()
    }


def _count(row: pd.Series) -> str:
    return counted(int(row["families"]), "family")


def _with_ratio(row: pd.Series) -> str:
    """Say how far an optimizer is from the best of each problem."""
    least = "at least " if row["at_least"] else ""
    low, high = text(row["low"]), text(row["high"])
    return f"{row['optimizer']} {least}{text(row['score'])}x [{low}, {high}]"
