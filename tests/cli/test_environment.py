"""`optbench env`: what runs here, and the state of the compile cache."""

import json
import os
import platform
from pathlib import Path

import numba
import pytest
from click.testing import CliRunner
from threadpoolctl import threadpool_info

import optbench
from optbench.cli import environment
from optbench.cli.main import main
from optbench.kernels.compiling import cache, entries
from optbench.kernels.compiling.features import LEVEL
from tests import compile_caches


@pytest.fixture
def folder(tmp_path, monkeypatch):
    return compile_caches.fresh(tmp_path, monkeypatch)


def env(*arguments, exit_code=0):
    result = CliRunner().invoke(main, ["env", *arguments])
    assert result.exit_code == exit_code, result.output
    return result.output


def fill(count=2):
    for number in range(count):
        cache.compiled(lambda v, n=float(number): v + n, "float64(float64, float64)", {})


def test_versions_and_processor_are_shown(folder):
    lines = {line[:14].strip(): line[15:] for line in env().splitlines()}
    assert lines["python"] == platform.python_version()
    assert lines["numba"] == numba.__version__
    assert lines["SIMD"] == LEVEL
    assert platform.machine() in lines["system"]
    assert {"llvmlite", "numpy", "processor", "vector math", "compile cache"} <= set(lines)


def test_entries_are_counted_and_cleared(folder):
    assert f"on: {folder}\n" in env()
    assert "0 entries, 0.0 MiB of at most 256.0 MiB" in env()
    fill()
    (folder / "thesis.tex").write_text("not the cache's")
    size = sum(path.stat().st_size for path in folder.glob("*.unit"))
    entry = f"2 entries, {size / (1 << 20):.1f} MiB"
    assert f"{entry} of at most" in env()
    assert env("--clear-cache") == f"removed {entry}, from {folder}\n"
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]
    assert "0 entries" in env()


def test_the_bound_is_shown(folder, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE_MB", "1.5")
    assert "of at most 1.5 MiB" in env()


def test_a_cache_that_is_switched_off_says_so_and_can_be_cleared(folder, monkeypatch):
    fill(1)
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    assert env().splitlines()[-1] == "compile cache  off: OPTBENCH_CACHE=off"
    assert env("--clear-cache").startswith("removed 1 entry, ")
    assert entries.usage(folder)[0] == 0


def test_an_unsafe_folder_is_named_and_not_touched(folder, monkeypatch):
    fill(1)
    folder.chmod(0o755)
    reason = f"{folder} is open to others (mode 755): chmod 700 {folder}"
    assert env().splitlines()[-1] == f"compile cache  off: {reason}"
    assert env("--clear-cache") == f"nothing removed: {reason}\n"
    folder.chmod(0o700)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    assert env().splitlines()[-1] == f"compile cache  off: {folder} belongs to another user"
    assert env("--clear-cache") == f"nothing removed: {folder} belongs to another user\n"
    assert entries.usage(folder)[0] == 1


def test_a_home_that_cannot_be_written_is_not_a_crash(tmp_path, monkeypatch):
    monkeypatch.delenv("OPTBENCH_CACHE", raising=False)
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "cache"
    monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(place))
    assert env().splitlines()[-1] == (
        f"compile cache  off: {place} cannot be made: Not a directory"
    )
    assert env("--clear-cache") == f"nothing to remove: {place} does not exist\n"


def test_wrong_settings_are_one_message(folder, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE_MB", "lots")
    message = "optbench: OPTBENCH_CACHE_MB=lots: give a size in MiB, such as 256\n"
    assert env(exit_code=2) == message


def test_a_report_of_a_fault_has_what_it_needs(folder, monkeypatch):
    monkeypatch.setenv("OPTBENCH_SIMD_OF_A_TEST", "telltale")
    facts = json.loads(env("--json"))
    assert str(Path(optbench.__file__).parents[1]) in facts["installed"]
    assert platform.platform() in facts["system"]
    assert "OPTBENCH_SIMD_OF_A_TEST=telltale" in facts["variables"]
    assert f"OPTBENCH_CACHE_DIR={folder}" in facts["variables"]
    of_blas = [one for one in threadpool_info() if one["user_api"] == "blas"]
    assert of_blas and all(one["version"] in facts["BLAS"] for one in of_blas)
    assert facts["threads"].startswith(f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} ")
    assert facts["CUDA"]


def test_a_wheel_says_that_it_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert environment.installed() == f"a wheel in {tmp_path}"
