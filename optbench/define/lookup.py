"""The one look-up of names: what is there, what is left out, what is near.

Both registries (problems, optimizers) keep their definitions in a `Names`, and everything that
takes a name from a user asks that.
"""

import fnmatch
from dataclasses import dataclass, field

from optbench.errors import DefinitionError, SettingError, UnknownNameError


@dataclass(frozen=True)
class Names:
    """Definitions of one kind by name.

    Attributes
    ----------
    word : str
        The kind, for messages: "problem" or "optimizer".
    definitions : dict of str to definition
    refused : tuple of plugins.Refused
        What is left out.
    others : dict of str to str
        Names that are something else, which globs know too, and what is said where a definition
        is wanted.
    """

    word: str
    definitions: dict
    refused: tuple = ()
    others: dict = field(default_factory=dict)

    def find(self, name):
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
        for one in self.refused:
            if one.rival and one.name == name:
                raise DefinitionError(one.message)
        if name in self.definitions:
            return self.definitions[name]
        if name in self.others:
            raise SettingError(self.others[name])
        for one in self.refused:
            if one.concerns(name):
                raise DefinitionError(one.message)
        raise UnknownNameError(self.word, name, self.all())

    def all(self):
        """Return every name that means something, what is left out included."""
        left_out = (one.name for one in self.refused)
        return list(dict.fromkeys([*self.definitions, *self.others, *left_out]))

    def select(self, pattern):
        """Return the names that match a glob, in order.

        Names of `others` count where no definition matches, so that ``*`` means definitions.

        Raises
        ------
        DefinitionError, UnknownNameError
            If there is none.
        """
        for known in (self.definitions, self.others):
            names = matching(pattern, known)
            if names:
                return names
        for one in self.refused:
            if one.concerns(pattern):
                raise DefinitionError(one.message)
        raise UnknownNameError(self.word, pattern, self.all())


def matching(pattern, known):
    """Return the names in `known` that match a glob; globs know ``*`` and ``?`` only."""
    return fnmatch.filter(known, pattern.replace("[", "[[]"))
