"""Nets: one gradient of a multilayer perceptron, and training lanes of the catalog's net."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import optbench
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.nets import data
from optbench.nets.mlp import MLP
from optbench.rules import compose

LANES, STEPS = 4, 50


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


@pytest.mark.benchmark(group="nets")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("hidden", [(), (32,), (128, 64)], ids=str)
def test_gradient(benchmark, hidden, dtype):
    X, y = data.split("digits", 1).train
    net = MLP((64, *hidden, 10), dtype=dtype)
    params = net.init(0)
    loss, gradient = benchmark.pedantic(
        net.loss_and_grad, (params, X[:128], y[:128]), rounds=30, iterations=5, warmup_rounds=2
    )
    assert loss > 0 and np.isfinite(gradient).all() and gradient.any()


@pytest.mark.benchmark(group="nets")
@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_training(benchmark, rule):
    problem, optimizer = optbench.problem("digits_mlp"), compose.optimizer(rule)
    seeds = range(LANES)
    lanes = LaneInputs(problem.starts(seeds), problem.keys(seeds), np.full(LANES, 1e-2))
    job = Job(steps=STEPS, records=np.array([0, STEPS]))
    outcome = benchmark.pedantic(
        lambda: simulate(problem, optimizer, lanes, job),
        rounds=10, warmup_rounds=1,
    )  # fmt: skip
    assert (outcome.steps == STEPS).all()
    assert (outcome.f_final < outcome.f_start).all()
