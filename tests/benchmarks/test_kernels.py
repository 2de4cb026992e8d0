"""The engine's lanes: rules on problems, dimensions and dtypes that take different code."""

import numpy as np
import pytest

from optbench.kernels.status import NOT_FINITE
from tests.benchmarks.engine import Work

WORKS = [
    Work("gd", "sphere", 2, "float64", 4096, 2000),
    Work("adam", "rosenbrock", 2, "float64", 4096, 2000),
    Work("adam", "rosenbrock", 2, "float32", 4096, 4000),
    Work("adam", "rosenbrock", 100, "float64", 512, 400),
    Work("adam", "rosenbrock", 100, "float32", 512, 800),
    Work("momentum", "rastrigin", 10, "float64", 1024, 600),
    Work("rmsprop", "ackley", 10, "float32", 1024, 1500),
]


@pytest.mark.benchmark(group="kernels")
@pytest.mark.parametrize("work", WORKS, ids=str)
def test_lanes(benchmark, work):
    run = work.runner()
    outcome = benchmark.pedantic(run, rounds=15, warmup_rounds=2)
    assert (outcome.status != NOT_FINITE).all()
    assert np.median(outcome.f_best) < np.median(outcome.f_start)
