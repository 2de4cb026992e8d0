"""`optbench env --warm`, and that an installation ends with it and does not fail by it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import optbench
from optbench.cli import warming
from optbench.cli.main import main
from optbench.kernels.compiling import entries, loading
from optbench.lanes.pool import Unit
from optbench.lanes.units import units_of
from optbench.rules import compose
from tests import compile_caches

ROOT = Path(__file__).resolve().parents[2]
PYTHON = """#!/bin/sh
# Stands for Python: makes environments of itself, installs nothing, and cannot run optbench.
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m optbench"*) echo "asked for $3 $4" && exit 3 ;;
esac
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    return compile_caches.fresh(tmp_path, monkeypatch)


@pytest.fixture
def units(monkeypatch):
    """Return the units to compile in place of all that everybody needs, two small ones."""

    small = [Unit(f"plus {n:g}", n, n, compile_caches.adder(n)) for n in (1.0, 2.0)]
    monkeypatch.setattr(warming, "warm_units", lambda: iter(small + small))
    return small


def warm(*arguments, exit_code=0):
    result = CliRunner().invoke(main, ["env", "--warm", *arguments])
    assert result.exit_code == exit_code, result.output
    return result.output


def test_what_was_compiled_is_listed_and_kept(folder, units):
    *compiled, last = warm().splitlines()
    assert sorted(line.split(" s  ")[1] for line in compiled) == ["plus 1", "plus 2"]
    assert last.startswith("2 units compiled by ") and last.endswith("0 were in the cache")
    assert entries.usage(folder)[0] == 2
    facts = json.loads(warm("--json"))
    assert facts["compiled"] == {} and facts["failed"] == [] and facts["kept"] == 2


def test_what_does_not_compile_is_named(folder, units):
    def fail():
        if loading.is_only_loading():
            raise loading.NotKeptError
        raise ValueError("wrong")

    units.append(Unit("broken", 1.0, "broken", fail))
    output = warm(exit_code=1)
    assert "2 units compiled" in output and "did not compile: broken" in output


def test_without_a_cache_it_says_why(folder, units, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    message = "optbench: env --warm: nothing can be compiled ahead: OPTBENCH_CACHE=off\n"
    assert warm(exit_code=2) == message
    assert "one after the other" in warm("--clear-cache", exit_code=2)


@pytest.mark.parametrize("name", ["rosenbrock", "digits_mlp"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_minimize_begins_with_is_there(name, dtype):
    keys = {unit.key for unit in warming.warm_units()}
    problem = optbench.problem(name, instance=0)
    needed = [*units_of(problem, compose.optimizer("adam"), dtype)]
    missing = {unit.name for unit in needed if unit.key not in keys}
    # Rosenbrock's function in float32 is in no study, and takes a quarter of a second.
    assert len(needed) > 2 and missing <= {"rosenbrock (d=2) (float32)"}


def test_an_installation_ends_with_it_and_does_not_fail_by_it(tmp_path):
    for name in ("Makefile", "pyproject.toml", "setup.py", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "python").write_text(PYTHON, "utf-8")
    (tmp_path / "python").chmod(0o755)
    plain = {name: v for name, v in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "install", f"PYTHON={tmp_path / 'python'}"]
    done = subprocess.run(command, cwd=tmp_path, env=plain, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "asked for env --warm", "not compiled ahead: runs compile what they need",
    ]  # fmt: skip
    again = subprocess.run(command, cwd=tmp_path, env=plain, text=True, capture_output=True)
    assert "asked" not in again.stdout and again.returncode == 0
