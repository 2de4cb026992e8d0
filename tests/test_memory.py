"""A million lanes stream through in chunks."""

import subprocess
import sys

SCRIPT = """
import resource
import numpy as np
import optbench

optbench.minimize("adam", optbench.problem("rosenbrock", 10), steps=3, lanes=64)
run = optbench.minimize(
    "adam", optbench.problem("rosenbrock", 10), steps=3, lanes=1_000_000, lr=1e-3, records=2
)
assert run.x.shape == (1_000_000, 10) and np.isfinite(run.f).all()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_million_lanes_in_ten_dimensions_stay_under_a_gigabyte():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    kilobytes = int(done.stdout)
    assert kilobytes < 1_000_000
