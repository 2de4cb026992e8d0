"""The pytest-benchmark suites of this folder, run by pytest, as rows like all others."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from .cases import Row

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]


def rows(only=None):
    """Run the suites, or the benchmarks whose names are in `only`; yield their rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "suites.json")
        tests = [str(FOLDER / name) for name in sorted(only)] if only else [str(FOLDER)]
        command = [sys.executable, "-m", "pytest", *tests, "-q", "-n", "0", "--benchmark-only"]
        command += [f"--benchmark-json={path}", "--benchmark-disable-gc", "--benchmark-quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"the suites failed:\n{done.stdout}{done.stderr}")
        document = json.loads(path.read_text("utf-8"))
    for entry in document["benchmarks"]:
        samples = {"optbench": entry["stats"]["data"]}
        name = entry["fullname"].removeprefix(f"{FOLDER.relative_to(ROOT)}/")
        yield Row("suites", name, samples, "s", group=entry["group"])
