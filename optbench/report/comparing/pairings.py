"""Which lanes a question by name is about, and what is said where there are none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from optbench.define.lookup import matching
from optbench.errors import UserError, meant
from optbench.report.baseline import finding as baseline
from optbench.report.baseline.matching import beside, left_out, lines, terms_of
from optbench.report.comparing import questions
from optbench.report.comparing.questions import Pairing
from optbench.report.statistics.load import load_lanes
from optbench.study.results import Results

if TYPE_CHECKING:
    from optbench.report.baseline.stored import Stored
    from optbench.report.statistics.pair_lanes import PairLanes


def stored_beside(
    folder: Path, lanes: Sequence[PairLanes], against: str | os.PathLike[str]
) -> tuple[Stored, str]:
    """Return what is stored of optimizers that a run lacks, on the problems that are the same.

    Also why the others are not, for a message.
    """
    with Results(folder) as results:
        manifest = results.manifest()
    stored, seed = baseline.find(against, manifest["study"]["name"]), manifest["study_seed"]
    others = left_out({own.label: terms_of(own, seed) for own in lanes}, stored)
    reasons = "".join(f"; {reason}" for reason in lines(others, stored.place))
    return replace(stored, lanes=beside(lanes, stored, seed)), reasons


def of_two(folder: Path, lanes: Sequence[PairLanes], a: str, b: str, more: str) -> list[Pairing]:
    """Return what two optimizers have in common; `more` is what to try for one that is missing."""
    for name in (a, b):
        _check_optimizer(name, lanes, folder, more)
    if a == b:
        raise UserError(f"{a} is compared with itself: name two optimizers")
    pairings = questions.of_two(lanes, a, b)
    if not pairings:
        raise UserError(f"{folder}: {a} and {b} have finished no problem in common")
    return pairings


def _check_optimizer(name: str, lanes: Sequence[PairLanes], folder: Path, more: str) -> None:
    """Refuse an optimizer that the run does not have."""
    names = sorted({own.optimizer for own in lanes})
    if name not in names:
        hint = meant(name, names)
        raise UserError(
            f"{folder}: the run has no optimizer {name!r}{hint and f': {hint}'}; "
            f"it has {', '.join(names)}{more}"
        )


def of_runs(first: Path, second: Path) -> list[Pairing]:
    """Return what two runs share."""
    seeds = []
    for folder in (first, second):
        with Results(folder) as results:
            seeds.append(results.manifest().get("study_seed"))
    if seeds[0] != seeds[1]:
        raise UserError(
            f"{first} has study seed {seeds[0]} and {second} has {seeds[1]}: they met other draws, "
            "so that their lanes are no pairs"
        )
    pairings = questions.of_runs(load_lanes(first), load_lanes(second))
    if not pairings:
        raise UserError(
            f"{first} and {second} share no optimizer on a problem that is the same in both, with "
            "the same target and budget"
        )
    return pairings


def on_problems(pairings: list[Pairing], globs: Sequence[str]) -> list[Pairing]:
    """Return the pairings on problems that a glob matches, each of which must match one."""
    labels = list(dict.fromkeys(own.label for own, _ in pairings))
    names = {own.label: str(own.facts["problem"]) for own, _ in pairings}
    kept: set[str] = set()
    for glob in globs:
        matches = {own for own in labels if matching(glob, [own, names[own]])}
        if not matches:
            raise UserError(f"no problem of both is {glob!r}; they share {', '.join(labels)}")
        kept |= matches
    return [pairing for pairing in pairings if not globs or pairing[0].label in kept]
