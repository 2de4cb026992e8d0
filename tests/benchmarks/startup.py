"""From the start of the process to its results, with an empty compile cache and a full one."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from optbench.kernels.compiling import shipped

from .cases import Case, own_time

RUN_COLD, RUN_WARM = 5.0, 1.0
COLD, SHIPPED, WARM = 4.0, 2.0, 0.6
"""Of `optbench.minimize`: all compiled, with the bitcode of `make bitcode`, from the cache."""
ROOT = Path(__file__).resolve().parents[2]
MINIMIZE = """
import sys
from pathlib import Path
import optbench
from optbench.kernels.compiling import shipped
if sys.argv[1:] == ["all"]:
    shipped.FOLDER = Path("nowhere")
print(optbench.minimize("adam", "rosenbrock", steps=1000, lanes=64, lr=0.1).f.mean())
"""


def minimize(cache, *what):
    """Run Adam from Python; return the seconds of the whole process."""
    settings = {"OPTBENCH_CACHE": "on", "OPTBENCH_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", MINIMIZE, *what]
    began = time.perf_counter()
    subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - began


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


def _cold(call, *arguments):
    with tempfile.TemporaryDirectory() as cache:
        return call(cache, *arguments)


def _of_minimize(cache):
    """Yield cases: cold, cold with bitcode where it was made, and warm."""
    ways = [("cold", lambda: _cold(minimize, "all"), COLD)]
    if shipped.FOLDER.is_dir():
        ways.append(("cold, with bitcode", lambda: _cold(minimize), SHIPPED))
    ways.append(("warm", lambda: minimize(cache), WARM))
    for label, call, most in ways:
        yield Case(
            "startup", f"minimize adam on rosenbrock, {label}", lambda c=call: {"optbench": c},
            own_time, most, at_most=True, unit="s", warm=label == "warm", repeats=3,
        )  # fmt: skip


def cases():
    """From Python; then the default study's pair; the quick study's is told, not judged."""
    with tempfile.TemporaryDirectory() as cache:
        yield from _of_minimize(cache)
        for study, label in (((), "run"), (("quick",), "run quick")):
            cold, warm = (None, None) if study else (RUN_COLD, RUN_WARM)
            yield Case(
                "startup", f"{label} -o adam -p rosenbrock, cold",
                lambda s=study: {"optbench": lambda: _cold(run, *s)}, own_time, cold, at_most=True,
                unit="s", warm=False, repeats=3,
            )  # fmt: skip
            yield Case(
                "startup", f"{label} -o adam -p rosenbrock, warm",
                lambda s=study: {"optbench": lambda: run(cache, *s)}, own_time, warm, at_most=True,
                unit="s",
            )  # fmt: skip
