"""What a run keeps of its nets: the same bytes on every way, and what a step-by-step look gives."""

import json
import sqlite3
from dataclasses import replace

import numpy as np
import pytest

import optbench
from optbench.errors import ResultsError
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import record_steps
from optbench.lanes.simulating import simulate
from optbench.nets import data, diagnosis, instruments
from optbench.report.statistics.load import load
from optbench.study import probing
from optbench.study.cells import SCORING, scoring_cell, tuning_cell
from optbench.study.computing import compute
from optbench.study.pairs import expand
from optbench.study.results import DONE, FILE, PENDING, Results
from optbench.study.running import run_pairs
from optbench.study.schema import Study
from optbench.study.store import PairRow, Store
from optbench.study.store_schema import LAYERS
from optbench.study.trials import rate_trials
from tests.faults.runs import interrupt_at

STUDY = Study(
    name="inside", optimizers=("momentum", "adam"), problems=("iris_tanh",), steps=40, seeds=2,
    lr={"low": 1e-2, "high": 1.0, "count": 3}, tuning_instances=(1, 2), scoring_instances=(3, 4),
)  # fmt: skip


def run(folder, threads=1, progress=None, study=STUDY):
    with Store(folder) as store:
        run_pairs(expand(study)[0], study, store, threads, progress)


def stored(folder):
    """Return the table of layers, and the arrays of the sweeps: bytes by cell."""
    with Results(folder) as store:
        sweeps = {
            (facts["optimizer"], facts["phase"], tuple(arrays["lr"])): {
                name: array.tobytes() for name, array in arrays.items() if name != "lr"
            }
            for facts, arrays in store.cells()
        }
    with sqlite3.connect(folder / FILE) as connection:
        return connection.execute("SELECT * FROM layers ORDER BY 1, 2, 3").fetchall(), sweeps


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inside")
    run(folder)
    return folder


def test_two_threads_give_the_same_bytes(reference, tmp_path):
    run(tmp_path, threads=2)
    assert stored(tmp_path) == stored(reference)


def test_an_interrupted_run_goes_on_to_the_same_table(reference, tmp_path, monkeypatch):
    interrupt_at(monkeypatch, cell=2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 2)
    monkeypatch.undo()
    run(tmp_path, 2)
    assert stored(tmp_path) == stored(reference)


def test_rows_and_their_cell_are_one_transaction(tmp_path):
    row = dict.fromkeys(LAYERS, 1) | {"mean": np.nan, "weight_counts": "[1]"}
    names = ("adam", "mine", SCORING, 0)
    pair = PairRow("adam", "mine", PENDING, None, {})
    place = dict(optimizer="adam", label="mine", phase=SCORING, part=0)
    with Store(tmp_path) as store:
        store.put_pairs({"mine": {}}, [pair], lambda *about: True)
        store.end_pair("adam", "mine", DONE)
        store.put("id", {"f": 1}, {"a": np.ones(2)}, [row, row | {"layer": 2}], names)
        ((facts, arrays),) = store.cells()
        assert facts == {"f": 1, **place} and arrays["a"].tolist() == [1.0, 1.0]
        assert [values["layer"] for _, values in store.layers()] == [1, 2]
        store.put("id", {"f": 2}, {"a": np.zeros(1)}, [row], names)
        ((facts, arrays),) = store.cells()
        assert facts == {"f": 2, **place} and arrays["a"].tolist() == [0.0]
        assert store.layers() == [({"f": 2, **place}, row | {"mean": None})]
    with pytest.raises(ResultsError, match="UNIQUE"), Store(tmp_path) as store:
        store.put("id", {"f": 0}, {}, [row, row], names)  # the same step and layer twice
    with Results(tmp_path) as results:
        ((facts, arrays),) = results.cells()
        assert facts["f"] == 2 and arrays["a"].tolist() == [0.0] and len(results.layers()) == 1


