"""Whatever a file holds, reading it ends in data or in one message, and writes nothing."""

import gzip
import io
import warnings

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optbench.errors import SettingError
from optbench.nets import data, data_files
from tests.faults.inputs import DIGITS, FEATURES, PIXELS, idx


def contents(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def read_or_refused(folder, name, content, wanted=None):
    """Read a file; what comes is finite and complete, or one message that names the file."""
    path = folder / name
    path.write_bytes(content)
    before = contents(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            X, targets, _ = data_files.read(path)
            table = data.load(path, wanted)
        except SettingError as error:
            assert name in str(error)
            assert len(str(error)) < 1000
            table = None
    assert contents(folder) == before
    if table is not None:
        assert np.isfinite(table.X).all() and np.isfinite(table.y).all()
        assert len(table.X) == len(table.y) == len(X) >= 5
        assert len(targets.values) == len(X)
    return table


fuzz = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELLS = st.sampled_from(
    [
        "1",
        "2.5",
        "-3e2",
        "0,5",
        "1,234",
        "a",
        "b",
        "NA",
        "",
        '"x"',
        '"',
        "#",
        " 7 ",
        "1_0",
        "inf",
        "é",
    ]
) | st.text(max_size=4)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


@fuzz
@given(
    table=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=9),
    separator=st.sampled_from([",", ";", "\t", " "]),
    end=ENDS,
    wanted=st.sampled_from([None, "classes", "numbers"]),
)
def test_fuzz_of_texts(tmp_path, table, separator, end, wanted):
    text = end.join(separator.join(row) for row in table)
    read_or_refused(tmp_path, "a.csv", text.encode("utf-8", "surrogatepass"), wanted)


@fuzz
@given(
    numbers=st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        min_size=5, max_size=9, unique_by=lambda row: row[2],
    ),
    spelling=st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")]),
    end=ENDS,
    head=st.sampled_from(["", "\ufeff", "x,y,z\n", "# a, b; c\n"]),
)  # fmt: skip
def test_fuzz_of_numbers(tmp_path, numbers, spelling, end, head):
    separator, point = spelling
    text = head.replace(",", separator) + end.join(
        separator.join(repr(value).replace(".", point) for value in row) for row in numbers
    )
    table = read_or_refused(tmp_path, "a.csv", text.encode(), "numbers")
    if table is None:  # each cell is like 1,234
        assert point == ","
        return
    np.testing.assert_array_equal(table.X, np.array(numbers)[:, :2])
    np.testing.assert_array_equal(table.y, np.array(numbers)[:, 2])


def damaged(draw, content):
    """Return bytes with some of them changed, cut out or put in."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "insert"])):
            case "change":
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=2))
            case "cut":
                del content[at : at + draw(st.integers(1, 40))]
            case "insert":
                content[at:at] = draw(st.binary(max_size=8))
    return bytes(content)


@fuzz
@given(st.data())
def test_fuzz_of_damaged_archives(tmp_path, drawn):
    buffer = io.BytesIO()
    save = drawn.draw(st.sampled_from([np.savez, np.savez_compressed]))
    save(buffer, X=FEATURES, y=np.arange(6) % 2)
    read_or_refused(tmp_path, "a.npz", damaged(drawn.draw, buffer.getvalue()))


@fuzz
@given(st.data())
def test_fuzz_of_damaged_images(tmp_path, drawn):
    (tmp_path / "labels-idx1").write_bytes(idx(DIGITS))
    pack = drawn.draw(st.sampled_from([bytes, gzip.compress]))
    content = pack(damaged(drawn.draw, idx(PIXELS)))
    if drawn.draw(st.booleans()):
        content = damaged(drawn.draw, content)
    read_or_refused(tmp_path, "images-idx3", content)


@fuzz
@given(content=st.binary(max_size=200), name=st.sampled_from(["a.csv", "a.npz", "images"]))
def test_fuzz_of_bytes(tmp_path, content, name):
    (tmp_path / "labels").write_bytes(idx(DIGITS))
    read_or_refused(tmp_path, name, content)
