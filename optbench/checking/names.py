"""From names to reports: a name is looked for in each of `KINDS`, in order."""

from optbench import catalog
from optbench.checking.report import FAILED, Finding, Report
from optbench.errors import UnknownNameError
from optbench.rules import registry


class Problems:
    """Problems of the catalog, of packages and of the user's folders."""

    kind = "problem"

    @staticmethod
    def names(folders):
        """Return every name that has a report, what is left out included."""
        left_out = [one.name for one in catalog.refused(folders)]
        return list(dict.fromkeys([*catalog.problems(folders), *left_out]))

    @staticmethod
    def report(name, folders):
        """Return the `Report` on a name, or None if no problem is called so."""
        for one in catalog.refused(folders):
            if one.concerns(name):
                finding = Finding("import", FAILED, one.message)
                return Report("problem", name, one.place, (finding,), 0.0)
        found = catalog.problems(folders).get(name)
        if found is None:
            return None
        from optbench.checking import problems

        return problems.report(found)


class Optimizers:
    """Update rules, of packages and of the user's folders too; settings may follow a name."""

    kind = "optimizer"

    @staticmethod
    def names(folders):
        """Return every name that has a report, what is left out included."""
        left_out = [one.name for one in registry.refused(folders)]
        return list(dict.fromkeys([*registry.optimizers(folders), *left_out]))

    @staticmethod
    def report(name, folders):
        """Return the `Report` on a name, or None if no optimizer is called so."""
        rule = name.partition("[")[0]
        if rule in registry.optimizers(folders):
            from optbench.checking import optimizers
            from optbench.rules import compose

            return optimizers.report(compose.optimizer(name, folders))
        for one in registry.refused(folders):
            if one.concerns(rule):
                finding = Finding("import", FAILED, one.message)
                return Report("optimizer", name, one.place, (finding,), 0.0)
        return None


KINDS = (Problems, Optimizers)
"""What is looked through for a name. Another kind of thing is another class in this row."""


def names(folders=()):
    """Return every name that can be checked."""
    return [name for kind in KINDS for name in kind.names(folders)]


def check(name, folders=()):
    """Return the `Report` of all checks of what is called `name`.

    Raises
    ------
    UnknownNameError
        If nothing is called so.
    """
    for kind in KINDS:
        report = kind.report(name, folders)
        if report is not None:
            return report
    raise UnknownNameError(KINDS[0].kind, name, names(folders))
