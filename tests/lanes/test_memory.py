"""A million lanes stream through in chunks."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import re
import numpy as np
import optbench

optbench.minimize("adam", optbench.problem("rosenbrock", 10), steps=3, lanes=64)
run = optbench.minimize(
    "adam", optbench.problem("rosenbrock", 10), steps=3, lanes=1_000_000, lr=1e-3, records=2
)
assert run.x.shape == (1_000_000, 10) and np.isfinite(run.f).all()
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


# The kernel's own count: what `resource` tells includes the memory of the process that forked.
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_million_lanes_in_ten_dimensions_stay_under_a_gigabyte():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    kilobytes = int(done.stdout)
    assert kilobytes < 1_000_000
