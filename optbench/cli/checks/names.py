"""From names to reports: a name is looked up in each of `KINDS`, in order."""

import difflib
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Protocol

from optbench.catalog import finding
from optbench.cli.checks import studies
from optbench.cli.checks.findings import FAILED, Finding, Report
from optbench.define.apart import result_of
from optbench.define.lookup import Names
from optbench.define.plugins import Folders
from optbench.errors import DefinitionError, UnknownNameError, UserCodeError
from optbench.rules import ownership, registry
from optbench.rules.guests.rule import is_guest

KindName = Literal["problem", "optimizer"]


class Kind(Protocol):
    """A kind of thing that can be checked."""

    kind: ClassVar[KindName]

    @staticmethod
    def named(folders: Folders) -> Names[Any]:
        """Return the definitions of the kind by name."""
        ...

    @staticmethod
    def is_own(definition: Any) -> bool:
        """Say whether a definition is the user's."""
        ...

    @staticmethod
    def report(name: str, folders: Folders) -> Report:
        """Run the checks on what is called `name`."""
        ...


class Problems:
    """Problems of the catalog, of packages and of the user's folders."""

    kind: ClassVar[KindName] = "problem"

    @staticmethod
    def named(folders: Folders) -> Names[Any]:
        """Return the definitions by name."""
        return finding.named(folders)

    @staticmethod
    def is_own(definition: Any) -> bool:
        """Say whether a definition is the user's."""
        return finding.is_own(definition)

    @staticmethod
    def report(name: str, folders: Folders) -> Report:
        """Return the `Report` on a problem."""
        from optbench.cli.checks import problems

        return problems.report(finding.definition(name, folders))


class Optimizers:
    """Update rules, of packages and of the user's folders too; settings may follow a name."""

    kind: ClassVar[KindName] = "optimizer"

    @staticmethod
    def named(folders: Folders) -> Names[Any]:
        """Return the definitions by name."""
        return registry.named(folders)

    @staticmethod
    def is_own(definition: Any) -> bool:
        """Say whether a rule is the user's."""
        return ownership.is_own(definition)

    @staticmethod
    def report(name: str, folders: Folders) -> Report:
        """Return the `Report` on an optimizer."""
        from optbench.cli.checks import optimizers
        from optbench.rules import compose

        return optimizers.report(compose.optimizer(name, folders))


KINDS: tuple[type[Kind], ...] = (Problems, Optimizers)
"""Another kind of thing is another class in this row."""


def checkable_names(folders: Folders = ()) -> list[str]:
    """Return every name that can be checked, what is left out included, each once."""
    unique: dict[str, None] = {}
    for kind in KINDS:
        names = kind.named(folders)
        unique.update(dict.fromkeys(name for name in names.all() if name not in names.others))
    return list(unique)


def check(name: str, folders: Folders = ()) -> Report:
    """Return the `Report` of all checks of what is called `name`.

    Raises
    ------
    UnknownNameError
        If nothing is called so.
    SettingError
        If there is nothing to check about it.
    """
    bare = name.partition("[")[0].strip()
    if is_guest(bare):
        guest = registry.rule(bare, folders)
        if bare.startswith("optax"):  # JAX would wait for ever in a forked process
            return Optimizers.report(name, folders)
        return _report_apart(Optimizers, name, guest.place, folders)
    if studies.is_study(name):
        return studies.report(name, folders)
    # What is defined comes before what a broken file might have defined, whatever its kind.
    defining = [kind for kind in KINDS if bare in kind.named(folders).definitions]
    if len(defining) > 1:
        return _ambiguous(bare, defining, folders)
    for kind in (*defining, *(kind for kind in KINDS if kind not in defining)):
        try:
            kind.named(folders).find(bare)
        except DefinitionError as error:
            return _refused(kind, name, str(error))
        except UnknownNameError:
            continue
        if not kind.is_own(kind.named(folders).find(bare)):
            return kind.report(name, folders)
        place = kind.named(folders).find(bare).place
        return _report_apart(kind, name, place, folders)
    raise UnknownNameError(_likely_kind(bare, folders), bare, checkable_names(folders))


def _report_apart(kind: type[Kind], name: str, place: str, folders: Folders) -> Report:
    """Return the `Report` on something of the user's, which is checked in a process of its own."""
    try:
        return result_of(lambda: kind.report(name, folders), place)
    except UserCodeError as error:
        return Report(kind.kind, name, place, (Finding("process", FAILED, str(error)),), 0.0)


def _refused(kind: type[Kind], name: str, message: str) -> Report:
    """Return the `Report` on something that cannot be checked."""
    place = message.partition(": ")[0]
    return Report(kind.kind, name, place, (Finding("import", FAILED, message),), 0.0)


def _ambiguous(name: str, kinds: Sequence[type[Kind]], folders: Folders) -> Report:
    """Return the `Report` on a name that things of several kinds have."""
    places = [f"the {kind.kind} at {kind.named(folders).find(name).place}" for kind in kinds]
    place = kinds[0].named(folders).find(name).place
    message = f"{place}: {name} is the name of {' and of '.join(places)}. Rename one of them"
    return _refused(kinds[0], name, message)


def _likely_kind(name: str, folders: Folders) -> KindName:
    """Return the kind of the nearest name."""
    near = difflib.get_close_matches(name, checkable_names(folders), n=1, cutoff=0.5)
    for kind in KINDS:
        if near and near[0] in kind.named(folders).definitions:
            return kind.kind
    return KINDS[0].kind
