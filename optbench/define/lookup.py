"""The one look-up of names: what is there, what is left out, what is near.

A `registry.Registry` returns the definitions of a kind (problems, optimizers) as `Names`, and
whatever takes a name from a user looks it up there.
"""

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from optbench.errors import DefinitionError, NamedThing, SettingError, UnknownNameError


class Placed(Protocol):
    """What knows where it is defined."""

    @property
    def place(self) -> str:
        """A file and a line, or an entry point."""


D = TypeVar("D", bound=Placed)


@dataclass(frozen=True)
class Refused:
    """A file, a package or one of its definitions that is left out.

    Attributes
    ----------
    name : str
        Name of the definition, or of the file or entry point if that could not be imported.
    message : str
        Where, what is wrong and what to do.
    trace : str
        The traceback of the import, or nothing.
    text : str
        Source of the file, as far as it could be read.
    rival : bool
        Whether it is a definition in a folder that the user names, whose name is taken.
    """

    name: str
    message: str
    trace: str = ""
    text: str = ""
    rival: bool = False

    @property
    def place(self) -> str:
        """Where it is: a file and a line, or an entry point."""
        return self.message.partition(": ")[0]

    def concerns(self, name: str) -> bool:
        """Whether the definition called `name` is, or might be, what is left out."""
        word = re.escape(name)
        written = rf"""\bdef {word}\b|(["']){word}\1"""  # a function, or the name of a net
        return name == self.name or bool(re.search(written, self.text))


@dataclass(frozen=True)
class Names(Generic[D]):
    """Definitions of one kind by name.

    Attributes
    ----------
    word : str
        The kind, for messages: "problem" or "optimizer".
    definitions : dict of str to definition
    refused : tuple of Refused
        What is left out.
    others : dict of str to str
        Names that are something else, which globs match too, and the message where a definition
        is needed.
    """

    word: NamedThing
    definitions: Mapping[str, D]
    refused: tuple[Refused, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str) -> D:
        """Return the definition called `name`.

        A name that two files declare is refused; then come the definitions, and last what might
        have been one in a file that is left out: a broken file hides nothing.

        Raises
        ------
        DefinitionError
            If the name belongs to something that is left out.
        SettingError
            If it belongs to something else.
        UnknownNameError
            If there is no such name; the message has near ones.
        """
        for refused in self.refused:
            if refused.rival and refused.name == name:
                raise DefinitionError(refused.message)
        if name in self.definitions:
            return self.definitions[name]
        if name in self.others:
            raise SettingError(self.others[name])
        raise self._missing(name)

    def all(self) -> list[str]:
        """Return every name that means something, what is left out included."""
        left_out = (refused.name for refused in self.refused)
        return list(dict.fromkeys([*self.definitions, *self.others, *left_out]))

    def select(self, pattern: str) -> list[str]:
        """Return the names that match a glob, in order.

        Names of `others` count where no definition matches, so that ``*`` means definitions.

        Raises
        ------
        DefinitionError, UnknownNameError
            If there is none.
        """
        names = matching(pattern, self.definitions) or matching(pattern, self.others)
        if not names:
            raise self._missing(pattern)
        return names

    def _missing(self, name: str) -> DefinitionError | UnknownNameError:
        """Return the error for a name that nothing has which could be used."""
        for refused in self.refused:
            if refused.concerns(name):
                return DefinitionError(refused.message)
        return UnknownNameError(self.word, name, self.all(), self._elsewhere(name))

    def _elsewhere(self, name: str) -> str:
        """Say how to have a name that is in ./problems, which Python looks at where it is told."""
        if self.word == "optimizer" and re.fullmatch(r"[a-z_]\w*(\.[a-z_]\w*)+", name, re.I):
            return f"write torch:{name} or optax:{name} for one of another library"
        own = Path("problems")
        things: tuple[Placed, ...] = (*self.definitions.values(), *self.refused)
        if own.absolute() in {Path(thing.place).parent for thing in things}:
            return ""
        for path in sorted(own.glob("*.py")):
            text = path.read_text(errors="replace")
            if "optbench" in text and Refused(path.stem, "", text=text).concerns(name):
                return f"{path} has it: give folders={str(own)!r}, which commands do by themselves"
        return ""


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Return the names that match a glob; globs have ``*`` and ``?`` only."""
    return fnmatch.filter(names, pattern.replace("[", "[[]"))
