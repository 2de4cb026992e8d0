"""Load a run: everything that its report shows, as frames."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optbench.errors import ResultsError, meant
from optbench.report.comparing.comparisons import comparison_frame
from optbench.report.comparing.containments import containment_frame
from optbench.report.comparing.control import control_frame
from optbench.report.kinds.cost_table import cost_table
from optbench.report.kinds.kind_table import kind_table
from optbench.report.ladders.ladder_table import ladder_table, level_table
from optbench.report.merit.frames import merit_makers
from optbench.report.run_folder import find
from optbench.report.statistics.convergence import convergence_table
from optbench.report.statistics.curve_frames import curve_frame, layer_frame, path_frame
from optbench.report.statistics.failure_table import failure_table
from optbench.report.statistics.instrument_frame import instrument_frame
from optbench.report.statistics.lane_frame import lane_frame
from optbench.report.statistics.pair_lanes import PairLanes, pair_lanes
from optbench.report.statistics.pair_results import (
    CANONICAL,
    SCORING,
    PairResults,
    finished_pairs,
    was_run,
)
from optbench.report.statistics.problem_table import pairs_without_results, problem_table
from optbench.report.statistics.sensitivity import sensitivity_table
from optbench.report.statistics.verdict_table import verdict_frame
from optbench.report.tuning.frames import frame_makers
from optbench.study.results import FAILED, PENDING, Results
from optbench.waiting import working

Makers = Mapping[str, Callable[[], pd.DataFrame]]
"""Name -> what makes the frame."""


class RunFrames(Mapping[str, pd.DataFrame]):
    """Frames by name, each made when it is first asked for.

    Parameters
    ----------
    makers : dict
        name -> what makes the frame.
    contents : dict, optional
        Table -> what gives what its file holds, where that is made elsewhere.
    """

    def __init__(
        self, makers: Makers, contents: Mapping[str, Callable[[], bytes]] | None = None
    ) -> None:  # fmt: skip
        self._makers, self._made = makers, dict[str, pd.DataFrame]()
        self.contents = contents or {}

    def made_elsewhere(
        self, makers: Makers, contents: Mapping[str, Callable[[], bytes]]
    ) -> RunFrames:  # fmt: skip
        """Return the same frames, some of which are made in another way."""
        return RunFrames({**self._makers, **makers}, contents)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._makers:
            hint = meant(name, self._makers) or f"it has {', '.join(self)}"
            raise KeyError(f"the run has no table {name!r}: {hint}")
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __repr__(self) -> str:
        return f"RunFrames({', '.join(self)})"


def load(run: str | os.PathLike[str]) -> RunFrames:
    """Load the frames of a run.

    Parameters
    ----------
    run : path or str
        The folder of a run, or its name below ``results``.

    Returns
    -------
    mapping of str to DataFrame
        "kinds" (one row a kind of problem, setting and optimizer), "costs" (one row a scoring lane
        at each of these settings), "convergence" (one row a pair),
        "sensitivity" (one row a trial), "failures" (one row a pair and setting: why lanes did not
        reach their target), "comparisons" (one row a problem and two optimizers), "control" (a rule
        against itself), "containment" (rules against what they contain), "problems", "skipped"
        (pairs without results: why, with the traceback of an error); "lanes", "curves", "paths"
        (one row a lane, record, point); of nets "layers" (one row a layer and point of training),
        "instruments" (one row a point) and "labels" (the verdicts, one row a training curve). What
        tuning is worth: "regret",
        "good_settings", "rulesets", "narrowing" (one row a pair), "tuning_curves"; whether orders
        hold: "axes", "slopes", "perturbations", "discrimination", "subset". Figures of merit:
        "merit" (one row an optimizer), "running_times" (a pair), "runtimes" (a pair and number of
        evaluations), "profiles" (a point of a curve), "left_out" (an order that hangs on one
        family). Of ladders "ladders" (up to which level an optimizer holds) and "levels" (success
        at each). See
        docs/runs.md. Each is made when it is first asked for; ``dict(load(run))`` makes them all.

    Raises
    ------
    UnknownNameError
        If there is no such run.
    ResultsError
        If it cannot be read, or no pair of it has finished.
    """
    return load_with_manifest(run)[0]


def load_with_manifest(
    run: str | os.PathLike[str], only: Callable[[str, str], bool] | None = None
) -> tuple[RunFrames, dict[str, Any]]:
    """Load (frames, manifest) of a run; see `load`.

    The manifest also holds `counts` of its lanes: see `counts_of`.

    Parameters
    ----------
    run : path or str
    only : callable, optional
        ``only(optimizer, label)`` says which pairs are loaded; by default all.
    """
    folder, wanted = find(run), only or (lambda optimizer, label: True)
    with working("loading the run"), Results(folder) as results:
        manifest = _manifest(results)
        pairs = [own for own in finished_pairs(results.cells(), folder) if _of(own.facts, wanted)]
        layers = [(facts, row) for facts, row in results.layers() if _of(facts, wanted)]
        listed = [pair for pair in results.pairs() if _of(pair, wanted)]
        problems = results.problems()
    if not pairs:
        raise _nothing_finished(folder, manifest["state"])
    errors = [(own["optimizer"], own["label"]) for own in listed if own["state"] == FAILED]
    lanes = functools.cache(lambda: [pair_lanes(pair) for pair in pairs])
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "problems": lambda: problem_table(problems, pairs),
        "kinds": lambda: kind_table(lanes()),
        "costs": lambda: cost_table(lanes()),
        "convergence": lambda: convergence_table(pairs, lanes()),
        "sensitivity": lambda: sensitivity_table(pairs, lanes()),
        "comparisons": lambda: comparison_frame(lanes()),
        "control": lambda: control_frame(lanes()),
        "curves": lambda: curve_frame(pairs),
        "paths": lambda: path_frame(pairs),
        "failures": lambda: failure_table(pairs),
        "lanes": lambda: lane_frame(pairs),
        "layers": lambda: layer_frame(layers),
        "instruments": lambda: instrument_frame(pairs),
        "labels": lambda: verdict_frame(pairs),
        "skipped": lambda: pairs_without_results(listed),
        "ladders": lambda: ladder_table(lanes()),
        "levels": lambda: level_table(lanes()),
        **frame_makers(lanes),
        **merit_makers(lanes, pairs, errors),
    }
    frames = RunFrames(makers)
    makers["containment"] = lambda: containment_frame(lanes(), frames["comparisons"])
    return frames, {**manifest, **counts_of(pairs)}


def _of(facts: Mapping[str, Any], wanted: Callable[[str, str], bool]) -> bool:
    return wanted(facts["optimizer"], facts["label"])


def load_lanes(run: str | os.PathLike[str]) -> list[PairLanes]:
    """Load the lanes of all finished pairs of a run; see `load`."""
    folder = find(run)
    with Results(folder) as results:
        pairs = finished_pairs(results.cells(), folder)
        if not pairs:
            raise _nothing_finished(folder, state_of(results))
        return [pair_lanes(pair) for pair in pairs]


def _nothing_finished(folder: Path, state: str) -> ResultsError:
    """Return what is wrong with a run of which there is nothing to show yet."""
    return ResultsError(
        f"{folder}: no pair of an optimizer and a problem has finished ({state}); "
        "run the study again into the same folder, and it goes on"
    )


def counts_of(pairs: Sequence[PairResults]) -> dict[str, Any]:
    """Return how much was run: lanes, lane_steps, and the draws of both phases.

    `tuning` and `scoring` are the numbers of instances, the canonical one apart; `seeds` counts
    those of an instance.
    """
    cells = [(phase, arrays) for pair in pairs for phase, arrays in pair.cells]
    draws = {"tuning": set[int](), SCORING: set[int]()}
    seeds = set[int]()
    for phase, arrays in cells:
        pooled = slice(CANONICAL + 1, None) if phase == SCORING else slice(None)
        draws[phase] |= set(arrays["instance"][pooled].tolist())
        seeds |= set(arrays["seed"][pooled].tolist())
    return {
        "lanes": sum(int(was_run(arrays).sum()) for _, arrays in cells),
        "lane_steps": sum(int(arrays["steps"].sum(dtype=np.int64)) for _, arrays in cells),
        "tuning": sorted(draws["tuning"]),
        "scoring": sorted(draws[SCORING]),
        "seeds": len(seeds),
    }


def plugins_of(folder: Path) -> list[str]:
    """Return the user's own folders that a run took definitions from, those of the last first."""
    with Results(folder) as results:
        return _plugins(results.invocations())


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
    return {
        **(invocations[-1] if invocations else UNKNOWN_INVOCATION),
        **results.manifest(),
        **total,
        "invocations": invocations,
        "plugins": _plugins(invocations),
        "cells": results.count(),
        "state": state_of(results),
    }


def _plugins(invocations: Sequence[Mapping[str, Any]]) -> list[str]:
    folders = (own for facts in reversed(invocations) for own in facts.get("plugins", ()))
    return list(dict.fromkeys(folders))


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
