"""Damaged results are set aside, reported, computed anew: tables are those of an unbroken run."""

import json
import os
import random
import secrets
import shutil
import sqlite3

import pytest

from optbench import session
from optbench.errors import DamagedError
from optbench.report.statistics.load import load
from optbench.study import invocation
from optbench.study.progress import Progress
from optbench.study.results import FILE
from optbench.study.store_damage import DamageWarning
from tests.command_line import call
from tests.faults.runs import study
from tests.run_tables import table_bytes

FOUR = {
    "optimizers": ["gd[lr=0.1]", "gd[lr=0.2]"],
    "problems": [{"name": "sphere", "dims": [2]}, {"name": "booth"}],
}  # fmt: skip
"""Four pairs of a cell each."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the folder of a finished run, and its tables."""
    root = tmp_path_factory.mktemp("whole")
    folder = invocation.compute(study(**FOUR), root / "run", threads=1)
    return folder, table_bytes(folder, root / "tables")


@pytest.fixture
def run(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "run")
    return tmp_path / "run"


def flip(run, table, column, rows):
    """Flip a bit of a column in some rows of a table."""
    with sqlite3.connect(run / FILE) as connection:
        listed = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
        for row, data in listed[:rows]:
            flipped = bytearray(data if isinstance(data, bytes) else data.encode())
            flipped[len(flipped) // 2] ^= 0x04
            value = bytes(flipped) if isinstance(data, bytes) else flipped.decode("latin-1")
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
    connection.close()


@pytest.mark.parametrize(
    ("table", "column", "rows", "cells"),
    [("cells", "data", 1, 1), ("cells", "facts", 2, 2), ("axes", "data", 1, 2)],
)
def test_damaged_cells_are_set_aside_and_computed_anew(whole, run, tmp_path, table, column, rows,
                                                       cells):  # fmt: skip
    flip(run, table, column, rows)
    with pytest.raises(DamagedError, match="run the study again into this folder"):
        load(run)["lanes"]
    progress = Progress()
    with pytest.warns(DamageWarning, match=f"{cells} damaged cell"):
        invocation.compute(study(**FOUR), run, threads=1, progress=progress, mend=True)
    assert progress.lane_steps == cells * 5 * 20  # nothing else is computed anew
    assert table_bytes(run, tmp_path / "tables") == whole[1]
    with sqlite3.connect(run / FILE) as connection:  # and nothing is thrown away
        kept = connection.execute("SELECT count(*) FROM cells WHERE id LIKE 'damaged %'")
        assert kept.fetchone() == (cells,)
    connection.close()


def test_the_same_command_mends_what_its_report_finds(run, tmp_path):
    toml = written(tmp_path / "four.toml")
    flip(run, "cells", "data", 1)
    result = call("run", toml, "--out", run)
    assert result.exit_code == 0, result.output
    assert "have changed since" in result.output and "1 damaged cell is set aside" in result.output
    flip(run, "cells", "data", 2)
    with pytest.warns(DamageWarning, match="damaged cell"):
        session.run(study(**FOUR), run)
    assert call("report", run).exit_code == 0


def written(toml):
    """Write the study as a file."""
    described = study(**FOUR).model_dump(mode="json", exclude_unset=True)
    toml.write_text("\n".join(f"{name} = {_toml(value)}" for name, value in described.items()))
    return toml


def _toml(value):
    """Write what JSON and TOML share; tables inline."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(own)}' for name, own in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"junk" * 999,
        lambda whole: whole[: len(whole) // 3],
        lambda whole: whole[:4096] + bytes(4096) + whole[8192:],
        lambda whole: b"\0" * len(whole),
    ],
    ids=["junk", "cut", "a page of zeros", "zeros"],
)
def test_a_file_that_cannot_be_read_is_kept_and_all_is_computed_anew(whole, run, tmp_path, damage):
    damaged = damage((run / FILE).read_bytes())
    (run / FILE).write_bytes(damaged)
    with pytest.warns(DamageWarning, match="kept as run.damaged.sqlite"):
        invocation.compute(study(**FOUR), run, threads=1)
    assert table_bytes(run, tmp_path / "tables") == whole[1]
    kept = (run / "run.damaged.sqlite").read_bytes()
    assert len(kept) == len(damaged) and kept[100:] == damaged[100:]  # SQLite counts in its head


def bits_flipped(content, seed):
    """Return bytes with 1 to 16 of their bits flipped, wherever they are."""
    draw, content = random.Random(seed), bytearray(content)
    for _ in range(draw.randint(1, 16)):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return bytes(content)


SEEDS = (0, 18, 35)
"""Names that nothing has, the text of an invocation, a cell that is there no more."""


@pytest.mark.parametrize("seed", [*SEEDS, None])
def test_flipped_bits_anywhere_end_in_a_page_or_in_one_message(whole, tmp_path, seed):
    """Those that once did not are kept; `make soak` draws others, and says which."""
    if seed is None:
        soak = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
        seed = secrets.randbelow(2**32) if soak else 1
    print(f"bits_flipped(..., seed={seed})")
    run = tmp_path / "results" / "run"
    run.mkdir(parents=True)
    (run / FILE).write_bytes(bits_flipped((whole[0] / FILE).read_bytes(), seed))
    toml = written(tmp_path / "four.toml")
    for arguments in (("report", run), ("list", "runs", "-v", "--root", run.parent),
                      ("run", toml, "--out", run)):  # fmt: skip
        result = call(*arguments)
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert result.exit_code in (0, 3), result.output
    if result.exit_code == 0:  # what is damaged of a study's text is another study's
        assert table_bytes(run, tmp_path / "tables") == whole[1]
