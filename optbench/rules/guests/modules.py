"""Modules of the user's that guests are written in: imported again once their files have changed.

A notebook goes on while its user edits, and a name means what its file says now. Files are those of
the module, of packages around it, and of what they import, as far as they lie in the user's places:
folders of definitions, the working folder, and what the user has put on the path of modules.
Whoever holds a class of before can go on with it.
"""

import ast
import functools
import hashlib
import importlib
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from optbench.define.folder_states import forget_bytecode
from optbench.define.plugins import IMPORTING

NEVER_AGAIN = ("optbench", "torch", "optax", "jax", "jaxlib", "numpy")
"""What guests are written with, also where the working directory is its source tree."""
INSTALLED = {"site-packages", "dist-packages"}
"""Folders of what is installed, where they are no part of Python's own: those of one user."""

_BEGAN = time.time_ns()
_READ: dict[str, tuple[tuple[Path, ...], str]] = {}
"""Module that was asked for -> its files when it was imported last, and the hash of them."""
_FILES: dict[str, Path] = {}
"""Module of the user's that was imported here -> its file."""


@dataclass(frozen=True)
class Sources:
    """The files of the user's that a module is read from.

    Attributes
    ----------
    files : dict of str to Path
        By the name of the module; nothing if it is not the user's.
    digest : str
        Hash of names and content, wherever they lie; "" without files.
    """

    files: Mapping[str, Path]
    digest: str


def import_module(name: str, places: Sequence[Path]) -> tuple[ModuleType, str]:
    """Import a module, those in the user's places first; return it and the digest of its sources.

    Raises
    ------
    BaseException
        Whatever its code raises.
    """
    where = [str(place) for place in places]
    with IMPORTING, _on_the_path(where):
        sources = sources_of(name, [*where, *_path_of_the_user()])
        if sources.files and _has_changed(name, sources):
            for own in sources.files:
                sys.modules.pop(own, None)
            forget_bytecode(sources.files.values())
        module = importlib.import_module(name)
        if sources.files:
            _READ[name] = tuple(sources.files.values()), sources.digest
            _FILES.update(sources.files)
        return module, sources.digest


def _path_of_the_user() -> list[str]:
    """Return what the user has put on the path of modules: what is no part of an installation.

    A module is the same wherever one stands when it is imported.
    """
    prefixes = [Path(prefix).resolve() for prefix in {sys.prefix, sys.base_prefix}]
    places = (Path(entry).resolve() for entry in sys.path)
    return [
        str(place) for place in places
        if place.is_dir() and not any(map(place.is_relative_to, prefixes))
        and INSTALLED.isdisjoint(place.parts)
    ]  # fmt: skip


def _has_changed(name: str, sources: Sources) -> bool:
    """Say whether what Python holds of a module may be other than what its files say.

    Of what others have imported nobody knows what it was read from: it is as it is, unless a file
    was written since.
    """
    files = sources.files
    if name in _READ:
        moved = any(
            _FILES.get(own, path) != path for own, path in files.items() if own in sys.modules
        )
        return moved or _READ[name] != (tuple(files.values()), sources.digest)
    return any(
        _FILES[own] != path if own in _FILES else path.stat().st_mtime_ns > _BEGAN
        for own, path in files.items() if own in sys.modules
    )  # fmt: skip


def sources_of(name: str, places: Sequence[str]) -> Sources:
    """Return the files in some places that a module is read from, those that it imports too."""
    files: dict[str, Path] = {}
    content: dict[str, bytes] = {}
    waiting = [name]
    while waiting:
        own = waiting.pop()
        if own in files or own.partition(".")[0] in NEVER_AGAIN:
            continue
        path = _file_of(own, places)
        if path is None:
            continue
        files[own], content[own] = path, path.read_bytes()
        package = own.rpartition(".")[0]
        waiting += [*([package] if package else []), *_imports(own, path, content[own])]
    if name not in files:
        return Sources({}, "")
    facts = sorted(content.items())
    return Sources(files, hashlib.sha256(repr(facts).encode()).hexdigest())


def _file_of(name: str, places: Sequence[str]) -> Path | None:
    """Return the file of a module in some places, None if there is none."""
    searched: Sequence[str] = places
    spec = None
    for part in name.split("."):  # alone: of a dotted name the folders around must be imported
        spec = PathFinder.find_spec(part, searched)
        if spec is None:
            return None
        searched = list(spec.submodule_search_locations or ())
    origin = spec.origin if spec is not None else None
    return Path(origin) if origin is not None and origin.endswith(".py") else None


@functools.lru_cache(maxsize=1024)
def _imports(name: str, path: Path, text: bytes) -> tuple[str, ...]:
    """Return what may be modules that a module imports, wherever in its code."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # who imports it says what is wrong
        return ()
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(filter(None, names))


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the name of the module that something is imported from."""
    if not node.level:
        return node.module or ""
    around = package.split(".")
    parts = [*around[: len(around) - node.level + 1], *([node.module] if node.module else [])]
    return ".".join(filter(None, parts))


@contextmanager
def _on_the_path(places: list[str]) -> Iterator[None]:
    """Look for modules in some places first."""
    importlib.invalidate_caches()
    kept, sys.path[:0] = list(sys.path), places
    try:
        yield
    finally:
        sys.path[:] = kept
