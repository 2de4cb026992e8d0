"""A cell of a million lanes goes through a study, its store and its tables."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import re
import sys
from pathlib import Path

from optbench.report import tables
from optbench.report.statistics.load import load_with_manifest
from optbench.study import invocation
from optbench.study.schema import Study

study = Study(
    name="million", optimizers=("adam",), problems=({"name": "rosenbrock", "dims": (10,)},),
    steps=3, seeds=50, lr={"low": 1e-6, "high": 1.0, "count": 999},
    tuning_instances=tuple(range(1, 21)), scoring_instances=(21,),
)
folder = invocation.compute(study, sys.argv[1])
frames, _ = load_with_manifest(folder)
assert len(frames["lanes"]) > 1_000_000
tables.write(folder / "tables", frames, frames["convergence"])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


# The kernel's own count: what `resource` tells includes the memory of the process that forked.
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_cell_of_a_million_lanes_and_its_tables_stay_under_a_gigabyte(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "run"], capture_output=True, text=True, check=True
    )
    kilobytes = int(done.stdout.splitlines()[-1])
    assert kilobytes < 1_000_000
