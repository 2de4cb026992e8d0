"""What must hold for a study before it runs: one function a check."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optbench.cli.checks.findings import NotApplicableError, Report, WrongError
from optbench.cli.checks.running import Checks
from optbench.define.plugins import Folders
from optbench.errors import counted
from optbench.lanes.pool import Unit
from optbench.study import dry_run
from optbench.study.pairs import listed_optimizers, listed_problems
from optbench.study.schema import Study, builtin_studies, read_study
from optbench.study.trials import ALL, RATE

FIRST = 3
"""Reasons for which pairs are skipped that are shown."""


def is_study(name: str) -> bool:
    """Say whether a name is the path of a study's file, or a built-in study."""
    return name.lower().endswith(".toml") or name in builtin_studies()


@dataclass(frozen=True)
class _Subject:
    """A study that is checked: its name or path, and where definitions are found."""

    name: str
    folders: Folders

    @cached_property
    def study(self) -> Study:
        """The study; `StudyError` if it cannot be read."""
        return read_study(self.name)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What a dry run knows."""
        return dry_run.facts(self.study, self.folders)


def fields(own: _Subject) -> str:
    """The file can be read, and every field is what it must be."""
    study = own.study
    entries = f"{counted(len(study.optimizers), 'entry')} of optimizers"
    tried = f"{counted(study.grid.count, 'rate')} from {study.grid.low:g} to {study.grid.high:g}"
    if study.space != RATE:
        names = "all settings" if study.space == ALL else ", ".join(study.space)
        tried = f"{counted(study.trials, 'draw')} of {names}"
    return f"{entries}, {len(study.problems)} of problems; {counted(study.steps, 'step')}, {tried}"


def names(own: _Subject) -> str:
    """Every optimizer and problem exists, and takes its settings."""
    optimizers = listed_optimizers(own.study, own.folders)
    problems = listed_problems(own.study, own.folders)
    return (
        f"{counted(len(optimizers), 'optimizer')}, "
        f"{counted(len({entry.name for entry in problems}), 'problem')}"
    )


def pairs(own: _Subject) -> str:
    """There is something to run."""
    if not own.facts["pairs"]:
        reasons = dict.fromkeys(row["reason"] for row in own.facts["skipped"])
        raise WrongError(f"{own.name}: there is nothing to run: {'; '.join(reasons)}")
    return f"{counted(len(own.facts['pairs']), 'pair')}, {counted(own.facts['cells'], 'cell')}"


def skipped(own: _Subject) -> str:
    """What is left out, and why."""
    rows = own.facts["skipped"]
    if not rows:
        raise NotApplicableError("no pair is left out")
    shown = [f"{row['optimizer']} on {row['problem']}: {row['reason']}" for row in rows[:FIRST]]
    more = [f"{len(rows) - FIRST} more"] if len(rows) > FIRST else []
    return f"{counted(len(rows), 'pair')} left out: {'; '.join(shown + more)}"


def cost(own: _Subject) -> str:
    """It is not more than this machine has."""
    return f"{own.facts['cost']} where compiled code is at its best"


def _nothing(own: _Subject) -> Iterable[Unit]:
    return ()


CHECKS = Checks[_Subject](
    kind="study",
    functions={"fields": fields, "names": names, "pairs": pairs, "skipped": skipped, "cost": cost},
    first=("fields", "names", "pairs"),
    units=_nothing,
)


def report(name: str, folders: Folders = ()) -> Report:
    """Return the `Report` on a study, given as its file or a built-in name."""
    place = str(builtin_studies().get(name, Path(name)))
    return CHECKS.report(_Subject(name, folders), name, place)
