"""Where a run is."""

from __future__ import annotations

import os
from pathlib import Path

from optbench.errors import ResultsError, UnknownNameError, UserError
from optbench.gate import shown
from optbench.study.results import FILE


def find(run: str | os.PathLike[str], root: str | os.PathLike[str] = "results") -> Path:
    """Return the folder of a run given as a folder, or as a name below `root`.

    Raises
    ------
    UnknownNameError
        If there is no such run.
    ResultsError
        If `run` is no path, or something else is there.
    """
    if not isinstance(run, (str, os.PathLike)):
        raise ResultsError(f"a run is a folder, or its name below {root}; got {shown(run)}")
    for folder in (Path(run), Path(root) / run):
        if (folder / FILE).is_file():
            return folder
    if Path(run).exists():
        raise ResultsError(f"{run}: is not a run: it is no folder that holds a {FILE}")
    raise UnknownNameError(
        "run", str(run), [path.parent.name for path in Path(root).glob(f"*/{FILE}")]
    )


def newest(root: str | os.PathLike[str] = "results") -> Path:
    """Return the run below `root` that was computed last.

    Raises
    ------
    UserError
        If there is none.
    """
    files = sorted(Path(root).glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise UserError(
            f"there is no run below {root} in {Path.cwd()}: run a study first, such as "
            "`optbench run quick`, or name the folder of a run"
        )
    return files[-1].parent
