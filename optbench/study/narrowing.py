"""Narrow a study by what the command line asks for: filters keep, ``+NAME`` adds."""

import difflib
import math

from optbench.catalog import finding
from optbench.define.lookup import matching
from optbench.errors import UserError
from optbench.rules import compose, registry
from optbench.study.cells import listed_optimizers, listed_problems
from optbench.study.entries import ProblemEntry
from optbench.study.grid import Grid

ADDING = "+"


def narrowed(
    chosen, optimizers=(), problems=(), lr=None, seeds=None, steps=None, dtype=None, quick=False,
    folders=(),
):  # fmt: skip
    """Return `chosen` with the given fields changed; None and () leave a field as it is.

    Parameters
    ----------
    chosen : Study
    optimizers, problems : sequence of str
        ``+NAME`` adds from the catalog. What has no plus are globs: they keep what matches of the
        study, and of what is added, each with the study's own settings. A glob matches the name of
        a rule or problem, or the whole label of an optimizer with its settings; a whole label
        matches nothing else.
    lr : str or None
        ``LOW:HIGH:COUNT`` or one rate.
    seeds, steps : int or None
    dtype : str or None
    quick : bool
        A fifth of the steps, two seeds, two rates a decade.
    folders : sequence of path
        The user's own folders of problems and optimizers.

    Raises
    ------
    UserError
        If a glob matches nothing, or a name is unknown.
    """
    fields = {"seeds": seeds, "dtype": dtype, "steps": steps}
    if lr is not None:
        fields["lr"] = Grid.parse(lr)
    if optimizers:
        fields["optimizers"] = _optimizers(chosen, optimizers, folders)
    if problems:
        fields["problems"] = _problems(chosen, problems, folders)
    chosen = chosen.changed(**{name: value for name, value in fields.items() if value is not None})
    if steps is not None:  # on the command line it is the budget of every problem
        chosen = chosen.changed(problems=[_with(entry, steps=None) for entry in chosen.problems])
    return _quicker(chosen) if quick else chosen


def _split(patterns):
    """Return (names to add, globs to keep)."""
    added = [pattern[1:] for pattern in patterns if pattern.startswith(ADDING)]
    return added, [pattern for pattern in patterns if not pattern.startswith(ADDING)]


def _optimizers(chosen, patterns, folders):
    added, globs = _split(patterns)
    labels = [one.label for one in listed_optimizers(chosen, folders)]
    for entry in added:
        name, bracket, settings = entry.partition("[")
        labels += [one + bracket + settings for one in registry.named(folders).select(name)]
    labels = list(dict.fromkeys(labels))
    if not globs:
        return labels
    keep = set()
    for glob in globs:
        exact = {label for label in labels if label == glob}
        fitting = exact or {
            label for label in labels if matching(glob, [label, label.partition("[")[0]])
        }
        if not fitting:
            if "[" in glob:  # a wrong setting is what is wrong
                compose.optimizer(glob, folders)
            _refuse("optimizer", glob, chosen, labels, registry.named(folders))
        keep |= fitting
    return [label for label in labels if label in keep]


def _problems(chosen, patterns, folders):
    added, globs = _split(patterns)
    known = finding.named(folders)
    entries = listed_problems(chosen, folders)
    names = dict.fromkeys(entry.name for entry in entries)
    for name in (name for glob in added for name in known.select(glob)):
        if name not in names:
            names[name] = None
            entries.append(ProblemEntry(name=name))
    if not globs:
        return entries
    keep = set()
    for glob in globs:
        fitting = set(matching(glob, names))
        if not fitting:
            _refuse("problem", glob, chosen, list(names), known)
        keep |= fitting
    return [entry for entry in entries if entry.name in keep]


def _refuse(word, glob, chosen, labels, known):
    """Say that a filter keeps nothing, and how to add what it means."""
    name = glob.partition("[")[0]
    if matching(name, [*known.definitions, *known.others]):
        option = f"-{word[0]}"
        raise UserError(
            f"study {chosen.name} has no {word} {glob!r}; add it with {option} '{ADDING}{glob}', "
            f"and give {option} '{glob}' beside it to run it alone"
        )
    near = difflib.get_close_matches(glob, labels, n=3, cutoff=0.5)
    if near:
        raise UserError(
            f"unknown {word} {glob!r}: did you mean {', '.join(near)}? (study {chosen.name} has "
            f"{len(labels)} {word}s)"
        )
    known.select(name)  # which is left out, or has near ones


def _with(entry, **changes):
    return entry.model_copy(update=changes)


def _quicker(chosen):
    """Return a study that ends sooner and still compares: as wide a grid, two rates a decade."""
    grid = chosen.lr
    count = 1 + math.ceil(2 * math.log10(grid.high / grid.low) - 1e-9) if grid.count > 1 else 1
    problems = [
        _with(entry, steps=max(1, entry.steps // 5)) if entry.steps else entry
        for entry in chosen.problems
    ]
    return chosen.changed(
        steps=max(1, chosen.steps // 5),
        seeds=min(chosen.seeds, 2),
        lr=grid.model_copy(update={"count": min(grid.count, max(2, count))}),
        problems=problems,
    )
