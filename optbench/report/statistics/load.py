"""Load a run: everything that its report shows, as frames."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from optbench.errors import ResultsError, UnknownNameError
from optbench.gate import shown
from optbench.report.statistics import frames, tables, verdict_table
from optbench.study.results import FAILED, FILE, PENDING, SKIPPED, Results
from optbench.waiting import working


def find(run: str | os.PathLike[str], root: str | os.PathLike[str] = "results") -> Path:
    """Return the folder of a run given as a folder, or as a name below `root`.

    Raises
    ------
    UnknownNameError
        If there is no such run.
    ResultsError
        If `run` is no path.
    """
    if not isinstance(run, (str, os.PathLike)):
        raise ResultsError(f"a run is a folder, or its name below {root}; got {shown(run)}")
    for folder in (Path(run), Path(root) / run):
        if (folder / FILE).is_file():
            return folder
    raise UnknownNameError(
        "run", str(run), [path.parent.name for path in Path(root).glob(f"*/{FILE}")]
    )


def load(run: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """Load the frames of a run.

    Parameters
    ----------
    run : path or str
        The folder of a run, or its name below ``results``.

    Returns
    -------
    dict of str to DataFrame
        "lanes", "curves", "paths" (one row a lane, record, point), "convergence", "sensitivity",
        "problems", "skipped" (pairs without results: why, with the traceback of an error); of nets
        "layers" (one row a layer and point of training) and "labels" (the verdicts, one row a
        training curve).

    Raises
    ------
    UnknownNameError
        If there is no such run.
    ResultsError
        If it cannot be read, or no pair of it has finished.
    """
    return load_with_manifest(run)[0]


def load_with_manifest(
    run: str | os.PathLike[str],
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Load (frames, manifest) of a run; see `load`."""
    folder = find(run)
    with working("loading the run"), Results(folder) as results:
        manifest = _manifest(results)
        cells = list(results.cells())
        layers = results.layers()
        pairs, problems = results.pairs(), results.problems()
    if not cells:
        raise ResultsError(
            f"{folder}: no pair of an optimizer and a problem has finished ({manifest['state']}); "
            "run the study again into the same folder, and it goes on"
        )
    with working("making the tables"):
        lanes = frames.lane_frame(cells)
        return {
            "problems": tables.problem_table(problems, cells),
            "convergence": tables.convergence_table(lanes),
            "sensitivity": tables.sensitivity_table(lanes),
            "curves": frames.curve_frame(cells),
            "paths": frames.path_frame(cells),
            "lanes": lanes,
            "layers": frames.layer_frame(layers),
            "labels": verdict_table.verdict_frame(cells),
            "skipped": _pairs_without_results(pairs),
        }, {**manifest, "lane_steps": int(lanes["steps"].sum())}


CELLS = 2
"""Of a pair that is tuned and scored, at least."""
UNKNOWN_INVOCATION: dict[str, Any] = {
    "command": None, "started": None, "cpu": None, "threads": None, "git_commit": None,
    "versions": {},
}  # fmt: skip
"""What the page shows of an invocation, where it did not say."""


def _manifest(results: Results) -> dict[str, Any]:
    """Return the facts of a run: of its study, of its last invocation, and of all together."""
    invocations = [{**UNKNOWN_INVOCATION, **facts} for facts in results.invocations()]
    total = {
        name: _sum(facts.get(name) for facts in invocations)
        for name in ("compile_seconds", "run_seconds")
    }
    plugins = dict.fromkeys(
        folder for facts in reversed(invocations) for folder in facts.get("plugins", ())
    )
    return {
        **(invocations[-1] if invocations else UNKNOWN_INVOCATION),
        **results.manifest(),
        **total,
        "invocations": invocations,
        "plugins": list(plugins),
        "cells": results.count(),
        "state": state_of(results),
    }


def _sum(seconds: Iterable[float | None]) -> float:
    """Return the sum, NaN where one is unknown: a killed process could not say."""
    return sum(math.nan if part is None else part for part in seconds)


def state_of(results: Results) -> str:
    """Return words for how far a run is: complete, running, interrupted, and how many failed."""
    pairs = results.pairs()
    stored = results.named_cells()
    cells = [stored.get((pair["optimizer"], pair["label"]), 0) for pair in pairs]
    expected = [
        max(count, CELLS) if pair["state"] == PENDING else count
        for pair, count in zip(pairs, cells, strict=True)
    ]
    words = "complete" if pairs else "interrupted before it began"
    if any(pair["state"] == PENDING for pair in pairs):
        progress = "running" if results.is_held() else "interrupted"
        words = f"{progress}: {sum(cells)} of {sum(expected)} cells"
    failed = sum(pair["state"] == FAILED for pair in pairs)
    if not failed:
        return words
    return f"{words.replace('complete', 'finished')}, {failed} of {len(pairs)} pairs failed"


def _pairs_without_results(pairs: list[dict[str, Any]]) -> pd.DataFrame:
    """Return a row for each pair that has no results: why, and the traceback of an error."""
    reasons = {
        SKIPPED: "{reason}",
        FAILED: "failed: {reason}",
        PENDING: "not finished when the run was interrupted; the same command goes on",
    }
    rows = [
        (pair["optimizer"], pair["label"], pair["state"],
         reasons[pair["state"]].format(reason=pair["reason"]), pair["trace"] or "")
        for pair in pairs if pair["state"] in reasons
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["optimizer", "label", "state", "reason", "trace"])
