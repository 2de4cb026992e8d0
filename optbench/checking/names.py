"""From names to reports: a name is looked for in each of `KINDS`, in order."""

import difflib

from optbench import catalog
from optbench.checking.report import FAILED, Finding, Report
from optbench.errors import DefinitionError, UnknownNameError
from optbench.rules import registry


class Problems:
    """Problems of the catalog, of packages and of the user's folders."""

    kind = "problem"

    @staticmethod
    def named(folders):
        """Return the `lookup.Names`."""
        return catalog.named(folders)

    @staticmethod
    def report(name, folders):
        """Return the `Report` on a problem."""
        from optbench.checking import problems

        return problems.report(catalog.definition(name, folders))


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
        from optbench.checking import optimizers
        from optbench.rules import compose

        return optimizers.report(compose.optimizer(name, folders))


KINDS = (Problems, Optimizers)
"""What is looked through for a name. Another kind of thing is another class in this row."""


def names(folders=()):
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
    kinds = sorted(KINDS, key=lambda kind: bare not in kind.named(folders).definitions)
    for kind in kinds:
        names_of_kind = kind.named(folders)
        try:
            names_of_kind.find(bare)
        except DefinitionError as error:
            place, _, _ = str(error).partition(": ")
            return Report(kind.kind, name, place, (Finding("import", FAILED, str(error)),), 0.0)
        except UnknownNameError:
            continue
        return kind.report(name, folders)
    raise UnknownNameError(_likely(bare, folders), bare, names(folders))


def _likely(name, folders):
    """Return the kind of the nearest name."""
    near = difflib.get_close_matches(name, names(folders), n=1, cutoff=0.5)
    for kind in KINDS:
        if near and near[0] in kind.named(folders).definitions:
            return kind.kind
    return KINDS[0].kind
