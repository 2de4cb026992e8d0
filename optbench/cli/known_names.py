"""The names that a shell completes, at once: no command may wait for Numba at each tab key.

To import the catalog takes half a second, so that its names are kept in the cache's folder, beside
the compiled code, until a file of it changes. Names in the user's own files are read from their
text: no code of theirs runs because a key was pressed.
"""

import ast
import contextlib
import hashlib
import importlib.metadata
import json
import os
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from optbench.errors import UserError

Names = dict[str, list[str]]
"""Name -> settings that may stand in brackets behind it."""

PACKAGE = Path(__file__).resolve().parents[1]
DECLARING = {"optimizer": "optimizers", "problem": "problems", "claim": "claims"}
"""Decorator -> what it declares, under the name of its function."""
NAMING = {"net": "", "ladder": "ladder_"}
"""What declares a problem by its first argument -> how the problem's name begins."""


def names(kind: str, folders: Sequence[Path] = ()) -> Names:
    """Return the names of a kind, those in the user's folders first.

    Parameters
    ----------
    kind : {"optimizers", "problems", "claims"}
    folders : sequence of Path
        The user's own.
    """
    key = _key()
    known = _kept(kind, key)
    if known is None:
        known = CATALOG[kind]()
        _keep(kind, key, known)
    own = {name: list[str]() for folder in folders for name in _declared(kind, folder)}
    return {**own, **known}


def _optimizers() -> Names:
    from optbench.rules import registry
    from optbench.rules.foreign import METHODS
    from optbench.rules.schedules import SCHEDULES
    from optbench.rules.wrappers_before import WRAPPERS

    of_all = [name for wrapper in WRAPPERS for name in wrapper.hyper]
    of_all += [name for schedule in SCHEDULES.values() for name in schedule.hyper]
    of_all += ["schedule", "warmup"]
    settings = {
        name: list(dict.fromkeys([*rule.hyper, *of_all]))
        for name, rule in registry.optimizers().items()
    }
    return {**settings, **{name: list[str]() for name in METHODS}}


def _problems() -> Names:
    from optbench.catalog import finding
    from optbench.perturbations.catalog import PERTURBATIONS

    settings = [name for one in PERTURBATIONS for name in one.settings]
    return dict.fromkeys(finding.problems(), settings)


def _claims() -> Names:
    from optbench.claims.finding import claims

    every = claims()
    families = dict.fromkeys(one.family for one in every.values())
    return {name: list[str]() for name in (*every, *families)}


CATALOG: dict[str, Callable[[], Names]] = {
    "optimizers": _optimizers, "problems": _problems, "claims": _claims,
}  # fmt: skip
"""What imports a kind, and returns its names."""


def _key() -> str:
    """Return a hash that changes with the catalog's files, the version and what is installed."""
    folders = [PACKAGE / "rules", PACKAGE / "perturbations"]
    for root in (PACKAGE.parent, *map(Path, _installed())):
        folders += [root / name for name in ("problems", "claims", "optbench_problems")]
    digest = hashlib.sha256(importlib.metadata.version("optbench").encode())
    for folder in dict.fromkeys(folders):
        with contextlib.suppress(OSError), os.scandir(folder) as files:
            stats = sorted((file.path, file.stat().st_mtime_ns) for file in files)
            digest.update(repr(stats).encode())
    return digest.hexdigest()


def _installed() -> list[str]:
    """Return the folders of installed packages."""
    return [sysconfig.get_path(name) for name in ("purelib", "platlib")]


def _file(kind: str) -> Path:
    from optbench.kernels.compiling import entries

    return Path(entries.usable()) / f"names-of-{kind}.json"


def _kept(kind: str, key: str) -> Names | None:
    """Return the names that were kept of a kind; None where there are none, or they are old."""
    from optbench.kernels.compiling.entries import CacheOffError

    with contextlib.suppress(CacheOffError, UserError, OSError, ValueError, KeyError, TypeError):
        content = json.loads(_file(kind).read_text())
        if content["key"] == key:
            return dict(content["names"])
    return None


def _keep(kind: str, key: str, known: Names) -> None:
    """Keep names for the next tab key, if there is a cache."""
    from optbench.kernels.compiling.entries import CacheOffError

    with contextlib.suppress(CacheOffError, UserError, OSError):
        path = _file(kind)
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        aside.write_text(json.dumps({"key": key, "names": known}))
        aside.replace(path)


def _declared(kind: str, folder: Path) -> Iterator[str]:
    """Yield what the files of a folder seem to declare: decorated functions, and nets."""
    for path in sorted(folder.glob("*.py")):
        with contextlib.suppress(OSError, SyntaxError, ValueError):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield from _declared_by(kind, node)


def _declared_by(kind: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef):
        words = {_word(getattr(own, "func", own)) for own in node.decorator_list}
        if any(DECLARING.get(word) == kind for word in words):
            yield node.name
    elif isinstance(node, ast.Call) and _word(node.func) in NAMING and kind == "problems":
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield NAMING[_word(node.func)] + first.value


def _word(function: ast.expr) -> str:
    """Return the name by which a function is called, without the module that has it."""
    return getattr(function, "id", getattr(function, "attr", ""))
