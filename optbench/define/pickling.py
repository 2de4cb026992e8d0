"""Pickling definitions: as a name in the file that declares it, as Python pickles functions.

So a process pool can be handed optimizers and problems; the other side imports the same file. What
nets declare is plain data and pickles as it is.
"""

import copyreg
import importlib
import sys
from pathlib import Path

from optbench.define import plugins
from optbench.define.definitions import ProblemDefinition, Rule, Wrapper
from optbench.errors import DefinitionError

KINDS = {one.__name__: one for one in (ProblemDefinition, Rule, Wrapper)}


def restored(kind, module, file, name):
    """Return the definition of a kind, called `name`, of a module or a file of definitions."""
    if module.startswith(plugins.PREFIX):
        plugins.definitions(Path(file))
    else:
        importlib.import_module(module)
    for value in _values(sys.modules[module]):
        if isinstance(value, KINDS[kind]) and value.name == name:
            return value
    raise DefinitionError(f"{file}: holds no {name} (any more), which was pickled")


def _values(module):
    """Yield what a module names, and what is in its lists."""
    for value in list(vars(module).values()):
        yield from value if isinstance(value, list | tuple) else (value,)


def _reduced(definition):
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


def _function(definition):
    if isinstance(definition, ProblemDefinition):
        return definition.function
    return definition.functions["update"]


for one in KINDS.values():
    copyreg.pickle(one, _reduced)
