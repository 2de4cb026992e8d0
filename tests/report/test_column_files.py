"""Files of columns: the frame comes back, NumPy alone reads it, and the same table is the same."""

import numpy as np
import pandas as pd

from optbench.report import column_files

FRAME = pd.DataFrame({
    "rule": pd.Categorical(["gd", "adam", "gd", "gd"], categories=["adam", "gd", "lion"]),
    "f_final": [1.5, -0.0, np.nan, np.inf],
    "f_best": [1.5, 0.0, 2.0, 1e-300],
    "steps": np.array([1, 2, 3, 4], np.int32),
    "lost": [True, False, True, True],
    "nothing": np.nan,
})  # fmt: skip


def written(path):
    column_files.write(path, FRAME, list(FRAME), {"f_best": "f_final"})
    return path


def test_a_frame_comes_back_to_the_last_bit(tmp_path):
    frame = column_files.read(written(tmp_path / "a.npz"))
    pd.testing.assert_frame_equal(frame, FRAME.drop(columns="nothing"), check_exact=True)
    assert np.signbit(frame["f_final"]).tolist()[:2] == [False, True]
    assert np.signbit(frame["f_best"]).tolist() == [False] * 4


def test_numpy_alone_reads_it(tmp_path):
    with np.load(written(tmp_path / "a.npz"), allow_pickle=False) as file:
        assert file["rule_names"][file["rule"]].tolist() == ["gd", "adam", "gd", "gd"]
        best = (file["f_best_xor_f_final"] ^ file["f_final"].view("u8")).view("f8")
        assert best.tolist() == FRAME["f_best"].tolist()
        assert "nothing" not in file and file["steps"].dtype == np.int32


def test_the_same_table_is_the_same_bytes(tmp_path):
    first, second = (written(tmp_path / name).read_bytes() for name in ("a.npz", "b.npz"))
    assert first == second


def test_equal_columns_cost_next_to_nothing(tmp_path):
    f = np.random.default_rng(0).normal(size=20_000)
    frame = pd.DataFrame({"f_final": f, "f_best": f})
    column_files.write(tmp_path / "a.npz", frame, list(frame), {"f_best": "f_final"})
    assert (tmp_path / "a.npz").stat().st_size < 1.02 * f.nbytes
