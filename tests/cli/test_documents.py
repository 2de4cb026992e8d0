"""``--json``: one document on standard output and nothing else, errors on standard error."""

import json

import pytest
from click.testing import CliRunner

from optbench.cli.lists import studies
from optbench.cli.main import main
from optbench.report import runs
from tests.command_line import call
from tests.hostile import HOSTILE


def document(*arguments):
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_what_is_listed(tmp_path):
    rules = {rule["name"]: rule for rule in document("list", "optimizers")["optimizers"]}
    assert rules["adam"]["hyperparameters"][0] == {
        "name": "lr", "default": "0.001", "allowed": "(0, inf)", "searched": "[1e-06, 1]",
        "scale": "log", "source": "default of its kind",
    }  # fmt: skip
    problems = {problem["name"]: problem for problem in document("list", "problems")["problems"]}
    assert problems["booth"]["size"] == "d=2" and "convex" in problems["booth"]["tags"]
    assert "quick" in {study["name"] for study in document("list", "studies")["studies"]}
    assert document("list", "runs", "--root", tmp_path) == {"runs": [], "damaged": []}


def test_what_runs_here():
    facts = document("env")
    assert {"python", "numba", "SIMD", "compile cache"} <= set(facts)


def test_what_would_run():
    content = document("run", "quick", "--dry-run", "-o", "adam", "-p", "rosenbrock")
    pairs = content["pairs"]
    assert all(pair["pair"].startswith("adam on rosenbrock") for pair in pairs)
    lanes = sum(count for pair in pairs for count in pair["lanes"].values())
    assert content["lanes"] == lanes > 0
    lines = call("run", "quick", "--dry-run", "-o", "adam", "-p", "rosenbrock").stdout
    assert f"{content['cells']} cells, {lanes} lanes" in lines


@pytest.mark.parametrize(
    ("arguments", "code", "kind", "message"),
    [
        (["report", "nothing"], 2, "UnknownNameError", "unknown run 'nothing'"),
        (["run", "-o", "adm"], 2, "UserError", "did you mean adam"),
        (["export", "nothing"], 2, "UnknownNameError", "unknown run 'nothing'"),
        (["figures", "nothing"], 2, "UnknownNameError", "unknown run 'nothing'"),
        (["check"], 2, "UserError", "give names, or --all"),
        (["env", "--nope"], 2, "NoSuchOption", "--nope"),
        (["run", "quick", "--steps", "0"], 2, "SettingError", "steps"),
    ],
)
def test_errors_are_json_and_the_exit_code_is_kept(arguments, code, kind, message):
    result = call(*arguments, "--json")
    assert (result.exit_code, result.stdout) == (code, "")
    error = json.loads(result.stderr)["error"]
    assert (error["kind"], error["exit_code"]) == (kind, code)
    assert message in error["message"]
    assert call(*arguments).exit_code == code


def test_results_that_cannot_be_read_exit_with_3(tmp_path):
    (tmp_path / "run.sqlite").write_bytes(b"no database")
    result = call("export", tmp_path, "--json")
    assert result.exit_code == 3
    assert json.loads(result.stderr)["error"]["exit_code"] == 3


def test_a_terminal_is_not_coloured_by_names(monkeypatch):
    run = {"name": HOSTILE[7], "study": HOSTILE[6], "created": "now", "state": "complete"}
    monkeypatch.setattr(runs, "runs", lambda root: ([run | {"pairs": []}], [HOSTILE[7]]))
    result = CliRunner().invoke(main, ["list", "runs"], color=True)
    assert "\x1b" not in result.output and r"\x1b[31mred" in result.output
    assert HOSTILE[6] in result.stdout
    assert document("list", "runs")["runs"][0]["name"] == HOSTILE[7]


def test_lines_and_documents_have_the_same_runs(monkeypatch):
    failed = {"optimizer": "adam", "label": "booth", "state": "failed", "reason": "r", "trace": "t"}
    run = {"name": "a", "study": "quick", "created": "now", "state": "1 failed", "pairs": [failed]}
    assert list(studies._failures([run])) == ["a: failed: adam on booth: r", "    t"]
