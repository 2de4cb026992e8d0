"""Whole studies with a warm compile cache: seconds, sizes and memory, in lanes and around them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from .cases import Row

FOLDER = Path(__file__).resolve().parent
STUDIES = {"quick": "quick", "default": "default", "wide": str(FOLDER / "wide.toml")}
UNITS = {
    "run": "s", "in lanes": "s", "outside lanes": "s", "writer": "s", "statistics": "s",
    "report": "s",
    "store and tables": "MB", "memory": "MB",
}  # fmt: skip
"""What is measured, see `whole_study.measure`."""
AT_MOST = {
    ("default", "outside lanes"): 4.0,
    ("wide", "outside lanes"): 8.0,
    ("default", "statistics"): 3.0,
    ("default", "report"): 5.0,
    ("wide", "report"): 15.0,
    ("wide", "memory"): 2000.0,
    ("wide", "store and tables"): 60.0,
}
REPEATS = {"quick": 3}
FEW = 2
"""Steps of the run that fills the compile cache."""


def rows(only=None):
    """Run the studies, or those that rows named in `only` are of; yield a row a figure."""
    for study, source in STUDIES.items():
        names = [f"{study}: {figure}" for figure in UNITS]
        if only is not None and not set(names) & set(only):
            continue
        run(source, FEW)
        runs = [run(source) for _ in range(REPEATS.get(study, 1))]
        for name, (figure, unit) in zip(names, UNITS.items(), strict=True):
            if only is None or name in only:
                yield _row(name, unit, [figures[figure] for figures in runs],
                           AT_MOST.get((study, figure)), f"{runs[0]['lanes']:,} lanes")  # fmt: skip


def _row(name, unit, values, at_most, note):
    row = Row("pipeline", name, {"optbench": values}, unit, note=note)
    if at_most is not None:
        row.ratio, row.required, row.at_most = row.ours, at_most, True
    return row


def run(study, steps=None):
    """Run a study in a process of its own; return its figures."""
    command = [sys.executable, "-m", "tests.benchmarks.whole_study", study]
    command += [] if steps is None else ["--steps", str(steps)]
    done = subprocess.run(
        command, cwd=FOLDER.parents[1], env={**os.environ, "OPTBENCH_CACHE": "on"},
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])
