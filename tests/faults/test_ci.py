"""What `.ci/run` sums up and refuses, how tests draw, and that the package needs no tests."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests import counts, soak

ROOT = Path(__file__).parents[2]
MAKE = """#!/bin/sh
# What each target does is in a file of its name.
for target in "$@"; do :; done
echo "making $target"
[ ! -f "$DOES/$target" ] || . "$DOES/$target"
"""


@pytest.fixture
def ci(tmp_path, monkeypatch):
    """Return what runs `.ci/run` in a repository of its own, with targets that do what is said."""
    repository, does = tmp_path / "repository", tmp_path / "does"
    (repository / ".ci").mkdir(parents=True)
    does.mkdir()
    shutil.copy(ROOT / ".ci" / "run", repository / ".ci" / "run")
    (repository / "table.csv").write_text("1\n", "utf-8")
    (tmp_path / "make").write_text(MAKE, "utf-8")
    (tmp_path / "make").chmod(0o755)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", repository)
    plain = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}  # a user's may ask for signatures
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        subprocess.run([*git, *command], env=plain, check=True, capture_output=True)

    def run(**targets):
        for name, script in targets.items():
            (does / name.replace("_", "-")).write_text(script, "utf-8")
        environment = {**plain, "DOES": str(does)}
        environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
        done = subprocess.run(
            [repository / ".ci" / "run"], env=environment, capture_output=True, text=True
        )
        return done.returncode, done.stdout.splitlines(), done.stdout

    return run


def test_the_last_line_sums_all_parts(ci):
    counted = 'echo "{}" >> "$OPTBENCH_TEST_COUNTS"'
    code, lines, _ = ci(
        test=counted.format("10 0 2"),
        conformance=counted.format("5 0 0") + "\n" + counted.format("264 0 0"),
        test_cuda=counted.format("3 0 1"),
    )
    assert (code, lines[-1]) == (0, "282 passed, 0 failed, 3 skipped")
    assert sum(re.fullmatch(r"\S+: passed in \d+ s", line) is not None for line in lines) >= 4


def test_all_parts_run_and_every_failure_counts(ci):
    failing = 'echo "{}" >> "$OPTBENCH_TEST_COUNTS"; exit 2'
    code, lines, _ = ci(lint="exit 1", test=failing.format("10 3 0"), test_cuda="exit 2")
    assert (code, lines[-1]) == (1, "10 passed, 5 failed, 0 skipped")
    made = [line.removeprefix("making ") for line in lines if line.startswith("making ")]
    assert made[:2] == ["lint", "test"] and made[-1] == "test-cuda"


@pytest.mark.parametrize("script", ["echo 2 > table.csv", "touch rubbish"])
def test_tests_that_change_the_checkout_fail(ci, script):
    code, lines, said = ci(conformance=script)
    assert (code, lines[-1]) == (1, "0 passed, 1 failed, 0 skipped")
    assert "changed the checkout" in said and ("table.csv" in said or "rubbish" in said)


def test_a_run_of_pytest_adds_its_numbers(tmp_path):
    this = f"{__file__}::test_errors_and_strict_passes_are_failures"
    environment = {**os.environ, counts.FILE: str(tmp_path / "counts")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", this]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
    assert (tmp_path / "counts").read_text("utf-8") == "1 0 0\n"


def test_errors_and_strict_passes_are_failures():
    stats = {"passed": [1, 2, 3], "failed": [1], "error": [1], "xfailed": [1], "skipped": [1, 2]}
    assert counts.of_stats(stats) == dict(passed=3, failed=2, skipped=3)
    assert counts.of_stats({}) == dict(passed=0, failed=0, skipped=0)


def test_draws_are_the_same_every_time_and_nothing_has_a_deadline():
    profile = settings.get_profile("fixed")
    assert profile.derandomize and profile.print_blob and profile.deadline is None
    assert not settings.get_profile("soak").derandomize
    chosen = os.environ.get("HYPOTHESIS_PROFILE", "fixed")
    assert settings.default.derandomize == settings.get_profile(chosen).derandomize
    sources = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    text = "\n".join(path.read_text("utf-8") for path in sources if path != Path(__file__))
    assert not re.findall(r"derandomize=|deadline=|default_rng\(\)|RandomState\(\)", text)


def test_every_round_has_a_seed_and_a_failing_one_says_how_to_repeat_it(monkeypatch, capsys):
    rounds = []

    def run(command, env):
        rounds.append(command)
        assert env["HYPOTHESIS_PROFILE"] == "soak"
        return subprocess.CompletedProcess(command, int(len(rounds) == 3))

    monkeypatch.setattr(subprocess, "run", run)
    assert soak.main("60", "-n", "2") == 1 and len(rounds) == 3
    seeds = [word for command in rounds for word in command if "seed" in word]
    assert len(set(seeds)) == 3
    said = capsys.readouterr().out
    assert said.count(seeds[2]) == 2 and said.rstrip().endswith("-n 2")
    assert soak.main("0") == 0 and len(rounds) == 3


def test_soak_chooses_what_draws_and_the_tests_of_faults():
    places = ("tests/kernels/simd/test_vec.py", "tests/rules/test_laws.py", __file__)
    command = soak.command(7, *places, "--collect-only")
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "test_stop_and_restore_equals_an_unbroken_run" in done.stdout
    assert "test_soak_chooses_what_draws" in done.stdout
    assert "deselected" in done.stdout


def test_the_package_imports_no_tests_and_leaves_the_import_path_alone():
    for path in (ROOT / "optbench").rglob("*.py"):
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.partition(".")[0] == "tests"], path
        assert "sys.path.insert" not in source and "tests.rules" not in source, path
