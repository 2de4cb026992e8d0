"""The stored matrix of conformance: it is about the table's cases, and all are within tolerance."""

import json

import pytest
from click.testing import CliRunner

from optbench.checking import conformance
from optbench.cli import main

from .references import CASES, STEPS, matrices


def test_every_case_is_in_the_stored_matrix_and_within_its_tolerance():
    rows = conformance.stored()
    stored = {f"{row['rule']}[{row['configuration']}]".replace("[]", "") for row in rows}
    assert stored == {case.id for case in (*CASES, *matrices.CASES)}
    assert not [row for row in rows if conformance.failed(row)]
    assert all(row["steps"] == STEPS and row["version"] for row in rows)


def test_command_prints_what_is_stored():
    shown = CliRunner().invoke(main, ["check", "--conformance", "--stored", "adam", "lion"])
    assert shown.exit_code == 0, shown.output
    assert "torch.optim.Adam" in shown.output and "1000 steps" in shown.output
    assert "momentum" not in shown.output
    as_json = CliRunner().invoke(main, ["check", "--conformance", "--stored", "--json", "gd"])
    assert {row["rule"] for row in json.loads(as_json.output)} == {"gd"}
    unknown = CliRunner().invoke(main, ["check", "--conformance", "--stored", "adamm"])
    assert unknown.exit_code == 2 and "did you mean adam" in unknown.output


def test_what_is_beyond_its_tolerance_fails(monkeypatch, tmp_path):
    rows = conformance.stored(["gd"])
    rows[0]["max_error"] = float("nan")
    monkeypatch.setattr(conformance, "FILE", tmp_path / "conformance.csv")
    conformance.write(rows)
    shown = CliRunner().invoke(main, ["check", "--conformance", "--stored"])
    assert shown.exit_code == 1 and "FAILED" in shown.output
    assert [row["failed"] for row in conformance.summary(["gd"])].count(True) == 1


@pytest.mark.conformance
def test_live_rows_are_those_that_are_stored():
    assert conformance.missing() is None
    live = {row["configuration"]: row for row in conformance.live(["gd"])}
    for row in conformance.stored(["gd"]):
        again = live[row["configuration"]]
        assert again["reference"] == row["reference"]
        assert again["max_error"] <= 10 * row["max_error"] + 1e-15
