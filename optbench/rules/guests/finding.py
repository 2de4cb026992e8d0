"""From ``torch:Adam`` to the class, from ``optax:lion`` to the factory.

What follows the colon is a name of the library's own (`torch.optim`, `optax`), or a module and a
name in it: modules are looked for in the user's folders and the working directory, too.
"""

import difflib
import importlib
import inspect
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple, get_args

from optbench.errors import SettingError, UserCodeError, UserError
from optbench.rules.guests.modules import import_module

Library = Literal["torch", "optax"]
LIBRARIES: tuple[Library, ...] = get_args(Library)
HOMES: dict[Library, str] = {"torch": "torch.optim", "optax": "optax"}
"""Where a name without a module is looked for."""
WRITTEN: dict[Library, str] = {
    "torch": "torch:Adam, torch:module.Class",
    "optax": "optax:lion, optax:module.factory",
}
"""How names are written."""
INSTALL = "install it, or optbench with its extra: pip install 'optbench[guests]'"


def library_of(name: str) -> Library | None:
    """Return the library that a name of an optimizer begins with, None for one of ours."""
    prefix, colon, _ = name.strip().partition(":")
    for library in LIBRARIES:
        if colon and prefix == library:
            return library
    return None


def library_of_object(thing: object) -> Library | None:
    """Return the library that a class or a factory is for, None if it is for neither."""
    if inspect.isclass(thing) and any(
        base.__module__ == "torch.optim.optimizer" for base in thing.__mro__
    ):
        return "torch"
    if not callable(thing):
        return None
    try:
        names = list(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return None
    if names[:1] == ["params"]:
        return "torch"
    return "optax" if "learning_rate" in names else None


def import_library(library: Library, whose: str) -> Any:
    """Import torch or optax.

    Raises
    ------
    SettingError
        If it is not installed.
    """
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise SettingError(f"{whose}: {library} cannot be imported ({error}); {INSTALL}") from error


class Found(NamedTuple):
    """What a name means, and the hash of the user's files that it is read from, "" without any."""

    target: Callable[..., Any]
    code: str


def find(name: str, places: Sequence[Path]) -> Found:
    """Return the class or factory that a name such as ``torch:my_module.Mine`` means.

    It is read again where a file of the user's has changed.

    Parameters
    ----------
    name : str
        Without settings in brackets.
    places : sequence of Path
        Folders of the user's, in which modules are looked for first.

    Raises
    ------
    UserError
        If the library or the module is missing or broken, or there is nothing of that name.
    """
    library = library_of(name)
    assert library is not None
    import_library(library, name)
    path = name.partition(":")[2].strip()
    module_name, dot, own = path.rpartition(".")
    if not all(part.isidentifier() for part in path.split(".")):
        raise SettingError(
            f"{name}: after the colon comes a name of {HOMES[library]}, such as "
            f"{library}:{'Adam' if library == 'torch' else 'adam'}, or module.name"
        )
    if not dot:
        module_name, own = HOMES[library], path
    module, code = _module(name, module_name, places)
    if not hasattr(module, own):
        raise SettingError(f"{name}: {module_name} has no {own!r}: {_hint(module, own, library)}")
    return Found(getattr(module, own), code)


def _hint(module: Any, own: str, library: Library) -> str:
    """Return names of a module that are near."""
    names = [name for name in vars(module) if not name.startswith("_")]
    near = difflib.get_close_matches(own, names, n=3, cutoff=0.5)
    elsewhere = f"{library}:module.name for one that is elsewhere"
    if near and module.__name__ == HOMES[library]:
        return f"did you mean {', '.join(near)}? Write {elsewhere}"
    return f"did you mean {', '.join(near)}?" if near else f"write {elsewhere}"


def _module(name: str, module_name: str, places: Sequence[Path]) -> tuple[ModuleType, str]:
    """Import a module; see `find`."""
    try:
        return import_module(module_name, places)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module_name == missing or module_name.startswith(f"{missing}."):
            raise SettingError(
                f"{name}: there is no module {module_name!r} among what is installed or in "
                f"{', '.join(map(str, places))}; go to its folder, or give it with --plugins FOLDER"
            ) from error
        raise SettingError(f"{name}: {module_name} cannot be imported: {error}") from error
    except (Exception, SystemExit) as error:
        trace = "".join(traceback.format_exception(error))
        raise UserCodeError(
            f"{name}: {module_name} cannot be imported: {type(error).__name__}: {error}"
            f"{at_line(error)}",
            trace,
        ) from error


def at_line(error: BaseException, file: str | None = None) -> str:
    """Return " (file:line)" of where something was raised, in `file` if that is on the way."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if file is not None and frame.filename == file]
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({error.filename}:{error.lineno})"
    return f" ({(own or frames)[-1].filename}:{(own or frames)[-1].lineno})" if frames else ""


_HINTS = {
    "TracerArrayConversionError": "It hands numbers of JAX to NumPy: write jax.numpy in its place",
    "TracerBoolConversionError": (
        "It decides (if, while, and, or) by a number that JAX does not know when it compiles: "
        "write jnp.where or jax.lax.cond, or set it in brackets if it is a setting"
    ),
    "ConcretizationTypeError": (
        "It makes a Python number of one that JAX does not know when it compiles: leave float() "
        "and int() out, or set it in brackets if it is a setting"
    ),
    "TracerIntegerConversionError": (
        "It counts by a number that JAX does not know when it compiles: set it in brackets if it "
        "is a setting"
    ),
    "TypeError: 'NoneType' object is not callable": (
        "If it calls its closure: there is none here, a step has one gradient, in p.grad"
    ),
    "a leaf Variable that requires grad is being used in an in-place operation": (
        "Write @torch.no_grad() above its step"
    ),
}  # fmt: skip
"""What to do about an error of a guest, by its class or its first words."""


def failed(whose: str, doing: str, error: BaseException, file: str | None) -> UserError:
    """Return the error of a guest that raised, by the first line of it, with file and line."""
    text = str(error).partition("\n")[0]
    for kind, hint in _HINTS.items():
        if kind in f"{type(error).__name__}: {text}":
            text = f"{text.rstrip('.')}. {hint}"
    trace = "".join(traceback.format_exception(error))
    return UserCodeError(
        f"{whose}: {doing}: {type(error).__name__}: {text}{at_line(error, file)}", trace
    )
