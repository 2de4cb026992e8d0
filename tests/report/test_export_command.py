"""``optbench export``: tables of a run whose names are markup and formulas."""

import csv
import io
import json
from importlib.resources import files

import jsonschema
import pytest

from optbench.report import run_folder
from optbench.report.statistics import load
from tests.command_line import call
from tests.hostile import HOSTILE


def document(*arguments):
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def hostile(monkeypatch, make_frames, manifest):
    problems = ((HOSTILE[2], 2, "deterministic"), (HOSTILE[0], 2410, "net"))
    frames = make_frames(HOSTILE[:10], problems, records=4)
    loaded = frames, manifest()
    monkeypatch.setattr(run_folder, "find", lambda run: run)
    monkeypatch.setattr(load, "load_with_manifest", lambda run: loaded)
    return frames


def test_a_run_is_exported_as_the_schema_says(hostile):
    schema = json.loads(
        files("optbench.report").joinpath("schema/results.schema.json").read_text("utf-8")
    )
    content = json.loads(call("export", "mine", "--format", "json").stdout)
    jsonschema.validate(content, schema, jsonschema.Draft202012Validator)
    assert content == document("export", "mine")
    assert set(content["tables"]) == set(hostile)
    one = document("export", "mine", "--table", "problems")
    assert list(one["tables"]) == ["problems"]


def test_one_table_is_printed_and_several_are_files(hostile, tmp_path):
    printed = call("export", "mine", "--table", "convergence")
    head, *rows = csv.reader(io.StringIO(printed.stdout))
    names = [row[head.index("optimizer")] for row in rows]
    assert {name.removeprefix("'") for name in names} == set(HOSTILE[:10])
    assert call("export", "mine").exit_code == 2
    done = document("export", "mine", "--out", tmp_path / "new", "--format", "latex")
    assert sorted(done["files"]) == sorted(str(tmp_path / "new" / f"{n}.tex") for n in hostile)
    wrong = call("export", "mine", "--table", "nope")
    assert wrong.exit_code == 2 and "no table 'nope'; it has " in wrong.stderr
