"""From the start of the process to the finished report, with an empty compile cache and a full."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .cases import Case, own_time

COLD, WARM = 3.5, 1.2
ROOT = Path(__file__).resolve().parents[2]


def run(cache, *study):
    """Run Adam on Rosenbrock's function from the command line; return the seconds it took."""
    with tempfile.TemporaryDirectory() as out:
        command = [
            sys.executable,
            "-m",
            "optbench",
            "run",
            *study,
            "-o",
            "adam",
            "-p",
            "rosenbrock",
        ]
        command += ["--out", f"{out}/run"]
        began = time.perf_counter()
        settings = {"OPTBENCH_CACHE": "on", "OPTBENCH_CACHE_DIR": str(cache)}
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True
        )
        seconds = time.perf_counter() - began
        if done.returncode or not Path(out, "run", "report", "index.html").is_file():
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return seconds


def _cold(*study):
    with tempfile.TemporaryDirectory() as cache:
        return run(cache, *study)


def cases():
    """The default study's pair, cold and warm; the quick study's is told, not judged."""
    with tempfile.TemporaryDirectory() as cache:
        for study, label in (((), "run"), (("quick",), "run quick")):
            cold, warm = (None, None) if study else (COLD, WARM)
            yield Case(
                "startup", f"{label} -o adam -p rosenbrock, cold",
                lambda s=study: {"optbench": lambda: _cold(*s)}, own_time, cold, at_most=True,
                unit="s", warm=False, repeats=3,
            )  # fmt: skip
            yield Case(
                "startup", f"{label} -o adam -p rosenbrock, warm",
                lambda s=study: {"optbench": lambda: run(cache, *s)}, own_time, warm, at_most=True,
                unit="s",
            )  # fmt: skip
