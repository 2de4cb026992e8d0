"""``optbench trace``: its tables, its JSON, and what is said of mistakes."""

import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from optbench.cli import trace
from optbench.cli.main import main
from optbench.lanes.tracing import entries

RULE = """
from optbench.define import Log, optimizer


@optimizer(lr=Log(0.1), source="me")
def mine(x, g, lr):
    pace = lr * g
    return x - pace
"""


def run(*arguments):
    return CliRunner().invoke(main, ["trace", *arguments])


def test_a_table_a_step_with_names_values_and_lines():
    result = run("adam", "--steps", "2", "--lr", "0.1", "--beta1=0.8", "-p", "rosenbrock")
    assert result.exit_code == 0
    assert result.output.count("step ") == 2
    row = next(line for line in result.output.splitlines() if " m " in line)
    assert "-43.12" in row and "adaptive.py:" in row and "next_moments" in row


def test_what_a_function_returns_as_it_was_assigned_is_said_once():
    rows = run("adam", "--steps", "1").output.splitlines()
    assert sum("-21.56" in row for row in rows) == 1  # m, and not new m as well
    assert sum("new x" in row for row in rows) == 1
    clipped = run("gd", "--steps", "1", "--clip_norm", "1").output
    assert "scale" in clipped and "new g" in clipped


def test_the_page_shows_what_is_printed_but_for_places_in_the_code():
    page = (Path(__file__).parents[2] / "docs" / "trace.md").read_text("utf-8")
    shown = re.search(r"((?:^    .*\n)+)\nRead it", page, re.M)[1]
    printed = run("adam", "--steps", "1", "--lr", "0.1").output
    words = [re.sub(r"\b\w+\.py:\d+\b", "", line).split() for line in printed.splitlines()]
    expected = [[word for word in line if word != "line"] for line in words if line]
    assert [line.split() for line in shown.splitlines()] == expected


def test_json_has_every_number():
    result = run("momentum", "--steps", "1", "--json", "--coordinates", "1", "--clip-norm", "1")
    entries = json.loads(result.output)["entries"]
    assert {"clip", "momentum", "problem"} <= {entry["part"] for entry in entries}
    assert {entry["coordinate"] for entry in entries} == {None, 1}


def test_a_rule_of_ones_own(tmp_path):
    (tmp_path / "mine.py").write_text(RULE)
    result = run("mine", "--steps", "1", "--plugins", str(tmp_path))
    assert "mine.py:7" in result.output and "pace = lr * g" in result.output


@pytest.mark.parametrize(
    ("width", "place", "code"), [(40, 0, 0), (60, 0, 0), (70, 1, 0), (100, 1, 1)]
)
def test_a_narrow_terminal_loses_code_then_places_and_never_a_digit(width, place, code):
    rows = entries("adam", "rosenbrock", {}, steps=1, seed=0, coordinates=None, folders=())
    table, needed = trace._table(rows, width)
    heads = [column.header for column in table.columns]
    assert ("line" in heads, "code" in heads) == (bool(place), bool(code))
    console = Console(file=io.StringIO(), width=needed)
    console.print(table)
    text = console.file.getvalue()
    assert "46.4834" in text and "-215.6" in text and (code or "…" not in text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["adam", "--lr"], "--lr has no value"),
        (["adam", "-x", "3"], "-x is no option"),
        (["adam", "--bta1", "3"], "did you mean beta1"),
        (["adam", "--folders", "mine"], "adam has no hyperparameter 'folders'"),
        (["adam", "--start", "3"], "adam has no hyperparameter 'start'"),
        (["adam", "--coordinates", "a"], "expected whole numbers from 0"),
        (["adan7"], "unknown optimizer"),
    ],
)
def test_mistakes_end_in_one_message(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2 and message in result.output
    assert result.output.count("\n") == 1
