"""Narrow a study by what the command line asks for."""

from optbench import catalog, study
from optbench.rules import registry


def narrowed(chosen, optimizers, problems, lr, seeds, steps, dtype, quick, folders=()):
    """Return `chosen` with the given fields changed; None and () leave a field as it is.

    Parameters
    ----------
    chosen : Study
    optimizers, problems : sequence of str
        Globs; those that match nothing in the study are looked up in the catalog.
    lr : str or None
        ``LOW:HIGH:COUNT`` or one rate.
    seeds, steps : int or None
    dtype : str or None
    quick : bool
        A fifth of the rates and steps, and two seeds.
    folders : sequence of path
        The user's own folders of problems and optimizers.

    Raises
    ------
    UserError
    """
    fields = {"seeds": seeds, "dtype": dtype, "steps": steps}
    if lr is not None:
        fields["lr"] = study.Grid.parse(lr)
    if optimizers:
        fields["optimizers"] = _optimizers(chosen, optimizers, folders)
    if problems:
        fields["problems"] = _problems(chosen, problems, folders)
    if steps is not None:
        entries = fields.get("problems", chosen.problems)
        fields["problems"] = [{**_dump(entry), "steps": None} for entry in entries]
    if quick:
        fields.update(_quick(chosen, {k: v for k, v in fields.items() if v is not None}))
    return chosen.changed(**{k: _dump(v) for k, v in fields.items() if v is not None})


def _dump(value):
    return value.model_dump() if hasattr(value, "model_dump") else value


def _optimizers(chosen, patterns, folders):
    """Entries of the study that match, else names of the catalog."""
    names = []
    for pattern in patterns:
        name, bracket, settings = pattern.partition("[")
        if not bracket and pattern in chosen.optimizers:
            names.append(pattern)
            continue
        names += [n + bracket + settings for n in registry.named(folders).select(name)]
    return list(dict.fromkeys(names))


def _problems(chosen, patterns, folders):
    """Entries of the study whose names match, else names of the catalog."""
    entries = {}
    mine = [entry.name for entry in chosen.problems]
    for pattern in patterns:
        for name in catalog.named(folders).select(pattern):
            entry = chosen.problems[mine.index(name)] if name in mine else {"name": name}
            entries[name] = _dump(entry)
    return list(entries.values())


def _quick(chosen, fields):
    steps = fields.get("steps", chosen.steps)
    grid = fields.get("lr", chosen.lr)
    problems = fields.get("problems", chosen.problems)
    small = [_dump(entry) for entry in problems]
    for entry in small:
        if entry.get("steps"):
            entry["steps"] = max(1, entry["steps"] // 5)
    count = grid.count if grid.count == 1 else max(2, grid.count // 5)
    return {
        "steps": max(1, steps // 5),
        "lr": {"low": grid.low, "high": grid.high, "count": count},
        "seeds": min(fields.get("seeds", chosen.seeds), 2),
        "problems": small,
    }
