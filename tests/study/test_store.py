"""Results survive: arrays come back exactly, and a killed writer loses nothing reported."""

import contextlib
import math
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from optbench.errors import ResultsError, UserError
from optbench.study import store_commits
from optbench.study.results import DONE, FILE, PENDING, Results
from optbench.study.store import PairRow, Store
from optbench.study.store_arrays import pack

SLACK = 2.0
"""Seconds of what is lost; half a second of the promise, and a machine that is busy."""


def test_what_is_put_comes_back(tmp_path):
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.array([np.inf, np.nan, -0.0], np.float32),
        "c": np.zeros((0, 4), np.int64),
        "d": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "e": np.array([True, False]),
        "f": np.array(3.5),
        "lr": np.array([0.1, 0.2], ">f8"),
    }
    with Store(tmp_path / "run") as store:
        store.put("id", {"x": 1}, arrays)
        store.put_manifest(name="n", values=[1, 2])
    with Results(tmp_path / "run") as store:
        facts, back = store.get("id")
        assert facts == {"x": 1} and store.has("id") and not store.has("other")
        assert store.manifest() == {"name": "n", "values": [1, 2]}
        assert store.count() == 0  # cells that no pair names are not the run's
    for name, array in arrays.items():
        little = array.astype(array.dtype.newbyteorder("<"))
        assert back[name].dtype == little.dtype and back[name].shape == array.shape
        assert back[name].tobytes() == little.tobytes()


