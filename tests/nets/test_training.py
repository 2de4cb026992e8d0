"""Whole training runs by the engine's driver against torch, and what training does to lanes."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from optbench.define.draws import sample
from optbench.kernels.cpu.launch import launch
from optbench.kernels.driver.tasks import Placement, Task
from optbench.lanes import simulating
from optbench.nets import MLP, network
from optbench.rules import compose
from tests.tolerance import assert_within, rounding

from .helpers import ORACLES, data_set, draw, mlp, tensor_vectors, unpadded

STORED = np.load(ORACLES / "nets.npz")
STEPS, BATCH, EXAMPLES, STREAM = 200, 16, 70, 7
KERNELS = ("problem", "metrics")
RATES = {"sgd": 0.1, "momentum": 0.02, "adam": 0.01}
NO_SLOPE = STEPS * RATES["adam"] * rounding(BATCH, 0.1) / 1e-8
"""Biases before batch normalisation have no slope: what rounding leaves of a sum over the batch, of
terms of 0.1, Adam divides by its eps in every step."""
RUNS = {
    "plain": {"sizes": (4, 8, 8, 3), "activation": "gelu"},
    "batch_norm": {"sizes": (4, 8, 8, 3), "activation": "tanh", "batch_norm": True},
    "dropout": {"sizes": (4, 8, 8, 3), "activation": "silu", "dropout": [0.1, 0.3, 0.5]},
    "both": {
        "sizes": (4, 8, 8, 3), "activation": "elu", "batch_norm": True, "dropout": 0.25,
        "residual": True, "l2": 0.1, "ghost_batch": 8,
    },
}  # fmt: skip


def kernels(net):
    """Return the compiled kernels of a net, its operations loaded."""
    net.load()
    return [network.compiled(name, net.dtype) for name in KERNELS]


def train(net, p, q, starts, keys, rule="sgd", lr=0.1, steps=STEPS, threads=1, records=None):
    """Train lanes with the engine's driver; return its `Outcome`."""
    optimizer = compose.optimizer(rule)
    problem = SimpleNamespace(
        compiled=lambda dtype: [*kernels(net), None],
        definition=SimpleNamespace(data=None),
        constrained=False,
        tensor_table=tensor_vectors(net),
        across=True,
    )
    task = Task.of_lanes(
        start=np.array(starts), keys=np.array(keys, np.uint64), lr=np.full(len(starts), lr),
        values=optimizer.values, uniform=optimizer.uniform_table(steps),
        record_steps=np.array(records or [0, steps]), targets=np.array([1e-9]), f_ref=np.nan,
        exact=False, metrics=True,
    )  # fmt: skip
    program = simulating.program(problem, optimizer, net.dtype)
    return launch(program, [Placement(p, q, int(q[-1]))], task, threads - 1)


def splits(net, X, y):
    """Return (p, q) with all examples in the training part and a few of them in the others."""
    return data_set(net, [(X, y), (X[:9], y[:9]), (X[9:20], y[9:20])], BATCH)


def test_batches_are_those_of_the_oracle():
    with np.errstate(over="ignore"):
        found = [
            [sample(np.uint64(STREAM), t, j, BATCH, EXAMPLES) for j in range(BATCH)]
            for t in range(STEPS)
        ]
    np.testing.assert_array_equal(found, STORED["batches"])


@pytest.mark.parametrize("rule", RATES)
@pytest.mark.parametrize("name", RUNS)
def test_a_run_equals_torch(name, rule):
    net = mlp(RUNS[name])
    X, y, params = draw(RUNS[name], rows=EXAMPLES)
    p, q = splits(net, X, y)
    outcome = train(net, p, q, [params], [STREAM], rule, RATES[rule])
    expected = STORED[f"{name}/{rule}"]
    noisy = rule == "adam" and RUNS[name].get("batch_norm")
    off = NO_SLOPE if noisy else rounding(20 * STEPS, 1.0)  # weights of 1, 20 roundings a step
    assert_within(unpadded(net, outcome.x[0]), expected, off)
    assert np.abs(unpadded(net, params) - expected).max() > 0.1


@pytest.mark.parametrize("bn_eval", ["population", "running"])
def test_lanes_do_not_depend_on_their_neighbours(bn_eval):
    # The buffers, and running statistics in them, are shared by the lanes of a chunk.
    net = MLP((4, 8, 8, 3), "relu", batch_norm=True, dropout=0.2, bn_eval=bn_eval)
    X, y, _ = draw({"sizes": (4, 8, 8, 3)}, rows=EXAMPLES)
    p, q = splits(net, X, y)
    starts, keys = [net.init(seed) for seed in range(4)], [3, 4, 5, 6]
    facts = dict(lr=0.05, steps=20, records=[0, 1, 7, 20])
    together = train(net, p, q, starts, keys, **facts)
    for lane in (3, 1, 0):
        alone = train(net, p, q, [starts[lane]], [keys[lane]], **facts)
        np.testing.assert_array_equal(alone.x[0], together.x[lane])
        np.testing.assert_array_equal(alone.record_metrics[0], together.record_metrics[lane])


def test_a_lane_after_one_that_diverged_starts_afresh():
    net = MLP((4, 8, 3), "relu", "mse", batch_norm=True, bn_eval="running")
    X, y, _ = draw({"sizes": (4, 8, 3), "loss": "mse"}, rows=EXAMPLES)
    p, q = splits(net, X, y)
    broken, whole = net.init(0), net.init(1)
    broken[0] = np.nan
    together = train(net, p, q, [broken, whole], [3, 4], steps=5)
    alone = train(net, p, q, [whole], [4], steps=5)
    np.testing.assert_array_equal(alone.record_metrics[0], together.record_metrics[1])
    assert np.isfinite(alone.record_metrics[0][:, [0, 2, 4]]).all()


def test_oracle_was_made_for_these_runs():
    assert {key.split("/")[0] for key in STORED.files if "/" in key} == set(RUNS)
    assert set(json.loads(str(STORED["made_by"]))) == {"torch", "numpy"}
