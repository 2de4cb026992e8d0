"""Narrow a study by the filters of the command line: globs keep, ``+NAME`` adds."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from optbench.catalog import finding
from optbench.define.lookup import Names, matching
from optbench.define.plugins import Folders
from optbench.errors import UserError, meant
from optbench.rules import compose, ownership, registry
from optbench.rules.guests.rule import is_guest
from optbench.study.entries import ProblemEntry
from optbench.study.grid import Grid
from optbench.study.pairs import listed_optimizers, listed_problems
from optbench.study.schema import Study

ADDING = "+"
QUICK_TUNING, QUICK_SCORING = (101, 102, 103), (1, 2, 3, 4, 5, 6)
"""Instances of a quick study that lists none itself."""


@dataclass(frozen=True)
class Filters:
    """What changes in a study; None and () leave a field as it is.

    Attributes
    ----------
    optimizers, problems : sequence of str
        ``+NAME`` adds from the catalog, and what is added stays. What has no plus are globs: they
        keep what matches of the study, with its own settings. A glob matches the name of a rule or
        problem, or the whole label of an optimizer with its settings; a whole label matches nothing
        else. A guest, ``torch:Adam``, is added without a plus, and so is what the user has
        defined: it can mean nothing else.
    lr : str or None
        ``LOW:HIGH:COUNT`` or one rate.
    seeds, steps : int or None
    dtype : str or None
    quick : bool
        A fifth of the steps, two rates a decade, few instances and one seed, but for what the
        other filters say.
    adding : bool
        Whether the name of an optimizer that the study lacks adds it, without a plus.
    """

    optimizers: Sequence[str] = ()
    problems: Sequence[str] = ()
    lr: str | None = None
    seeds: int | None = None
    steps: int | None = None
    dtype: str | None = None
    quick: bool = False
    adding: bool = False


def narrowed(study: Study, filters: Filters, folders: Folders = ()) -> Study:
    """Return a study with the changes of `filters`.

    Parameters
    ----------
    study : Study
    filters : Filters
    folders : path or sequence of path
        The user's own folders of problems and optimizers.

    Raises
    ------
    UserError
        If a glob matches nothing, or a name is unknown.
    """
    fields = {"seeds": filters.seeds, "dtype": filters.dtype, "steps": filters.steps}
    changes: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if filters.lr is not None:
        changes["lr"] = Grid.parse(filters.lr)
    if filters.quick:  # before what is asked for by number, which holds as it was written
        study = _quicker(study)
    whole, study = study, study.changed(**changes)
    if filters.optimizers:
        kept, labels = _optimizers(whole, filters.optimizers, folders, filters.adding)
        study = study.narrowed("optimizers", kept, labels)
    if filters.problems:
        entries, names = _problems(whole, filters.problems, folders)
        study = study.narrowed("problems", entries, names)
    if filters.steps is not None:  # on the command line it is the budget of every problem
        problems = [entry.model_copy(update={"steps": None}) for entry in study.problems]
        study = study.changed(problems=problems)
    return study


def _split(patterns: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return (names to add, globs to keep)."""
    names = [pattern[1:] for pattern in patterns if pattern.startswith(ADDING)]
    return names, [pattern for pattern in patterns if not pattern.startswith(ADDING)]


def _bare(labels: Iterable[str]) -> set[str]:
    """Return names without the settings in brackets behind them."""
    return {label.partition("[")[0].strip() for label in labels}


