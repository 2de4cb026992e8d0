"""How each ending of a lane looks and what it is called, on the page and on paper."""

from __future__ import annotations

from typing import NamedTuple

from optbench.report.figures import palette
from optbench.report.statistics.endings import BUDGET, NOT_FINITE, REACHED, STATIONARY, STOPPED


class Looks(NamedTuple):
    """How an ending is drawn: the bar's colour, its text's, its hatch, and the ending in words."""

    colour: str
    ink: str
    hatch: str
    words: str


STATUSES = {
    "reached": Looks("#0072B2", "white", "", "target reached"),
    "spent": Looks("#dddddd", palette.INK, "", "descending when the budget was spent"),
    "stalled": Looks("#aaaaaa", palette.INK, "", "stalled"),
    "stopped": Looks("#009E73", "white", "", "stopped early"),
    "other_minimum": Looks("#9ccbe8", palette.INK, "", "at another minimum"),
    "saddle": Looks("#CC79A7", palette.INK, "", "at a saddle"),
    "plateau": Looks("#F0E442", palette.INK, "", "on a plateau"),
    "left_the_box": Looks("#E69F00", palette.INK, "", "left the box"),
    "diverged": Looks("#D55E00", "white", "", "diverged"),
    "not_finite": Looks("#D55E00", "white", "////", "not finite"),
    "no_target": Looks("#f6f6f6", palette.INK, "....", "no target"),
}
"""Of every column of counts in `failure_table`, from the best to the worst."""
ENDINGS = {
    REACHED: "target reached",
    STATIONARY: "stationary above the target",
    BUDGET: "budget spent",
    STOPPED: "stopped early",
    NOT_FINITE: "not finite (diverged)",
}
"""What the engine says of how a lane ended, in words."""


def words_of(ending: str) -> str:
    """Return the words for how a lane ended."""
    return ENDINGS[ending]
