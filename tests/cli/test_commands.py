"""``optbench check`` and ``optbench new``: exit codes, what they print and write."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from optbench.catalog import finding as catalog
from optbench.cli.checks import names
from optbench.define import registry
from tests.command_line import call

ROOT = Path(__file__).parents[2]


def test_a_fine_problem_exits_with_0():
    done = call("check", "booth")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("problem booth: ok")
    for check in ("start", "gradient", "minimum", "lower points", "repeatable", "float32"):
        assert f"ok      {check}" in done.output
    assert "8 lanes at once" in done.output and "ns per evaluation" in done.output


WRONG = """
from optbench.define import problem

@problem(start=[1.0], minimum=[0.0], f_min=1.0)
def wrong(x):
    return x[0] ** 2
"""


def test_a_failed_check_exits_with_1_and_json_tells_all(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    done = call("check", "wrong", "booth", "--json", "--plugins", tmp_path)
    assert done.exit_code == 1
    assert "checks failed: wrong" in done.stderr
    wrong, booth = json.loads(done.stdout)
    assert (wrong["kind"], wrong["name"], wrong["failed"]) == ("problem", "wrong", True)
    assert not booth["failed"]
    statuses = {finding["check"]: finding["status"] for finding in wrong["findings"]}
    assert statuses["minimum"] == statuses["lower points"] == "failed"
    assert statuses["gradient"] == "ok"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give names, or --all"),
        (("booth", "--all"), "not both"),
        (("boooth",), "unknown problem 'boooth': did you mean booth"),
        (("booth", "--plugins", "nowhere_at_all"), "no such folder"),
    ],
)
def test_bad_usage_exits_with_2(arguments, message):
    done = call("check", *arguments)
    assert done.exit_code == 2 and message in done.stderr


def test_all_reports_what_is_left_out_too(tmp_path, monkeypatch):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    (ours / "fine.py").write_text(WRONG.replace("wrong", "fine").replace("1.0)\n", "0.0)\n"))
    (theirs / "broken.py").write_text("1 / 0")
    monkeypatch.setattr(catalog, "catalog_folder", lambda: ours)
    monkeypatch.setattr(registry, "_names", registry._names.__wrapped__)
    monkeypatch.setattr(names, "KINDS", (names.Problems,))  # there are many rules
    done = call("check", "--all", "--plugins", theirs)
    assert done.exit_code == 1
    assert "problem fine: ok" in done.stdout and "problem broken: FAILED" in done.stdout
    assert "broken.py:1: cannot be imported: ZeroDivisionError" in done.stdout
    assert "1 of 2 fine" in done.stdout


def test_a_new_problem_passes_its_checks_and_runs(tmp_path):
    folder = tmp_path / "surfaces"
    done = call("new", "problem", "my_valley2", "--folder", folder)
    assert done.exit_code == 0 and f"optbench check my_valley2 --plugins {folder}" in done.output
    done = call("check", "my_valley2", "--plugins", folder)
    assert done.exit_code == 0, done.output
    assert "gradient from dual numbers" in done.output and "8 lanes at once" in done.output
    run = call(
        "run", "quick", "-o", "adam", "-p", "+my_valley2", "-p", "my_valley2",
        "--plugins", folder, "--dry-run",
    )  # fmt: skip
    assert run.exit_code == 0 and "my_valley2" in run.output


def test_new_writes_to_the_folder_problems_by_default(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "optbench", "new", "problem", "mine"], cwd=tmp_path,
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "  optbench check mine\n" in done.stdout  # which finds it there unasked
    assert (tmp_path / "problems" / "mine.py").exists()


def test_new_refuses_to_overwrite_and_bad_names(tmp_path):
    (tmp_path / "mine.py").write_text("precious")
    done = call("new", "problem", "mine", "--folder", tmp_path)
    assert done.exit_code == 2 and "exists" in done.stderr
    assert (tmp_path / "mine.py").read_text() == "precious"
    for name in ("Mine", "2mine", "mi-ne", "../mine", "mine.py", ""):
        done = call("new", "problem", name, "--folder", tmp_path)
        assert done.exit_code == 2 and "lower snake case" in done.stderr
    done = call("new", "problem", "booth", "--folder", tmp_path)
    assert done.exit_code == 2 and "there is a problem booth already" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_a_new_net_passes_its_checks_and_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    advice = call("new", "net", "my_net").output.splitlines()[1:]
    check, run = (line.split()[1:] for line in advice)
    done = call(*check)
    assert done.exit_code == 0 and done.output.startswith("problem my_net: ok"), done.output
    done = call(*run, "-o", "adam", "--dry-run")
    assert done.exit_code == 0 and "adam on my_net" in done.output, done.output
    assert "there is" in call("new", "net", "wine_mlp").stderr


def test_a_new_study_passes_its_checks_and_runs_as_it_is_advised(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    advice = call("new", "study", "my-study").output.splitlines()[1:]
    check, run = (line.split()[1:] for line in advice)
    done = call(*check)
    assert done.exit_code == 0 and done.output.startswith("study my-study.toml: ok"), done.output
    assert "4 optimizers, 3 problems" in done.output and "gd needs a full batch" in done.output
    done = call(*run, "--quick", "-o", "adam", "-p", "himmelblau", "-q")
    assert done.exit_code == 0 and Path(done.output.strip()).is_file(), done.output
    assert "exists" in call("new", "study", "my-study").stderr


@pytest.mark.parametrize(
    ("text", "check", "message"),
    [
        ("problems = ['booth']", "fields", "field optimizers is missing"),
        ("optimizers = ['adm']\nproblems = ['booth']", "names", "did you mean adam"),
        ("optimizers = ['sgd']\nproblems = ['booth']", "pairs", "there is nothing to run"),
        ("optimizers = ['gd']\nproblems = ['booth']\nsteps = 10000000000000", "pairs", "steps"),
    ],
)
def test_a_wrong_study_fails_the_check_of_what_is_wrong(tmp_path, text, check, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    done = call("check", path, "--json")
    assert done.exit_code == 1
    last = json.loads(done.stdout)[0]["findings"][-1]
    assert (last["check"], last["status"]) == (check, "failed") and message in last["text"]


def test_a_built_in_study_is_checked_by_its_name():
    done = call("check", "quick")
    assert done.exit_code == 0 and "31 pairs, 62 cells" in done.output
