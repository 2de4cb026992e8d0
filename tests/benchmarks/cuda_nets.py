"""Nets 64-32-10 on the bundled digits: ours against torch and JAX, the same batch for all peers."""

import functools
import importlib

import numpy as np

from optbench.catalog import finding
from optbench.define import net
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.rules import compose

from .perf_cuda import clocked

SIZES, BATCH, RATE = (64, 32, 10), 128, 1e-3


@functools.cache
def _problem():
    return finding.problem(
        net(
            "perf_net",
            data="digits",
            sizes=SIZES,
            batch=BATCH,
            loss_target=0.0,
            error_target=0.0,
        )  # fmt: skip
    )


def starts(count, dtype):
    """Return weights and biases of `count` nets, and a batch (X, y)."""
    rng = np.random.default_rng(1)
    shapes = [(64, 32), (1, 32), (32, 10), (1, 10)]
    weights = [rng.normal(0.0, 0.1, (count, *shape)).astype(dtype) for shape in shapes]
    X = rng.normal(0.0, 1.0, (BATCH, 64)).astype(dtype)
    return weights, X, rng.integers(0, 10, BATCH)


def ours(count, steps, dtype):
    """Return our contender: what `optbench run` does, records at the ends only."""
    problem, optimizer = _problem(), compose.optimizer("adam")
    seeds = range(count)

    def run():
        simulate(
            problem,
            optimizer,
            LaneInputs(problem.starts(seeds), problem.keys(seeds), np.full(count, RATE)),
            Job(steps=steps, dtype=dtype, records=np.array([0, steps]), device="cuda"),
        )

    return clocked(run)


def contenders(count, steps, dtype):
    """Return what builds the contenders."""

    def peer(module):
        built = importlib.import_module(f"tests.benchmarks.{module}")
        return built.net(*starts(count, dtype), steps, RATE)

    return {
        "optbench": lambda: ours(count, steps, dtype),
        "torch": lambda: peer("cuda_torch"),
        "JAX": lambda: peer("cuda_jax"),
    }
