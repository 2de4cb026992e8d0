"""``optbench list optimizers -v``: the table of hyperparameters."""

import re

import pytest
from click.testing import CliRunner

import optbench
from optbench.cli import main
from optbench.cli.lists import hyperparameters
from optbench.rules.schedules import SCHEDULES
from optbench.rules.wrappers_before import WRAPPERS

PLUGIN = """
from optbench.define import Log, Range, Search, optimizer

BLEND = Search(0.1, 0.9, "linear", "me")

@optimizer(lr=Log(0.5), beta2=0.9, blend=Range(0.5, 0.0, 1.0, search=BLEND), depth=2.0, source="me")
def mine(x, g, lr, beta2, blend, depth):
    return x - lr * g
"""


def blocks(*arguments):
    """Return what is listed with -v: the rows of each part by its name, split into columns."""
    result = CliRunner().invoke(main.main, ["list", "optimizers", "-v", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    listed, rows = {}, None
    for line in result.output.partition("\nbaselines")[0].splitlines():
        if match := re.fullmatch(r"(\w+)  \[.*\]", line):
            rows = listed.setdefault(match[1], [])
        elif line.startswith("    "):
            rows.append(tuple(re.split(r"\s{2,}", line.strip())))
    return listed


@pytest.fixture(scope="module")
def listed():
    return blocks()


def test_adam_is_listed_as_it_is_declared(listed):
    assert listed["adam"][0] == hyperparameters.HEAD
    assert listed["adam"][1:] == [
        ("lr", "0.001", "(0, inf)", "[1e-06, 1]", "log", "default of its kind"),
        ("beta1", "0.9", "[0, 1)", "[0.5, 0.999]", "log of 1 - v", "default of its kind"),
        ("beta2", "0.999", "[0, 1)", "[0.8, 0.9999]", "log of 1 - v", "default of its kind"),
        ("eps", "1e-08", "(0, inf)", "[1e-12, 0.1]", "log", "default of its kind"),
        ("eps_in_sqrt", "false", "false or true", "fixed"),
    ]


def test_every_hyperparameter_of_every_part_has_a_row(listed):
    parts = (*optbench.optimizers().values(), *WRAPPERS, *SCHEDULES.values())
    assert list(listed) == [part.name for part in parts]
    for part in parts:
        assert [row[0] for row in listed[part.name][1:]] == list(part.hyper)
        assert all(len(row) in (4, 6) for row in listed[part.name][1:])


def test_rules_of_ones_own_are_listed_too(tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN)
    assert blocks("--plugins", tmp_path)["mine"][1:] == [
        ("lr", "0.5", "(0, inf)", "[0.0005, 500]", "log", "default of its kind"),
        ("beta2", "0.9", "(-inf, inf)", "[0.8, 0.9999]", "log of 1 - v", "default of its kind"),
        ("blend", "0.5", "[0, 1]", "[0.1, 0.9]", "linear", "me"),
        ("depth", "2", "(-inf, inf)", "fixed"),
    ]


def test_without_v_a_part_is_a_line():
    lines = CliRunner().invoke(main.main, ["list", "optimizers"]).output.splitlines()
    (adam,) = (line for line in lines if line.startswith("adam\t"))
    assert "beta2=0.999, eps=1e-08, eps_in_sqrt=0\tKingma and Ba 2015, alg. 1; torch.opt" in adam
