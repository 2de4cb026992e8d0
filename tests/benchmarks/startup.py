"""From the start of the process to its results, with an empty compile cache and a full one."""

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
    """Run Adam on Rosenbrock's function from the command line.

    Returns the seconds until the first line of results stood on the terminal; figures and page come
    after it.
    """
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "optbench", "run", *study, "-o", "adam"]
        command += ["-p", "rosenbrock", "--out", f"{out}/run"]
        settings = {"OPTBENCH_CACHE": "on", "OPTBENCH_CACHE_DIR": str(cache)}
        environment = {**os.environ, **settings, "PYTHONUNBUFFERED": "1"}
        began = time.perf_counter()
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        ) as process:  # fmt: skip
            first = process.stdout.readline()
            seconds = time.perf_counter() - began
            rest = process.stdout.read()
        page = Path(out, "run", "report", "index.html")
        if process.returncode or "rosenbrock" not in first or not page.is_file():
            raise SystemExit(f"{' '.join(command)} failed:\n{first}{rest}")
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
