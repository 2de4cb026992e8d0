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
from optbench.define.definitions import Levels, NetDefinition, ProblemDefinition, Rule, Wrapper
from optbench.define.ladders import Ladder
from optbench.errors import DefinitionError

Pickled: TypeAlias = ProblemDefinition | Rule | Wrapper
KINDS: dict[str, type[Pickled]] = {
    kind.__name__: kind for kind in (ProblemDefinition, Rule, Wrapper)
}


def restored(kind: str, module: str, file: str, name: str) -> Pickled:
    """Return the definition of a kind, called `name`, of a module or a file of definitions."""
    for value in _values(_module(module, file)):
        if isinstance(value, KINDS[kind]) and value.name == name:
            return value
    raise DefinitionError(f"{file}: holds no {name} (any more), which was pickled")


def restored_ladder(module: str, file: str, name: str) -> Ladder:
    """Return the ladder called `name` of a module or a file of definitions."""
    for value in _values(_module(module, file)):
        if isinstance(value, ProblemDefinition | NetDefinition) and value.ladder is not None:
            if value.name == name and isinstance(value.ladder, Ladder):
                return value.ladder
    raise DefinitionError(f"{file}: holds no ladder {name} (any more), which was pickled")


def _module(name: str, file: str) -> ModuleType:
    if name.startswith(plugins.PREFIX):
        return plugins.import_again(name, Path(file))
    return importlib.import_module(name)


def in_ladder(definition: ProblemDefinition) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
    """Return what `copyreg` calls to restore a problem of a ladder; None for any other.

    That under the ladder's own name is found like any other definition.
    """
    ladder = definition.ladder
    if ladder is None or definition is ladder.first or not definition.level:
        return None
    rungs = ladder.first, ladder.rung(definition.level)
    if definition is rungs[1]:
        return _rung, (ladder, definition.level)
    for rung in rungs:
        if isinstance(rung, ProblemDefinition) and definition is rung.base:
            return getattr, (rung, "base")
    return None


def _rung(ladder: Levels, level: int) -> ProblemDefinition | NetDefinition:
    return ladder.rung(level)


def _reduced_ladder(ladder: Ladder) -> tuple[Callable[..., Ladder], tuple[str, str, str]]:
    module = ladder.make.__module__
    file = str(getattr(sys.modules[module], "__file__", module))
    return restored_ladder, (module, file, ladder.name)


def _values(module: ModuleType) -> Iterator[object]:
    """Yield what a module names, and what is in its lists."""
    for value in list(vars(module).values()):
        yield from value if isinstance(value, list | tuple) else (value,)


def reduced(definition: Pickled) -> tuple[Callable[..., Pickled], tuple[str, str, str, str]]:
    """Return what `copyreg` calls to restore a definition, and with which arguments."""
    kind = type(definition).__name__
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
    copyreg.pickle(pickled, reduced)
copyreg.pickle(Ladder, _reduced_ladder)
