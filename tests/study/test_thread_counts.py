"""Numbers that results and tables rest on are the same bytes whatever the threads of BLAS."""

import os
import subprocess
import sys

SUMS = """
import hashlib
import numpy as np
from optbench.study.lane_costs import LaneCosts
from optbench.study.objective import choose, log_objectives

rng = np.random.default_rng(0)
draws, trials, resamples = 400, 700, 300
cost = rng.lognormal(5, 1, (draws, trials))
costs = LaneCosts(
    cost=cost, reached=rng.random(cost.shape) < 0.9, grid_cost=cost * 2, grid_log_cost=np.log(cost),
    log_gap=np.log10(cost) - 8, value=cost, training=cost, budget=1e6, tie=1.01, floor=1e-12,
)
counts = rng.multinomial(draws, np.full(draws, 1 / draws), resamples).astype(float)
numbers = [log_objectives(own, costs, counts) for own in ("evaluations", "gap", "anytime")]
numbers.append(choose("evaluations", costs, np.arange(trials), False, counts))
print(hashlib.sha256(b"".join(own.tobytes() for own in numbers)).hexdigest())
"""


def output(threads):
    """Return what the sums are in a process whose BLAS has so many threads."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    settings = dict.fromkeys(names, str(threads))
    command = [sys.executable, "-c", SUMS]
    return subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=True
    ).stdout


def test_objectives_and_choices_do_not_hang_on_the_threads_of_blas():
    assert output(1) == output(2) == output(3)
