"""Tables for other programs: read back by other people's parsers, whatever names look like."""

import csv
import io
import json
import math
from importlib.resources import files

import jsonschema
import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt

from optbench.report import escaping, exports
from tests.hostile import HOSTILE

FRAME = pd.DataFrame({
    "name": HOSTILE,
    "number": [0.1 + 0.2, math.inf, -math.inf, math.nan, *range(len(HOSTILE) - 4)],
    "count": range(len(HOSTILE)),
    "flag": [True, False] * (len(HOSTILE) // 2),
    "counts": [[1, 4, 1]] * len(HOSTILE),
    "nothing": [None] * len(HOSTILE),
})  # fmt: skip


def manifest():
    return {
        "study": {"name": HOSTILE[0]}, "created": "2024-05-01T12:00:00", "state": "complete",
        "cpu": None, "versions": {"python": "3.11"},
    }  # fmt: skip


def test_csv_has_every_number_and_no_formula():
    head, *rows = csv.reader(io.StringIO(exports.as_csv(FRAME)))
    assert head == list(FRAME)
    columns = dict(zip(head, zip(*rows, strict=True), strict=True))
    assert [name.removeprefix("'") for name in columns["name"]] == list(HOSTILE)
    assert not any(name.startswith(("=", "+", "-", "@", "\t")) for name in columns["name"])
    assert float(columns["number"][0]) == 0.1 + 0.2
    assert columns["number"][1:4] == ("inf", "-inf", "")
    assert columns["counts"][0] == "1 4 1" and columns["nothing"][0] == ""
    assert columns["flag"][:2] == ("True", "False")


def test_a_category_is_escaped_and_negative_numbers_are_numbers():
    frame = pd.DataFrame({"x": pd.Categorical(["=1", "b"]), "y": [-1.5, 2.0], "-z": [0, 0]})
    lines = exports.as_csv(frame).splitlines()
    assert lines == ["x,y,'-z", "'=1,-1.5,0", "b,2.0,0"]


def test_json_is_what_the_schema_says():
    text = exports.as_json(exports.document({"mine": FRAME}, ["mine"], manifest()))
    content = json.loads(text, parse_constant=lambda constant: pytest.fail(constant))
    schema = files("optbench.report").joinpath("schema/results.schema.json").read_text("utf-8")
    jsonschema.validate(content, json.loads(schema), jsonschema.Draft202012Validator)
    rows = content["tables"]["mine"]["rows"]
    assert [row[0] for row in rows] == list(HOSTILE)
    assert [row[1] for row in rows[:4]] == [0.1 + 0.2, "inf", "-inf", None]
    assert rows[0][2:] == [0, True, [1, 4, 1], None]


def test_the_schema_refuses_other_documents():
    schema = json.loads(
        files("optbench.report").joinpath("schema/results.schema.json").read_text("utf-8")
    )
    content = exports.document({"mine": FRAME}, ["mine"], manifest())
    for change in ({"version": 2}, {"tables": {"mine": {"columns": ["a", "a"], "rows": []}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(content | change, schema)


def test_every_table_of_a_run_is_what_the_schema_says(make_frames, manifest):
    frames = make_frames(optimizers=("adam", "gd"), inside=True, records=4)
    schema = json.loads(
        files("optbench.report").joinpath("schema/results.schema.json").read_text("utf-8")
    )
    content = json.loads(exports.as_json(exports.document(frames, list(frames), manifest())))
    jsonschema.validate(content, schema, jsonschema.Draft202012Validator)
    assert set(content["tables"]) == set(frames)
    for name, table in content["tables"].items():
        assert len(table["rows"]) == len(frames[name]), name


def test_markdown_is_one_table_of_texts():
    html = MarkdownIt("commonmark").enable("table").parse(exports.as_markdown(FRAME))
    cells = [token for token in html if token.type == "inline"]
    assert len(cells) == len(FRAME.columns) * (len(FRAME) + 1)
    shown = "".join(child.content for child in cells[len(FRAME.columns)].children)
    assert shown == HOSTILE[0]


def test_latex_has_a_line_a_row():
    lines = exports.as_latex(FRAME).splitlines()
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == len(FRAME) + 1
    assert rows[1].startswith(escaping.latex(HOSTILE[0]))
    assert all(row.count(" & ") - row.count(r"\ & ") == len(FRAME.columns) - 1 for row in rows)


def test_parquet_is_read_back(tmp_path):
    frame = FRAME.drop(columns="nothing")
    (path,) = exports.write({"mine": frame}, ["mine"], manifest(), "parquet", tmp_path / "new")
    back = pd.read_parquet(path)
    assert back["name"].tolist() == list(HOSTILE)
    np.testing.assert_array_equal(back["number"], frame["number"])
    assert list(back["counts"][0]) == [1, 4, 1]
