"""Pickling definitions: as a name in the file that declares it, as Python pickles functions.

So a process pool can be handed optimizers and problems; the other side imports the same file. What
nets declare is plain data and pickles as it is.
"""

import copyreg
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from optbench.define import plugins
from optbench.define.definitions import NetDefinition, ProblemDefinition, Rule, Wrapper
from optbench.define.ladders import Ladder
from optbench.errors import DefinitionError

Pickled: TypeAlias = ProblemDefinition | Rule | Wrapper
KINDS: dict[str, type[Pickled]] = {
    kind.__name__: kind for kind in (ProblemDefinition, Rule, Wrapper)
}


def restored(kind: str, module: str, file: str, name: str) -> Pickled:
    """Return the definition of a kind, called `name`, of a module or a file of definitions."""
    if module.startswith(plugins.PREFIX):
        plugins.import_file(Path(file))
    else:
        importlib.import_module(module)
    for value in _values(sys.modules[module]):
        if isinstance(value, KINDS[kind]) and value.name == name:
            return value
    raise DefinitionError(f"{file}: holds no {name} (any more), which was pickled")


def restored_ladder(module: str, file: str, name: str) -> Ladder:
    """Return the ladder called `name` of a file of definitions."""
    if module.startswith(plugins.PREFIX):
        plugins.import_file(Path(file))
    for value in _values(sys.modules[module]):
        if isinstance(value, ProblemDefinition | NetDefinition) and value.name == name:
            if value.ladder is not None:
                return value.ladder
    raise DefinitionError(f"{file}: holds no ladder {name} (any more), which was pickled")


def _values(module: ModuleType) -> Iterator[object]:
    """Yield what a module names, and what is in its lists."""
    for value in list(vars(module).values()):
        yield from value if isinstance(value, list | tuple) else (value,)


def _reduced(definition: Pickled) -> tuple[Callable[..., Pickled], tuple[str, str, str, str]]:
    """Return what `copyreg` calls to restore a definition, and with which arguments."""
    kind = type(definition).__name__
    if isinstance(definition, ProblemDefinition) and definition.level:
        assert definition.ladder is not None
        if definition.name != definition.ladder.name:
            return Ladder.rung, (definition.ladder, definition.level)
    own = _function(definition).__module__
    for name in (own, *(name for name in list(sys.modules) if name.startswith(plugins.PREFIX))):
        module = sys.modules.get(name)
        if module and any(value is definition for value in _values(module)):
            return restored, (kind, name, getattr(module, "__file__", name), definition.name)
    raise DefinitionError(
        f"{definition.place}: {definition.name} cannot be pickled, because no file names it at its "
        "top level: declare it there, not inside a function"
    )


def _function(definition: Pickled) -> Callable[..., Any]:
    if isinstance(definition, ProblemDefinition):
        return definition.function
    return definition.functions["update"]


for pickled in KINDS.values():
    copyreg.pickle(pickled, _reduced)
