"""Results survive: arrays come back exactly, and a killed writer loses nothing acknowledged."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from optbench.errors import UserError
from optbench.study.results import FILE, Results
from optbench.study.store import Store


def test_what_is_put_comes_back(tmp_path):
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "b": np.array([np.inf, np.nan, -0.0], np.float32),
        "c": np.zeros((0, 4), np.int64),
        "d": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "e": np.array([True, False]),
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
        assert back[name].dtype == array.dtype and back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()


def test_a_killed_writer_loses_nothing_it_was_told_is_stored(tmp_path):
    script = """
        import itertools, sys
        import numpy as np
        from optbench.study.store import Store
        store = Store(sys.argv[1])
        for i in itertools.count():
            store.put(f"cell {i}", {"i": i}, {"a": np.full(1000, i)})
            print(i, flush=True)
    """
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        acknowledged = [int(writer.stdout.readline()) for _ in range(25)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout.read().split()]
        writer.wait()
        with Results(tmp_path) as store:
            for i in acknowledged:
                facts, arrays = store.get(f"cell {i}")
                assert facts == {"i": i} and (arrays["a"] == i).all()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written there.*--out"):
        Store(tmp_path / "file" / "run")


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database" * 1000)
    with pytest.raises(UserError, match="cannot be used as a results file"):
        Store(tmp_path)


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(UserError, match="is not a run"):
        Results(tmp_path)