def test_the_frame_is_what_training_step_by_step_gives(reference):
    """Each point is reached by a run that ends there, which knows nothing of records."""
    frame = load(reference)["layers"]
    problem = optbench.problem("iris_tanh")
    net, train = replace(problem.net.net, dtype="float32"), data.split("iris", None).train
    rates = load(reference)["convergence"].set_index("optimizer")["lr"]
    for name in ("momentum", "adam"):
        own = frame[frame["optimizer"] == name]
        assert sorted(own["step"].unique()) == list(record_steps(40, 10))
        for step in (0, 1, 40):
            points = [
                optbench.minimize(name, problem, steps=t, lr=rates[name], dtype="float32").x[0]
                if t
                else problem.starts([0])[0].astype("float32")
                for t in (max(0, step - 1), step)
            ]
            before = points[0] if step else None
            wanted = diagnosis.diagnose(net, points[1], train.X, train.y, before)
            for one in wanted:
                row = own[(own["step"] == step) & (own["layer"] == one.layer)].iloc[0]
                assert (row["instance"], row["seed"], row["units"]) == (0, 0, one.units)
                for column in ("mean", "std", "saturated", "gradient_norm", "weight_norm",
                               "update_ratio"):  # fmt: skip
                    assert row[column] == pytest.approx(
                        getattr(one, column), rel=1e-9, abs=1e-12, nan_ok=True
                    ), (name, step, column)
                assert row["weight_counts"] == one.histogram.tolist()
                assert (row["weight_low"], row["weight_high"]) == (one.edges[0], one.edges[-1])


def test_instruments_are_what_training_step_by_step_gives(reference):
    """Of both settings: distances from the start, alpha of the step that led there, rates."""
    frames = load(reference)
    read, problem = frames["instruments"], optbench.problem("iris_tanh")
    net = replace(problem.net.net, dtype="float32")
    X, y = data.split("iris", None).train
    own = read[read["optimizer"] == "momentum"]
    assert set(own["setting"]) == {"tuned", "default"}
    for _, rows in own.groupby("setting"):
        assert list(rows["step"]) == list(record_steps(40, 10))
        (rate,) = set(rows["rate"])
        start, before, end = (
            optbench.minimize("momentum", problem, steps=t, lr=rate, dtype="float32").x[0]
            if t else problem.starts([0])[0].astype("float32")
            for t in (0, 39, 40)
        )  # fmt: skip
        first, last = rows.iloc[0], rows.iloc[-1]
        assert first["distance"] == 0.0 and np.isnan(first["alpha"])
        wanted = np.linalg.norm(end.astype(float) - start)
        assert last["distance"] == pytest.approx(wanted, rel=1e-12)
        away = instruments.step_alpha(net, before, end, X, y)
        assert last["alpha"] == pytest.approx(away, rel=1e-3, abs=1e-4)
        sharpest = instruments.sharpness(net, end, X, y, accuracy=1e-4)
        assert last["sharpness"] == pytest.approx(sharpest, rel=0.02)
        factor = last["sharpness_times_rate"] / last["sharpness"]
        assert factor == pytest.approx(rate) and last["sharpness"] > 0
        assert (rows["noise_scale"] > 0).all()


def test_a_scheduled_rate_is_that_of_the_next_step(tmp_path):
    cosine = {"name": "gd", "schedule": "cosine", "lr": 0.1}
    run(tmp_path, study=STUDY.changed(optimizers=[cosine]))
    rows = load(tmp_path)["instruments"]
    steps = rows["step"].max()  # of full batches, fewer than 40
    wanted = 0.05 * (1 + np.cos(np.pi * np.minimum(rows["step"], steps - 1) / steps))
    np.testing.assert_allclose(rows["rate"], wanted, rtol=1e-12)


def test_a_net_of_layers_with_a_label_at_every_step(tmp_path):
    study = STUDY.changed(
        problems=[{"name": "zipf_bigrams"}], optimizers=["adam"], steps=4,
        lr={"low": 0.01, "high": 0.01, "count": 1},
    )  # fmt: skip
    run(tmp_path, study=study)
    frames = load(tmp_path)
    rows = frames["layers"]
    assert set(rows["name"]) == {"1 Embedding(256, n=32)", "2 Dense(256)"}
    assert rows[["mean", "gradient_norm", "weight_norm"]].notna().all(axis=None)
    read = frames["instruments"]
    assert (read["sharpness"] > 0).all() and (read["noise_scale"] > 0).all()
    moved = read[read["step"] > 0]
    assert (moved["distance"] > 0).all() and moved["alpha"].notna().any()


