"""Results of claims in the folder of a run: a JSON file a claim, whole or not there."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.errors import ResultsError
from optbench.study.folder_kinds import CLAIMS

if TYPE_CHECKING:  # to find a page needs nothing of what computes
    from optbench.claims.measuring import Facts

PAGE, TABLE = "index.html", "claims.csv"
"""What is made of them, beside that folder."""
FORMAT = 1
"""Goes up with what the files hold; those of another number are run again."""
NEEDED = (
    "name", "family", "kind", "question", "says", "source", "experiment", "treatment", "control",
    "better", "scale", "margin", "known", "errs", "verdict", "detail", "stable", "settings", "null",
    "curves", "arrows", "seed", "identity",
)  # fmt: skip
"""What pages and tables read of a result."""


def path_of(folder: Path, name: str) -> Path:
    """Return the file of a claim's result."""
    return folder / CLAIMS / f"{name}.json"


def written(folder: Path) -> list[float]:
    """Return when the results in a folder were written, in order; nothing if it holds none."""
    return sorted(path.stat().st_mtime for path in (folder / CLAIMS).glob("*.json"))


def runs(root: str | os.PathLike[str] = "results") -> list[Path]:
    """Return the folders below `root` that hold results of claims."""
    return sorted({path.parents[1] for path in Path(root).glob(f"*/{CLAIMS}/*.json")})


def write(folder: Path, facts: Facts) -> None:
    """Write a result; who reads meanwhile sees the old one or the new one.

    Raises
    ------
    ResultsError
        If it cannot be written.
    """
    path = path_of(folder, facts["name"])
    aside = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = _said({"format": FORMAT, **facts})
        aside.write_text(json.dumps(content, indent=1, allow_nan=False), "utf-8")
        os.replace(aside, path)
    except OSError as error:
        raise ResultsError(
            f"{path}: cannot be written ({error.strerror}); choose another folder with --out"
        ) from None


def read(folder: Path, name: str) -> Facts | None:
    """Return the result of a claim, None if there is none, or only one of another format.

    Raises
    ------
    ResultsError
        If the file is damaged.
    """
    path = path_of(folder, name)
    try:
        content = json.loads(path.read_text("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it is no result of a claim")
        if content.pop("format", None) != FORMAT:
            return None
        if lacking := [name for name in NEEDED if name not in content]:
            raise ValueError(f"it lacks {', '.join(lacking)}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: cannot be read ({error}); remove it and run again") from None
    facts: Facts = _heard(content)
    return facts


def read_all(folder: Path) -> list[Facts]:
    """Return all results of a run, by family and name.

    Raises
    ------
    ResultsError
        If there are none of this format, or a file is damaged.
    """
    names: Iterable[str] = (path.stem for path in (folder / CLAIMS).glob("*.json"))
    results = [facts for name in names if (facts := read(folder, name)) is not None]
    if not results:
        raise ResultsError(
            f"{folder}: holds no results of claims that this version of optbench can read; "
            f"`optbench run claims --out {folder}` makes some"
        )
    return sorted(results, key=lambda facts: (facts["family"], facts["name"]))


_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def _said(content: Any) -> Any:
    """Return content with words for the numbers that JSON lacks."""
    if isinstance(content, dict):
        return {name: _said(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [_said(part) for part in content]
    return str(content) if isinstance(content, float) and not math.isfinite(content) else content


def _heard(content: Any) -> Any:
    """Return what `_said` was given."""
    if isinstance(content, dict):
        return {name: _heard(part) for name, part in content.items()}
    if isinstance(content, list):
        return [_heard(part) for part in content]
    return _NUMBERS.get(content, content) if isinstance(content, str) else content
