"""Early stopping: by hand, over whole curves in NumPy, and as lanes that end with their best."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.define import DefinitionError, net
from optbench.nets import network, stopping_criteria

from . import reference_stopping as reference

VALIDATION = [10.0, 8.0, 6.0, 5.0, 5.2, 5.1, 5.6, 6.0, 4.0, 7.0]
RISING = np.repeat([5.0, 4.0, 4.5, 4.2, 4.3, 4.4, 4.5], 5)[:31]  # at the start, epochs 5, 10, ...


def stop(text, validation, train=None):
    """Return where a criterion stops, and the best record."""
    return stopping_criteria.apply(text, validation if train is None else train, validation)


@pytest.mark.parametrize(("alpha", "at"), [(1, 4), (5, 6), (15, 7), (50, 9), (80, 9)])
def test_generalisation_loss_by_hand(alpha, at):
    expected = [0, 0, 0, 0, 4, 2, 12, 20, 0, 75]
    np.testing.assert_allclose(reference.generalisation_loss(VALIDATION), expected, atol=1e-12)
    assert stop(f"generalisation_loss:{alpha}", VALIDATION)[0] == at


def test_quotient_by_hand():
    # GL is 20 % from epoch 2 on. P_5 is 200 at epoch 5, 0 at epoch 10: 20 / 200 < .5 < 20 / 0.
    validation, train = [1.0, 1.0] + [1.2] * 10, [9.0, 1.5, 1.25, 1.25, 1.0, 1.0] + [1.0] * 6
    assert reference.progress(train)[5] == pytest.approx(200)
    assert stop("quotient:0.5", validation, train) == (10, 0)
    assert stop("quotient:0.09", validation, train) == (5, 0)
    assert stop("quotient:0.5", np.ones(12), train) == (11, 0)


@pytest.mark.parametrize(("rises", "at"), [(1, 10), (2, 25), (3, 30), (4, 30)])
def test_successive_rises_by_hand(rises, at):
    assert stop(f"successive_rises:{rises}", RISING)[0] == at


def test_patience_by_hand():
    assert stop("patience:4", VALIDATION) == (7, 3)
    assert stop("patience:5", VALIDATION) == (9, 8)  # record 8 is better than record 3


CURVE = st.lists(
    st.tuples(st.floats(0.1, 100), st.floats(0.1, 100)), min_size=1, max_size=60
)  # fmt: skip


@given(CURVE, st.sampled_from(list(reference.CRITERIA)), st.integers(1, 30))
def test_criteria_equal_those_over_whole_curves(curve, name, limit):
    train, validation = np.transpose(curve)
    limit = min(limit, 4) if name == "successive_rises" else limit
    at, best = stopping_criteria.apply(f"{name}:{limit}", train, validation)
    expected = reference.CRITERIA[name](train, validation, limit)
    assert at == (len(train) - 1 if expected is None else expected)
    assert best == np.argmin(validation[: at + 1])


# -------------------------------------------------------------------------------------- as lanes

EPOCH, EPOCHS = 8, 60  # 265 training examples in mini-batches of 32


def declared(text="", **options):
    """Return instance 1 of a net that overfits."""
    facts = dict(data="diabetes", sizes=(10, 32, 1), loss="mse", batch=32, **options)
    definition = net("overfitting", loss_target=1e-9, error_target=None, stopping=text, **facts)
    return optbench.problem(definition, instance=1)


def curves(dtype="float64", optimizer="adam", **options):
    """Return the losses of 4 lanes after every epoch, [lanes, T, 6], and their parameters."""
    problem, ends = declared(**options), []
    for epochs in range(EPOCHS + 1):
        if epochs == 0:
            first = optbench.minimize(
                optimizer, problem, steps=1, lanes=4, lr=0.01, dtype=dtype, threads=1
            )
            ends.append((problem.starts(range(4)).astype(dtype), first.records.metrics[:, 0]))
            continue
        run = optbench.minimize(
            optimizer, problem, steps=epochs * EPOCH, lanes=4, lr=0.01, dtype=dtype, threads=1
        )
        ends.append((run.x, run.records.metrics[:, -1]))
    return np.stack([m for _, m in ends], axis=1), np.stack([x for x, _ in ends], axis=1)


@pytest.fixture(scope="module")
def plain():
    """Curves of the net without stopping."""
    return curves()


@pytest.mark.parametrize(
    "text",
    [
        "patience:5", "patience:1000", "generalisation_loss:5", "quotient:0.3",
        "successive_rises:2",
    ],
)  # fmt: skip
def test_lanes_stop_where_the_criterion_does_on_their_recorded_curves(text, plain):
    metrics, points = plain
    problem, name, limit = declared(text), *text.split(":")
    run = optbench.minimize("adam", problem, steps=EPOCHS * EPOCH, lanes=4, lr=0.01)
    ends = []
    for lane in range(4):
        train, validation = metrics[lane, :, 0], metrics[lane, :, 2]
        expected = reference.CRITERIA[name](train, validation, float(limit) if "." in limit else
                                          int(limit))  # fmt: skip
        at = EPOCHS if expected is None else expected
        best = int(np.argmin(validation[: at + 1]))
        assert run.steps[lane] == at * EPOCH
        assert run.status[lane] == ("stopped" if at < EPOCHS else "budget")
        np.testing.assert_array_equal(run.x[lane], points[lane, best])
        np.testing.assert_array_equal(run.records.metrics[lane, -1], metrics[lane, best])
        assert run.f[lane] == metrics[lane, best, 0]
        ends.append((at, best))
    if limit != "1000":
        assert any(best < at < EPOCHS for at, best in ends), ends
    assert np.isfinite(run.records.metrics[:, :, :1]).all()


def test_a_shorter_run_meets_the_same_curve(plain):
    run = optbench.minimize("adam", declared("patience:5"), steps=EPOCHS * EPOCH, lanes=4, lr=0.01)
    recorded, metrics = run.records.steps, run.records.metrics
    alone = optbench.minimize("adam", declared(), steps=EPOCHS * EPOCH, lanes=4, lr=0.01)
    for lane in range(4):
        before = recorded < run.steps[lane]
        np.testing.assert_array_equal(metrics[lane, before], alone.records.metrics[lane, before])
        after = metrics[lane, ~before][:, ::2]
        assert (after == after[-1]).all()


@pytest.mark.parametrize("optimizer", ["schedule_free_adamw", "adam[sam_rho=0.05]"])
def test_what_is_judged_and_kept_is_the_reported_point(optimizer):
    problem = declared("patience:3")
    run = optbench.minimize(optimizer, problem, steps=EPOCHS * EPOCH, lr=0.05)
    plain = [
        optbench.minimize(optimizer, declared(), steps=epochs * EPOCH, lr=0.05)
        for epochs in range(1, int(run.steps[0]) // EPOCH + 1)
    ]
    best = np.argmin([one.records.metrics[0, -1, 2] for one in plain])
    assert run.status[0] == "stopped" and best == len(plain) - 1 - 3
    np.testing.assert_array_equal(run.x[0], plain[best].x[0])
    np.testing.assert_array_equal(run.records.metrics[0, -1], plain[best].records.metrics[0, -1])
    assert run.f[0] == pytest.approx(problem.value(run.x[0]), rel=1e-12)


def test_running_statistics_come_back_with_the_parameters():
    options = dict(batch_norm=True, bn_eval="running")
    metrics, points = curves(**options)
    problem = declared("patience:4", **options)
    run = optbench.minimize("adam", problem, steps=EPOCHS * EPOCH, lanes=4, lr=0.01)
    for lane in range(4):
        validation = metrics[lane, :, 2]
        at = reference.patience(None, validation, 4)
        best = int(np.argmin(validation[: at + 1]))
        np.testing.assert_array_equal(run.x[lane], points[lane, best])
        np.testing.assert_array_equal(run.records.metrics[lane, -1, 2:], metrics[lane, best, 2:])


def test_float32_lanes_stop_and_do_not_depend_on_threads():
    problem = declared("generalisation_loss:3")
    runs = [
        optbench.minimize(
            "adam", problem, steps=300, lanes=40, lr=0.02, dtype="float32", threads=threads
        )
        for threads in (1, 2)
    ]
    np.testing.assert_array_equal(runs[0].x, runs[1].x)
    np.testing.assert_array_equal(runs[0].steps, runs[1].steps)
    assert (runs[0].status == "stopped").mean() > 0.5 and len(set(runs[0].steps)) > 3


@pytest.mark.parametrize(("steps", "lr"), [(400, 1e6), (1, 1e200), (2, 1e200), (3, 1e100)])
def test_lanes_that_diverge_say_so(steps, lr):
    """Also where they do in their last step."""
    run = optbench.minimize("sgd", declared("patience:3"), steps=steps, lanes=2, lr=lr)
    assert (run.status == "not finite").all()


def test_a_target_that_was_reached_stays_the_status():
    definition = net(
        "overfitting", data="diabetes", sizes=(10, 32, 1), loss="mse", batch=32, loss_target=0.5,
        error_target=None, stopping="patience:3",
    )  # fmt: skip
    run = optbench.minimize("adam", optbench.problem(definition, instance=1), steps=480, lr=0.01)
    assert run.status[0] == "target" and run.steps[0] < 480 and run.hits[0, 0] > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("patience", "stopping is 'patience'; write it like 'patience:5'"),
        ("waiting:5", "unknown criterion of stopping 'waiting'; choose from patience"),
        ("patience:2.5", "the limit of patience is a whole number of 1 or more"),
        ("generalisation_loss:0", "the limit of generalisation_loss is a number above 0"),
        ("quotient:1e", "the limit of quotient is a number above 0"),
    ],
)
def test_refusals(text, message):
    with pytest.raises(DefinitionError, match=message):
        declared(text)


def test_plain_python_adjusts_as_compiled_code_does():
    problem = declared("patience:1", max_norm=0.5, rates={2: 0.5})
    q, p, run = problem.placement.q, problem.placement.p, problem.compiled("float64").adjust
    rng = np.random.default_rng(0)
    points = rng.standard_normal((4, problem.dim // 64, 64)) * 3.0 ** np.arange(4)[:, None, None]
    keys, states = (
        np.zeros(64, np.uint64),
        [np.zeros(problem.placement.work_size) for _ in range(2)],
    )
    runs = []
    for function, work in zip((run, network.adjust), states, strict=True):
        lane = []
        for epoch in range(4):
            x, f = points[epoch].copy(), np.full(64, np.nan)
            function(x, points[epoch - 1], f, p, q, work, keys, epoch * EPOCH, int(epoch == 3))
            lane.append((x, f))
        runs.append(lane)
    for (x, f), (y, g) in zip(*runs, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)
        np.testing.assert_array_equal(f, g)
    assert any(f[0] == 1.0 for _, f in runs[0])