@pytest.mark.parametrize("name", ["copy_gru", "zipf_bigrams"])
def test_chance_of_labels_at_every_step(name):
    """The best constant answer loses the entropy of all labels together."""
    problem = optbench.problem(name)
    _, y = probing.examples(problem, None)
    shares = np.unique(y, return_counts=True)[1] / y.size
    assert y.ndim == 2
    assert probing.chance(problem) == pytest.approx(-(shares * np.log(shares)).sum())


def test_a_lane_run_again_is_the_same_lane(reference):
    """The losses of every rate end where the tuning lanes of the first draw did."""
    pair = expand(STUDY)[0][1]
    tuning = compute(tuning_cell(pair, STUDY, rate_trials([0.01, 0.1])))[0]
    assert tuning["sweep_metrics"].shape == (2, len(tuning["sweep_steps"]), 6)
    np.testing.assert_array_equal(tuning["sweep_metrics"][:, -1], tuning["metrics"][0])
    assert tuning["sweep_steps"][[0, -1]].tolist() == [0, 40]
    scoring, _, layers = compute(scoring_cell(pair, STUDY, rate_trials([0.1]), kept=(0,)))
    assert layers and scoring["saturated"].shape == (5, 1, 2)


@pytest.mark.parametrize("name", ["iris_tanh", "digits_batch_norm"])
def test_the_driver_records_all_parameters_of_a_net(name):
    problem, adam = optbench.problem(name, instance=1), optbench.optimizer("adam")
    about = dict(starts=problem.starts([3]), keys=problem.keys([3]), lr=np.array([0.01]))
    records = np.array([0, 1, 7, 20])
    made = simulate(
        problem, adam, LaneInputs(**about), Job(steps=20, records=records, store_x=True)
    )
    np.testing.assert_array_equal(made.record_x[0, 0], about["starts"][0])
    np.testing.assert_array_equal(made.record_x[0, -1], made.x[0])
    shorter = simulate(problem, adam, LaneInputs(**about), Job(steps=7))
    np.testing.assert_array_equal(made.record_x[0, 2], shorter.x[0])


def test_every_rate_and_every_scoring_lane_is_labelled(reference):
    labels = load(reference)["labels"]
    assert set(labels["phase"]) == {"tuning", "scoring"}
    tuning, scoring = (labels[labels["phase"] == phase] for phase in ("tuning", "scoring"))
    swept = load(reference)["sensitivity"].groupby("optimizer")["lr"].apply(sorted)
    for name, rates in swept.items():
        own = tuning[tuning["optimizer"] == name]
        assert sorted(own["lr"]) == rates and set(own["instance"]) == {1}
    # Two optimizers, the tuned and the default trial, the canonical draw and two by two others.
    assert len(scoring) == 2 * 2 * (1 + 2 * 2) and labels["evidence"].str.len().min() > 20


def test_points_after_a_divergence_are_left_out(tmp_path):
    study = STUDY.changed(
        problems=[{"name": "diabetes_mlp"}], optimizers=["momentum"],
        lr={"low": 30.0, "high": 30.0, "count": 1}, steps=100,
    )  # fmt: skip
    run(tmp_path, study=study)
    frames = load(tmp_path)
    tuned, labels = (frames[name].query("setting == 'tuned'") for name in ("lanes", "labels"))
    assert len(tuned) and (tuned["status"] == "not finite").all()
    steps = frames["layers"]["step"]
    assert steps.min() == 0 and steps.max() < 100
    assert frames["layers"][["mean", "gradient_norm"]].notna().all(axis=None)
    assert set(labels["verdict"]) == {"diverged"}


def test_the_table_needs_no_python(reference):
    with sqlite3.connect(reference / FILE) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(layers)")]
        counts = connection.execute("SELECT weight_counts FROM layers WHERE layer = 1").fetchall()
    assert columns == ["cell", *LAYERS]
    assert all(sum(json.loads(text)) == 4 * 8 for (text,) in counts)
