"""From names to reports: a name is looked for in each of `KINDS`, in order."""

import difflib

from optbench.catalog import finding
from optbench.cli.checks.findings import FAILED, Finding, Report
from optbench.errors import DefinitionError, UnknownNameError
from optbench.rules import registry


class Problems:
    """Problems of the catalog, of packages and of the user's folders."""

    kind = "problem"

    @staticmethod
    def named(folders):
        """Return the `lookup.Names`."""
        return finding.named(folders)

    @staticmethod
    def report(name, folders):
        """Return the `Report` on a problem."""
        from optbench.cli.checks import problems

        return problems.report(finding.definition(name, folders))


class Optimizers:
    """Update rules, of packages and of the user's folders too; settings may follow a name."""

    kind = "optimizer"

    @staticmethod
    def named(folders):
        """Return the `lookup.Names`."""
        return registry.named(folders)

    @staticmethod
    def report(name, folders):
        """Return the `Report` on an optimizer."""
        from optbench.cli.checks import optimizers
        from optbench.rules import compose

        return optimizers.report(compose.optimizer(name, folders))


KINDS = (Problems, Optimizers)
"""What is looked through for a name. Another kind of thing is another class in this row."""


def checkable_names(folders=()):
    """Return every name that can be checked, what is left out included, each once."""
    every = {}
    for kind in KINDS:
        names = kind.named(folders)
        every.update(dict.fromkeys(name for name in names.all() if name not in names.others))
    return list(every)


def check(name, folders=()):
    """Return the `Report` of all checks of what is called `name`.

    Raises
    ------
    UnknownNameError
        If nothing is called so.
    SettingError
        If there is nothing to check about it.
    """
    bare = name.partition("[")[0].strip()
    # What is there comes before what a broken file might have held, whatever its kind.
    there = [kind for kind in KINDS if bare in kind.named(folders).definitions]
    if len(there) > 1:
        return _ambiguous(bare, there, folders)
    for kind in (*there, *(kind for kind in KINDS if kind not in there)):
        try:
            kind.named(folders).find(bare)
        except DefinitionError as error:
            return _refused(kind, name, str(error))
        except UnknownNameError:
            continue
        return kind.report(name, folders)
    raise UnknownNameError(_likely(bare, folders), bare, checkable_names(folders))


def _refused(kind, name, message):
    """Return the `Report` on something that cannot be checked."""
    place = message.partition(": ")[0]
    return Report(kind.kind, name, place, (Finding("import", FAILED, message),), 0.0)


def _ambiguous(name, kinds, folders):
    """Return the `Report` on a name that things of several kinds have."""
    places = [f"the {kind.kind} at {kind.named(folders).find(name).place}" for kind in kinds]
    place = kinds[0].named(folders).find(name).place
    message = f"{place}: {name} is the name of {' and of '.join(places)}. Rename one of them"
    return _refused(kinds[0], name, message)


def _likely(name, folders):
    """Return the kind of the nearest name."""
    near = difflib.get_close_matches(name, checkable_names(folders), n=1, cutoff=0.5)
    for kind in KINDS:
        if near and near[0] in kind.named(folders).definitions:
            return kind.kind
    return KINDS[0].kind