def test_a_killed_writer_loses_nothing_that_was_reported_and_half_a_second_of_the_rest(tmp_path):
    """The writer says what it puts, and what it is told is durable; then comes a SIGKILL."""
    script = """
        import functools, itertools, os, sys, time
        import numpy as np
        from optbench.study.store import Store
        store = Store(sys.argv[1])
        def say(*words):
            os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # whole lines
        for i in itertools.count():
            say("put", i, time.monotonic())
            store.put(f"cell {i}", {"i": i}, {"a": np.full(1000, i)},
                      on_commit=functools.partial(say, "durable", i, 0))
            time.sleep(0.002)
    """
    for kill in range(3):
        folder = tmp_path / f"{kill}"
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), folder],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        lines = [writer.stdout.readline() for _ in range(700)]
        os.kill(writer.pid, signal.SIGKILL)
        killed = time.monotonic()
        lines += [line for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        said = [line.split() for line in lines]
        durable = [int(i) for word, i, _ in said if word == "durable"]
        assert len(durable) > 100 and durable == list(range(len(durable)))
        with Results(folder) as store:
            for i in durable:
                facts, arrays = store.get(f"cell {i}")
                assert facts == {"i": i} and (arrays["a"] == i).all()
            lost = [at for word, i, at in said if word == "put" and not store.has(f"cell {i}")]
        assert all(float(at) > killed - SLACK for at in lost)


def test_what_waits_is_read_as_if_it_were_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(store_commits, "GATHER", 60.0)  # nothing is written by itself
    a = np.arange(4.0)
    with Store(tmp_path) as store:
        store.put_pairs({"p": {"dim": 2}}, [PairRow("o", "p", PENDING, None, {})], lambda *a: True)
        store.begin_pair("o", "p")
        store.put("id", {"x": math.nan}, {"a": a, "lr": a + 1}, names=("o", "p", "tuning", 1))
        facts, arrays = store.get("id", ["lr"])
        assert store.has("id") and facts == {"x": None} and list(arrays) == ["lr"]
        with pytest.raises(ValueError, match="read-only"):
            arrays["lr"][0] = 0
        assert not results_of(tmp_path)
        ((facts, arrays),) = store.cells([PENDING])
        assert facts == {"optimizer": "o", "label": "p", "dim": 2, "phase": "tuning", "part": 1,
                         "x": None}  # fmt: skip
        assert (arrays["a"] == a).all() and not results_of(tmp_path)
        store.flush()
        assert results_of(tmp_path) == ["id"]
    assert results_of(tmp_path) == ["id"]


def test_nobody_waits_for_the_writer_but_who_reads_the_file(tmp_path):
    """Another thread holds the connection, as the writer does while it commits."""
    with Store(tmp_path) as store:
        store.put("before", {}, {"a": np.ones(3)})
        store.flush()
        held, done = threading.Event(), threading.Event()

        def commit():
            with store.lock:
                held.set()
                done.wait(60)

        other = threading.Thread(target=commit)
        other.start()
        held.wait()
        began = time.monotonic()
        store.put("after", {"x": 1}, {"a": np.arange(3)})
        assert store.has("before") and store.has("after") and not store.has("never")
        facts, arrays = store.get("after")
        assert facts == {"x": 1} and list(arrays["a"]) == [0, 1, 2]
        waited = time.monotonic() - began
        done.set()
        other.join()
        assert waited < 30
    with Store(tmp_path) as store:
        assert store.has("before") and store.has("after") and not store.has("never")


def test_a_cell_has_the_same_bytes_whoever_packs_it(tmp_path):
    """Threads put the same arrays under different names, in any order, beside other cells."""
    rng = np.random.default_rng(0)
    sets = [
        {"f_final": rng.random((2, n)), "hits": rng.integers(0, 9, (3, 2, n), np.int32),
         "lr": np.ones(n)}
        for n in (3, 40, 500)
    ]  # fmt: skip
    with Store(tmp_path) as store, ThreadPoolExecutor(8) as pool:
        cells = [(f"{i} {n}", arrays) for i in range(40) for n, arrays in enumerate(sets)]
        list(pool.map(lambda cell: store.put(cell[0], {}, cell[1]), cells))
    with Results(tmp_path) as results:
        stored = dict(results._query("SELECT id, data FROM cells"))
        assert [axes for (axes,) in results._query("SELECT count(*) FROM axes")] == [3]
    assert len(stored) == 120
    for n, arrays in enumerate(sets):
        own = {name: array for name, array in arrays.items() if name != "lr"}
        assert {stored[f"{i} {n}"] for i in range(40)} == {pack(own)}


def test_a_flipped_byte_is_found_wherever_it_lies(tmp_path):
    arrays = {"f_final": np.linspace(0, 1, 30), "hits": np.arange(60, dtype=np.int32)}
    with Store(tmp_path) as store:
        store.put("id", {"x": 1}, {**arrays, "lr": np.ones(4)})
    for table, words in (("cells", "the arrays of a cell"), ("axes", "arrays that cells share")):
        with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as file:
            ((data,),) = file.execute(f"SELECT data FROM {table}")
            for place in range(0, len(data), 7):
                flipped = bytearray(data)
                flipped[place] ^= 1 << place % 8
                file.execute(f"UPDATE {table} SET data = ?", (flipped,))
                file.commit()
                with Results(tmp_path) as results, pytest.raises(ResultsError, match=words):
                    results.get("id")
            file.execute(f"UPDATE {table} SET data = ?", (data,))
            file.commit()
    with Results(tmp_path) as results:
        assert len(results.get("id")[1]) == 3


def results_of(folder):
    """Return the cells that another connection sees."""
    with Results(folder) as results:
        return [cell for (cell,) in results._query("SELECT id FROM cells")]


def test_a_pair_is_not_done_before_its_cells(tmp_path):
    """Other connections look while cells and ends of pairs are committed in groups."""
    pairs = [PairRow("o", f"p{i}", PENDING, None, {}) for i in range(300)]
    seen = set()
    with Store(tmp_path) as store, Results(tmp_path) as results:
        store.put_pairs({pair.label: {} for pair in pairs}, pairs, lambda *about: True)
        for pair in pairs:
            store.begin_pair(pair.optimizer, pair.label)
            names = (pair.optimizer, pair.label, "scoring", 0)
            store.put(pair.label, {}, {"a": np.zeros(9)}, names=names)
            store.end_pair(pair.optimizer, pair.label, DONE)
            time.sleep(0.005)
            ((done, whole),) = results._query(
                "SELECT count(*), (SELECT count(*) FROM named) FROM pairs WHERE state = 'done'"
            )
            assert done <= whole
            seen.add(done)
    assert len(seen - {0, 300}) >= 2  # some were durable while others waited
    with Results(tmp_path) as results:
        assert results.count() == 300 and len(list(results.cells())) == 300


def test_cells_are_read_in_part(tmp_path):
    arrays = {"f_final": np.arange(40.0), "f_best": np.arange(40.0) // 2, "lr": np.ones(40)}
    pairs = [PairRow(name, "p", PENDING, None, {"rule": name}) for name in ("b", "a")]
    with Store(tmp_path) as store:
        store.put_pairs({"p": {}}, pairs, lambda *about: True)
        for name, phase, part in (("a", "tuning", 0), ("b", "scoring", 0), ("b", "tuning", 1),
                                  ("b", "tuning", 0)):  # fmt: skip
            store.put(f"{name}{phase}{part}", {}, arrays, names=(name, "p", phase, part))
        store.end_pair("b", "p", DONE)
        assert store._rows("SELECT count(*) FROM axes") == [(1,)]  # all have the same rates
    with Results(tmp_path) as results:
        assert [(f["rule"], f["phase"], f["part"]) for f, _ in results.cells()] == [
            ("b", "scoring", 0), ("b", "tuning", 0), ("b", "tuning", 1)
        ]  # fmt: skip
        some = list(results.cells((PENDING, DONE), phases=["tuning"], names=["f_best"]))
        assert [f["rule"] for f, _ in some] == ["b", "b", "a"]
        for _, read in some:
            assert list(read) == ["f_best"] and (read["f_best"] == arrays["f_best"]).all()
        assert [len(read) for _, read in results.cells(names=())] == [0, 0, 0]


def test_what_on_commit_raises_ends_the_next_call_and_loses_nothing(tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    with Store(tmp_path) as store:
        store.put("first", {}, {"a": np.ones(3)}, on_commit=interrupted)
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012
            for _ in range(1000):
                time.sleep(0.005)
                store.begin_pair("o", "p")
        store.put("second", {}, {"a": np.ones(3)})
    with Results(tmp_path) as results:
        assert results.has("first") and results.has("second")


def test_more_than_may_wait_is_written_by_whoever_puts_it(tmp_path, monkeypatch):
    monkeypatch.setattr(store_commits, "GATHER", 60.0)
    monkeypatch.setattr(store_commits, "MOST_BYTES", 10_000)
    with Store(tmp_path) as store:
        for i in range(10):
            store.put(f"{i}", {}, {"a": np.full(600, i)})
            assert store.commits.queued_bytes <= 10_000
        assert [len(store.get(f"{i}")[1]["a"]) for i in range(10)] == [600] * 10


def test_arrays_of_objects_are_refused(tmp_path):
    with pytest.raises(ValueError, match="array a: object"), Store(tmp_path) as store:
        store.put("id", {}, {"a": np.array([None])})


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written there.*--out"):
        Store(tmp_path / "file" / "run")


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match="cannot be used as a results file.*sets aside what is dam"):
        Results(tmp_path)


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(UserError, match="is not a run"):
        Results(tmp_path)
