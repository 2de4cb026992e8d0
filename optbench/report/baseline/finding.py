"""Where results lie that a run is compared with: kept tables, or another run."""

from __future__ import annotations

import os
from pathlib import Path

from optbench.define.shipped import shipped_folder
from optbench.errors import UserError
from optbench.report.baseline import stored
from optbench.report.baseline.stored import Stored
from optbench.report.statistics.load import load_lanes, load_with_manifest
from optbench.study.results import FILE

BASELINE = "baseline"
"""The name of what comes with optbench: `results/baseline` of the source tree."""


def find(name: str | os.PathLike[str], study: str) -> Stored:
    """Return what is stored under a name.

    Parameters
    ----------
    name : path or str
        A folder, or its name below ``results``: of a run, of tables that `writing.write` wrote, or
        a folder that holds the tables of several studies, each by its name.
    study : str
        The study that is to be compared with them.

    Raises
    ------
    UserError
        If there is no such folder, or it holds nothing of the study.
    ResultsError
        If what it holds cannot be read.
    """
    folders = [Path(name), Path("results") / name]
    first, *rest = Path(name).parts or ("",)
    if first == BASELINE and not any(map(Path.is_dir, folders)):
        shipped = shipped_folder("optbench_baseline", "results/baseline", "the baseline")
        folders.append(shipped.joinpath(*rest))
    for folder in filter(Path.is_dir, folders):
        if (folder / FILE).is_file():
            return of_run(folder)
        for tables in (folder, folder / study):
            if (tables / stored.FACTS).is_file():
                return stored.read(tables)
        studies = sorted(path.parent.name for path in folder.glob(f"*/{stored.FACTS}"))
        if studies:
            raise UserError(
                f"{folder} holds results of {', '.join(studies)}, none of {study}: run one of "
                "these, or name a run to compare with"
            )
    raise UserError(
        f"nothing to compare with is called {str(name)!r}: name a run, or `baseline`, the results "
        "that come with optbench"
    )


def of_run(folder: Path) -> Stored:
    """Return the results of a run, to compare others with."""
    frames, manifest = load_with_manifest(folder)
    lanes = load_lanes(folder)
    computed = {name: lanes[0].facts[name] for name in ("code", "cpu")}
    return Stored(
        str(folder), manifest["study"], computed, lanes, frames["convergence"], frames["curves"]
    )
