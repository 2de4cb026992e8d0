"""``optbench list``: filters, counts, and what a pipe and a terminal of any width get."""

import json
import re
import sys

import pytest
from click.testing import CliRunner

from optbench.catalog import finding
from optbench.cli.lists.table import Column, Table, put_tables
from optbench.cli.main import main
from optbench.define.definitions import NetDefinition
from optbench.perturbations.catalog import PERTURBATIONS
from optbench.study.schema import builtin_studies

KINDS = (
    "optimizers", "problems", "nets", "ladders", "perturbations", "studies", "runs", "claims",
    "activations",
)  # fmt: skip


def listed(*arguments):
    result = CliRunner().invoke(main, ["list", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def rows(*arguments):
    """Return the rows that a pipe gets, each split into its fields."""
    return [line.split("\t") for line in listed(*arguments) if not line.startswith("#")]


def refused(*arguments):
    result = CliRunner().invoke(main, ["list", *arguments])
    assert result.exit_code == 2, result.output
    return result.stderr


@pytest.mark.parametrize("kind", KINDS[:-1])
def test_a_pipe_gets_rows_of_fields_a_count_and_no_colour(kind):
    lines = listed(kind)
    assert "\x1b" not in "".join(lines)
    assert re.fullmatch(r"# \d+ [a-z ]+", lines[-1])
    counts = {len(row) for row in rows(kind)}
    assert len(counts) <= 1 and counts <= {2, 3, 4, 9}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "runs"])
def test_a_glob_chooses_and_the_document_has_the_same(kind):
    name = "relu" if kind == "activations" else rows(kind)[0][0]
    assert rows(kind, name)[0][0] == name
    assert f'"{name}"' in "\n".join(listed(kind, name, "--json"))


def test_counts_are_those_of_the_catalog():
    every = finding.problems()
    nets = [one for one in every.values() if isinstance(one, NetDefinition)]
    ladders = [one for one in every.values() if one.ladder]
    assert listed("problems")[-1] == f"# {len(every)} problems"
    assert listed("nets")[-1] == f"# {len(nets)} nets"
    assert listed("ladders")[-1] == f"# {len(ladders)} ladders"
    assert listed("studies")[-1] == f"# {len(builtin_studies())} studies"
    assert listed("perturbations")[-1] == f"# {len(PERTURBATIONS)} perturbations"


def test_tags_of_several_all_hold():
    content = json.loads(
        "\n".join(listed("problems", "--tag", "saddle", "--tag", "valley", "--json"))
    )
    shown = {row["name"] for row in content["problems"]}
    assert shown and shown == {
        name for name, own in finding.problems().items() if {"saddle", "valley"} <= {*own.tags}
    }
    some = rows("problems", "r*", "--tag", "valley")
    assert some and all(row[0].startswith("r") and "valley" in row[2] for row in some)


def test_ladders_have_their_values_and_perturbations_their_laws():
    (row,) = rows("ladders", "ladder_rank")
    values = finding.problems()["ladder_rank"].ladder.values
    assert row[1:] == ["equations for 20 unknowns", ", ".join(f"{value:g}" for value in values)]
    (stale,) = rows("perturbations", "stale")
    assert stale[2].startswith("stale=4: the gradient") or "t - stale" in stale[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["problems", "rosenbrok"], "unknown problem 'rosenbrok': did you mean rosenbrock"),
        (["optimizers", "adm"], "unknown optimizer 'adm': did you mean adam"),
        (["nets", "booth"], "unknown problem 'booth'"),
        (["perturbations", "noize"], "unknown perturbation 'noize': did you mean"),
        (["studies", "quik"], "unknown study 'quik': did you mean quick"),
        (["activations", "rellu"], "unknown activation 'rellu': did you mean relu"),
        (["problems", "--tag", "sadle"], "nothing here has the tag 'sadle'; did you mean saddle"),
        (["claims", "zzz"], "no claim matches 'zzz'"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is_near(arguments, message):
    assert message in refused(*arguments)


TABLE = Table(
    (Column("name"), Column("settings", 50), Column("source", 90)),
    [("a_name_that_is_not_broken", "lr=0.1, " * 12, "Somebody \x1b[31mred"), ("b", "", "")],
)


@pytest.mark.parametrize(("width", "columns"), [(40, 1), (60, 2), (100, 3)])
def test_a_terminal_gets_the_columns_that_it_has_room_for(width, columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    put_tables({}, [TABLE], False, ends=["2 things"])
    lines = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= width and lines[-1] == "2 things"
    heads = lines[0].split()
    assert heads == ["name", "settings", "source"][:columns]
    assert any(line.startswith("a_name_that_is_not_broken") for line in lines)
    assert "\\x1b[31mred" in "".join(lines) or columns < 3


def test_a_pipe_gets_a_line_a_row_and_a_mark_before_every_other_line(capsys):
    table = Table((Column("name"), Column("source")), [("a", "two\tfields,\nno: one"), ("b", "")])
    put_tables({}, [table], False, ends=["failed:\n    line 3\n    ZeroDivisionError"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0] != "#"] == ["a\ttwo fields, no: one", "b\t"]
    assert lines[-2:] == ["#     line 3", "#     ZeroDivisionError"]
