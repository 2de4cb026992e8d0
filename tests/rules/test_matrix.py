"""The stored matrix of conformance: it is about the table's cases, and all are within tolerance."""

import json

from click.testing import CliRunner

from optbench.cli.main import main
from optbench.report import conformance
from tests import counts

from . import matrix
from .references import CASES, STEPS, matrices


def test_every_case_is_in_the_stored_matrix_and_within_its_tolerance():
    rows = conformance.stored()
    stored = {f"{row['rule']}[{row['configuration']}]".replace("[]", "") for row in rows}
    assert stored == {case.id for case in (*CASES, *matrices.CASES)}
    assert len({matrix.label(row) for row in rows}) == len(rows)
    assert not [row for row in rows if conformance.failed(row)]
    assert all(row["steps"] == STEPS and row["version"] for row in rows)


def test_command_prints_what_is_stored():
    shown = CliRunner().invoke(main, ["check", "--conformance", "adam", "lion"])
    assert shown.exit_code == 0, shown.output
    assert "torch.optim.Adam" in shown.output and "1000 steps" in shown.output
    assert "momentum" not in shown.output
    as_json = CliRunner().invoke(main, ["check", "--conformance", "--json", "gd"])
    assert {row["rule"] for row in json.loads(as_json.output)} == {"gd"}
    unknown = CliRunner().invoke(main, ["check", "--conformance", "adamm"])
    assert unknown.exit_code == 2 and "did you mean adam" in unknown.output


def test_what_is_beyond_its_tolerance_fails(monkeypatch, tmp_path):
    rows = conformance.stored(["gd"])
    rows[0]["max_error"] = float("nan")
    monkeypatch.setattr(conformance, "FILE", tmp_path / "conformance.csv")
    matrix.write(rows)
    shown = CliRunner().invoke(main, ["check", "--conformance"])
    assert shown.exit_code == 1 and "FAILED" in shown.output
    assert [row["failed"] for row in conformance.summary(["gd"])].count(True) == 1


def test_a_measurement_must_have_the_rows_of_the_table_and_be_within_tolerance():
    table = conformance.stored(["gd"])
    assert matrix.complaints(table, table) == {}
    first, second, *others = table
    beyond = {**first, "max_error": 2 * first["tolerance"]}
    lost = {**first, "max_error": float("nan")}
    renamed = {**first, "configuration": "lr=0.3"}
    shorter = {**first, "steps": 10}
    for live, words in [
        ([beyond, second], ["is beyond"]),
        ([lost, second], ["is beyond"]),
        ([second], ["no case makes it"]),
        ([renamed, second], ["no case makes it", "lacks this row"]),
        ([shorter, second], ["of other steps"]),
    ]:
        wrong = matrix.complaints([*live, *others], table)
        assert len(wrong) == len(words)
        assert all(word in text for word, text in zip(words, wrong.values(), strict=True))


def test_measuring_changes_nothing_unless_it_is_asked_to(monkeypatch, tmp_path, capsys):
    table = conformance.FILE.read_text("utf-8")
    monkeypatch.setattr(conformance, "FILE", tmp_path / "conformance.csv")
    monkeypatch.setenv(counts.FILE, str(tmp_path / "counts"))
    conformance.FILE.write_text(table, "utf-8")
    rows = [{**row, "max_error": 1e-13} for row in conformance.stored(["gd"])]
    monkeypatch.setattr(matrix, "rows", lambda rules: rows)
    assert matrix.main(["gd"]) == 0 and conformance.FILE.read_text("utf-8") == table
    rows[0]["max_error"] = 1.0
    assert matrix.main(["gd"]) == 1 and conformance.FILE.read_text("utf-8") == table
    assert "FAILED gd" in capsys.readouterr().out
    n = len(rows)
    assert (tmp_path / "counts").read_text("utf-8") == f"{n} 0 0\n{n - 1} 1 0\n"
    rows[0]["max_error"] = 1e-14
    assert matrix.main(["--update", "gd"]) == 0
    assert conformance.stored(["gd"]) == rows
    unmeasured = [line for line in table.splitlines() if not line.startswith("gd,")]
    lines = conformance.FILE.read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("gd,")] == unmeasured
