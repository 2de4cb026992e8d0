"""Keep a run's results in files that are small enough to be committed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from optbench.errors import ResultsError, UserError
from optbench.report import column_files
from optbench.report.baseline.lane_rows import facts_of, kept_lanes, lane_rows
from optbench.report.baseline.stored import (
    CHOICES,
    CURVES,
    FACTS,
    LANES,
    TABLES,
    VERSION,
    resamples,
)
from optbench.report.figures.bands import band
from optbench.report.statistics.load import load_lanes, load_with_manifest
from optbench.report.statistics.pooling import pooled
from optbench.report.statistics.resampling import RESAMPLES
from optbench.report.tables import TIMES
from optbench.study.results import Results

if TYPE_CHECKING:
    from optbench.report.statistics.pair_lanes import PairLanes

OF_CELLS = ("code", "versions", "cpu", "seconds", "lane_steps", "phase", "part", "searched")
"""Facts of a pair and its cell that are said once for all, or that change with the clock."""


def write(run: Path, folder: Path) -> Path:
    """Write the tables of a run and what comparisons with it need; return `folder`.

    The bytes do not depend on when it was computed, or where.

    Raises
    ------
    ResultsError
        If the run cannot be read, or its cells were computed by different code or processors.
    UserError
        If its study asks for costs over grids of targets, which tables do not hold.
    """
    frames, _ = load_with_manifest(run)
    lanes = [kept_lanes(pair) for pair in load_lanes(run)]
    if any(pair.basis == "anytime" for pair in lanes):
        raise UserError(f"{run}: costs of grids of targets, its objective, are not kept in tables")
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        table = frames[name].drop(columns=TIMES, errors="ignore")
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    rows = lane_rows(lanes)
    column_files.write(folder / LANES, rows, list(rows), {"training": "value"})
    choices = pd.DataFrame({
        "pair": np.repeat(np.arange(len(lanes), dtype=np.int16), RESAMPLES),
        "position": np.concatenate([_choices(pair) for pair in lanes]),
    })  # fmt: skip
    column_files.write(folder / CHOICES, choices, list(choices))
    curves = pd.concat(list(_median_curves(frames["curves"], lanes)), ignore_index=True)
    column_files.write(folder / CURVES, curves, list(curves))
    (folder / FACTS).write_text(_facts(run, lanes), encoding="utf-8")
    return folder


def _choices(pair: PairLanes) -> np.ndarray[Any, np.dtype[np.int16]]:
    positions = np.full(RESAMPLES, pair.chosen) if pair.choices is None else pair.choices
    return positions.astype(np.int16)


def _median_curves(curves: pd.DataFrame, lanes: Sequence[PairLanes]) -> Iterator[pd.DataFrame]:
    """Yield the median curve of each pair and setting: of gaps, of nets the training loss."""
    numbers = {(pair.optimizer, pair.label): i for i, pair in enumerate(lanes)}
    by_setting = pooled(curves).groupby(
        ["label", "optimizer", "setting", "unit"], observed=True, sort=False
    )
    for (label, optimizer, setting, unit), rows in by_setting:
        number = numbers[optimizer, label]
        own = band(rows, "f" if lanes[number].kind == "net" else "gap")
        if own is None:
            continue
        with np.errstate(over="ignore"):  # what float32 does not hold is off every axis
            median = own.median.astype(np.float32)
        yield pd.DataFrame({
            "pair": np.full(len(median), number, np.int16), "optimizer": optimizer,
            "label": label, "setting": setting, "unit": unit,
            "evaluations": own.evaluations.astype(np.int32), "median": median,
        })  # fmt: skip


def _facts(run: Path, lanes: Sequence[PairLanes]) -> str:
    """Return what the tables do not say, as JSON, a line a problem and a pair."""
    with Results(run) as results:
        study, problems = results.manifest()["study"], results.problems()
        names = results.names()
        computed = _computed(run, [results.get(cell, ())[0] for *_, cell in names])
    cells: dict[tuple[str, str], list[str]] = {}
    for optimizer, label, _, _, cell in names:
        cells.setdefault((optimizer, label), []).append(cell)
    pairs = [_pair(pair, problems[pair.label], cells) for pair in lanes]
    return (
        f'{{"format": {VERSION}, "resamples": "{resamples()}",\n"study": {json.dumps(study)},\n'
        f'"computed": {json.dumps(computed)},\n"problems": {{\n'
        + ",\n".join(f"{json.dumps(name)}: {json.dumps(own)}" for name, own in problems.items())
        + '},\n"pairs": [\n' + ",\n".join(json.dumps(pair) for pair in pairs) + "]}\n"
    )  # fmt: skip


def _computed(run: Path, cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the code, versions and processor that computed all cells."""
    ways = {json.dumps({name: own[name] for name in ("code", "versions", "cpu")}) for own in cells}
    if len(ways) != 1:
        raise ResultsError(f"{run}: its cells were computed by different code or processors")
    computed: dict[str, Any] = json.loads(ways.pop())
    return computed


def _pair(
    pair: PairLanes, problem: Mapping[str, Any], cells: Mapping[tuple[str, str], list[str]]
) -> dict[str, Any]:
    """Return what is kept of a pair beside its rows; facts of its problem are kept once."""
    own = {
        name: value for name, value in pair.facts.items()
        if name not in OF_CELLS and name not in problem
    }  # fmt: skip
    return {**own, "kept": facts_of(pair), "cells": cells[pair.optimizer, pair.label]}
