"""Runs kept in ``.benchmarks/perf/<machine>/`` as pytest-benchmark JSON, and comparing with them.

A row is compared with the latest run that has it and in which it had not become worse, so that a
regression stays one until it is repaired or accepted.
"""

import csv
import datetime
import json
import re
import statistics
from pathlib import Path

import pytest_benchmark
from pytest_benchmark.plugin import pytest_benchmark_generate_machine_info as machine_info
from pytest_benchmark.stats import Stats
from pytest_benchmark.utils import get_commit_info

ROOT = Path(__file__).resolve().parents[2] / ".benchmarks" / "perf"
TOLERANCE = 1.15
"""Median over the earlier median from which a row counts as worse."""
SCALES = {"ns": 1e-9, "ms": 1e-3, "s": 1.0, "MB": 1.0}
"""What a unit is in the files, where times are in seconds."""


class Archive:
    """The runs of one machine.

    Parameters
    ----------
    machine : str
        Names the machine: only runs on the same processor can be compared.
    """

    def __init__(self, machine, root=ROOT):
        self.folder = root / re.sub(r"[^a-z0-9]+", "-", machine.lower()).strip("-")
        self.runs = [json.loads(path.read_text("utf-8")) for path in self._paths()]

    def _paths(self):
        return sorted(self.folder.glob("[0-9]*_perf.json"), reverse=True)

    def before(self, row):
        """Return (median of the row in seconds, calibration then) of an earlier run, or None."""
        for run in self.runs:
            for entry in run["benchmarks"]:
                if entry["fullname"] == fullname(row) and not entry["extra_info"]["worse"]:
                    return entry["stats"]["median"], run["machine_info"]["calibration"]
        return None

    def compare(self, row, calibration):
        """Note in `row` what it was before, and whether it has become worse.

        Where the machine itself is slower than it was then, by `calibration`, that much is granted.
        """
        earlier = self.before(row) if row.samples else None
        if earlier is None:
            return
        median, then = earlier
        row.before = median / SCALES[row.unit]
        row.worse = row.ours > TOLERANCE * row.before * max(1.0, calibration / then)

    def save(self, rows, calibration, facts):
        """Write a run: JSON, and its table as markdown and CSV. Return the JSON's path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = self._paths()
        number = int(paths[0].name.split("_")[0]) + 1 if paths else 1
        path = self.folder / f"{number:04d}_perf.json"
        document = {
            "machine_info": {**machine_info(), "calibration": calibration, **facts},
            "commit_info": get_commit_info(),
            "benchmarks": [_entry(row) for row in rows if row.samples],
            "datetime": datetime.datetime.now(datetime.UTC).isoformat(),
            "version": pytest_benchmark.__version__,
        }
        path.write_text(json.dumps(document, indent=1), "utf-8")
        path.with_suffix(".md").write_text(markdown(rows, facts), "utf-8")
        with path.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *map(cells, rows)])
        return path


def fullname(row):
    """Return the name of a row in the files."""
    return f"{row.part}::{row.name}"


def _stats(values, unit):
    stats = Stats()
    for value in values:
        stats.update(value * SCALES[unit])
    return {**stats.as_dict(), "data": stats.data, "iterations": 1}


def _entry(row):
    """Return a row as one of pytest-benchmark's benchmarks: our times, others as extras."""
    ours, *others = row.samples
    return {
        "group": row.group,
        "name": row.name,
        "fullname": fullname(row),
        "params": None,
        "param": None,
        "extra_info": {
            "worse": row.worse,
            "ratio": row.ratio,
            "required": row.required,
            "at_most": row.at_most,
            "verdict": row.verdict,
            "others": {name: _stats(row.samples[name], row.unit) for name in others},
        },
        "options": {},
        "stats": _stats(row.samples[ours], row.unit),
    }


HEADER = ("part", "what", "optbench", "others", "ratio", "required", "verdict", "before", "worse")


def cells(row):
    """Return a row's texts for a table."""
    ours, *others = row.samples or [None]
    beside = [f"{name} {_time(row, row.samples[name])}" for name in others]
    beside += [row.note] if row.note else []
    sign = "<=" if row.at_most else ">="
    return (
        row.part,
        row.name,
        _time(row, row.samples[ours]) if ours else "",
        "; ".join(beside),
        "" if row.ratio is None else f"{row.ratio:,.2f}",
        "" if row.required is None else f"{sign} {row.required:,g}",
        row.verdict,
        "" if row.before is None else f"{row.before:.4g} {row.unit}",
        "worse" if row.worse else "",
    )


def _time(row, values):
    return f"{statistics.median(values):.4g} {row.unit}"


def markdown(rows, facts):
    """Return a run as a table, with the facts about machine and versions above it."""
    lines = [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", "| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"
