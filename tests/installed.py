"""The distributions in `dist/`, installed where nothing else of the project is, and tried there.

``python -m tests.installed python3.11 python3.12 ...`` makes a virtual environment of each Python,
installs the wheel, walks through what a new user does first, far from the checkout, and runs tests
that come with the source distribution on the package that is installed. The first Python builds the
wheel from the source distribution too. `make dist` makes what is tried.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests import counts

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PACKAGES = "optbench", "problems", "claims"
"""Folders of the source distribution that are installed packages."""
BITCODE = "optbench/kernels/compiling/bitcode/"
"""In a wheel alone: it is made for one version of Python."""
PIP = "-m", "pip", "--disable-pip-version-check", "--quiet"
CONSTRAINTS = "-c", str(ROOT / "constraints.txt")
TESTS = "tests/define", "tests/kernels/authors", "tests/kernels/compiling"
"""What goes by the bytecode of Python and the insides of Numba, which differ by version."""
WHERE = """
import json, sys
import optbench
print(json.dumps([optbench.__file__, sys.prefix, len(optbench.problems())]))
"""


def main(*pythons):
    """Try the distributions on each Python; return the exit status."""
    if not pythons:
        print("name the Pythons: python -m tests.installed python3.11 python3.12")
        return 2
    wheel, source = only("*.whl"), only("*.tar.gz")
    failed = []
    for number, python in enumerate(pythons):
        print(f"=== {python}", flush=True)
        with tempfile.TemporaryDirectory(prefix="optbench-installed-") as folder:
            try:
                try_on(python, wheel, source, Path(folder), builds=number == 0)
            except (OSError, AssertionError, subprocess.CalledProcessError) as error:
                print(f"{python}: {error}", flush=True)
                failed.append(python)
    print(f"{len(pythons) - len(failed)} of {len(pythons)} Pythons passed", *failed)
    counts.add(passed=len(pythons) - len(failed), failed=len(failed))
    return int(bool(failed))


def only(pattern):
    """Return the one file in `dist/`; of several nobody knows which is meant."""
    found = sorted(DIST.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{DIST} has {len(found)} files {pattern}: make dist makes one anew")
    return found[0]


def try_on(python, wheel, source, folder, builds):
    """Install a wheel in a new environment and try it; raise if a command fails."""
    run(python, "-m", "venv", folder / "venv")
    here = folder / "venv" / "bin" / "python"
    run(here, *PIP, "install", *CONSTRAINTS, f"optbench[test] @ {wheel.as_uri()}")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    first_steps(here, elsewhere)
    with tarfile.open(source) as packed:
        packed.extractall(folder, filter="data")
    tree = folder / source.name.removesuffix(".tar.gz")
    if builds:
        builds_the_same(here, tree, wheel, folder / "built")
    for name in PACKAGES:  # the tests are to find what is installed
        (tree / name).rename(folder / name)
    run(here, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, cwd=tree)


def first_steps(python, folder):
    """Do what a new user does, in an empty folder: list, run, write a problem, check it."""
    place, prefix, problems = json.loads(run(python, "-c", WHERE, cwd=folder, capture=True))
    assert Path(place).is_relative_to(prefix), f"{place} is not what was installed"
    assert problems > 100, f"only {problems} problems were found"
    optbench = python.with_name("optbench")
    assert "adam" in run(optbench, "list", "optimizers", cwd=folder, capture=True)
    assert "rosenbrock" in run(optbench, "list", "problems", cwd=folder, capture=True)
    assert run(optbench, "list", "claims", cwd=folder, capture=True).strip()
    run(
        optbench, "run", "quick", "-o", "adam", "-o", "gd", "-p", "rosenbrock", "-p", "himmelblau",
        "--out", "tried", cwd=folder,
    )  # fmt: skip
    assert (folder / "tried" / "report" / "index.html").exists()
    run(optbench, "new", "problem", "my_bowl", cwd=folder)
    run(optbench, "check", "my_bowl", cwd=folder)
    run(optbench, "check", "adam", cwd=folder)


def builds_the_same(python, tree, wheel, folder):
    """Build the wheel from the unpacked source distribution; it holds the same files."""
    run(python, *PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, tree)
    (built,) = folder.glob("*.whl")
    theirs, ours = names(built), names(wheel)
    assert theirs == ours, f"the source distribution builds another wheel: {theirs ^ ours}"


def names(wheel):
    """Return the names of the files in a wheel but the bitcode."""
    with zipfile.ZipFile(wheel) as packed:
        return {name for name in packed.namelist() if not name.startswith(BITCODE)}


def run(*command, cwd=None, capture=False):
    """Run a command as a user of the installed package does; return what it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", counts.FILE)}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, check=True, text=True,
        stdout=subprocess.PIPE if capture else None,
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