def _optimizers(
    study: Study, patterns: Sequence[str], folders: Folders, adding: bool
) -> tuple[list[str], list[str]]:
    """Return the labels that globs keep, those that are added among them, and all labels."""
    additions, globs = _split(patterns)
    names = registry.named(folders)
    labels = [optimizer.label for optimizer in listed_optimizers(study, folders)]
    listed = {*labels}

    def is_meant(glob: str) -> bool:
        (name,) = _bare([glob])
        rule = names.definitions.get(name)
        if is_guest(name) or adding:
            there = is_guest(name) or rule is not None or name in names.others
            return there and not {"*", "?"} & {*name} and glob not in listed | _bare(listed)
        return rule is not None and ownership.is_own(rule) and name not in _bare(listed)

    additions += filter(is_meant, globs)
    added = [
        rule + bracket + settings
        for name, bracket, settings in (entry.partition("[") for entry in additions)
        for rule in registry.select(name, folders)
    ]
    labels = list(dict.fromkeys((*labels, *added)))
    if not globs:
        return labels, labels
    matched = {*added}
    for glob in globs:
        matches = {label for label in labels if label == glob} or {
            label for label in labels if matching(glob, [label, label.partition("[")[0]])
        }
        if not matches:
            if "[" in glob:  # a wrong setting is what is wrong
                compose.optimizer(glob, folders)
            _refuse("optimizer", glob, study, labels, names)
        matched |= matches
    return [label for label in labels if label in matched], labels


def _problems(
    study: Study, patterns: Sequence[str], folders: Folders
) -> tuple[list[ProblemEntry], list[str]]:
    """Return the entries that globs keep, those that are added among them, and all names."""
    additions, globs = _split(patterns)
    names = finding.named(folders)
    entries = listed_problems(study, folders)
    listed = dict.fromkeys(entry.name for entry in entries)
    own = {name for name, definition in names.definitions.items() if finding.is_own(definition)}
    additions += [glob for glob in globs if _bare([glob]) <= own - _bare(listed)]
    added = [name for glob in additions for name in finding.select(glob, folders)]
    for name in added:
        if name not in listed:
            listed[name] = None
            entries.append(ProblemEntry(name=name))
    if not globs:
        return entries, list(listed)
    matched = {*added}
    for glob in globs:
        matches = [name for name in listed if name == glob] or [
            name for name in listed if matching(glob, [name, name.partition("[")[0]])
        ]
        if not matches:
            if "[" in glob:  # a wrong setting is what is wrong
                finding.select(glob, folders)
            _refuse("problem", glob, study, list(listed), names)
        matched.update(matches)
    return [entry for entry in entries if entry.name in matched], list(listed)


def _refuse(
    kind: Literal["optimizer", "problem"], glob: str, study: Study, labels: Iterable[str],
    names: Names[Any],
) -> NoReturn:  # fmt: skip
    """Say that a filter keeps nothing of a study, and how to add what it means."""
    name, labels = glob.partition("[")[0], list(labels)
    if matching(name, [*names.definitions, *names.others]):
        option = f"-{kind[0]}"
        raise UserError(
            f"study {study.name} has no {kind} {glob!r}; add it with {option} '{ADDING}{glob}', "
            f"or run it by itself with {option} '{ADDING}{glob}' {option} '{glob}'"
        )
    is_own = ownership.is_own if kind == "optimizer" else finding.is_own
    own = [name for name, definition in names.definitions.items() if is_own(definition)]
    if hint := meant(glob, [*labels, *own]):
        raise UserError(
            f"unknown {kind} {glob!r}: {hint} (study {study.name} has {len(labels)} {kind}s)"
        )
    names.select(name)  # raises: it is left out, or unknown
    raise AssertionError(name)


def _quicker(study: Study) -> Study:
    """Return a study that ends sooner and still compares: as wide a grid, two rates a decade."""
    grid = study.lr
    count = 1 + math.ceil(2 * math.log10(grid.high / grid.low) - 1e-9) if grid.count > 1 else 1
    problems = [
        entry.model_copy(update={"steps": max(1, entry.steps // 5)}) if entry.steps else entry
        for entry in study.problems
    ]
    return study.changed(
        steps=max(1, study.steps // 5),
        seeds=1,
        tuning_instances=(study.tuning_instances or QUICK_TUNING)[:3],
        scoring_instances=(study.scoring_instances or QUICK_SCORING)[:6],
        lr=grid.model_copy(update={"count": min(grid.count, max(2, count))}),
        problems=problems,
    )
