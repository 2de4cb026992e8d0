"""A run that is killed, at any moment and however often, ends as one that was not."""

import json
import os
import secrets
import subprocess
import sys
import textwrap

from optbench.report.statistics.load import load_with_manifest
from tests.run_tables import table_bytes

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
KILLS = 50 if SOAK else 3
STUDY = {
    "name": "killed", "optimizers": ["momentum", "adam", "rmsprop", "lion"],
    "problems": [{"name": "sphere", "dims": [2, 3, 4, 5]}, {"name": "booth"}, {"name": "matyas"},
                 {"name": "rosenbrock", "dims": [2, 4]}, {"name": "noisy_quadratic"}],
    "steps": 300, "lr": {"low": 1e-3, "high": 1e-1, "count": 5},
}  # fmt: skip
"""Of 36 pairs."""
SCRIPT = """
    import json, os, random, signal, sys, time
    from pathlib import Path
    from optbench.study import invocation
    from optbench.study.schema import Study

    study, root = Study(**json.loads(sys.argv[1])), Path(sys.argv[2])
    kills, seed = map(int, sys.argv[3:])
    moment = random.Random(seed)

    def begin(folder):
        process = os.fork()  # nothing here has begun a thread
        if not process:
            status = 1
            try:
                invocation.compute(study, folder, threads=2)
                status = 0
            finally:
                os._exit(status)
        return process

    def ended(process):
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    assert ended(begin(root / "compiled")) == 0
    began = time.perf_counter()
    assert ended(begin(root / "unbroken")) == 0
    duration = time.perf_counter() - began
    killed, runs, seen = 0, [root / "run-0"], set()
    while killed < kills:
        process = begin(runs[-1])
        time.sleep(moment.uniform(0.0, duration))
        os.kill(process, signal.SIGKILL)
        status = ended(process)
        assert status in (0, -signal.SIGKILL), status
        killed += status != 0
        if status == 0:
            runs.append(root / f"run-{len(runs)}")
    assert ended(begin(runs[-1])) == 0
    print(json.dumps([killed, [str(run) for run in runs]]))
"""


def test_kills_at_random_moments_leave_the_tables_of_an_unbroken_run(tmp_path):
    seed = secrets.randbelow(2**32) if SOAK else 7
    print(f"moments of seed {seed}")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), json.dumps(STUDY), tmp_path, str(KILLS),
         str(seed)], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    killed, runs = json.loads(done.stdout)
    assert killed == KILLS
    unbroken = table_bytes(tmp_path / "unbroken", tmp_path / "tables")
    for number, run in enumerate(runs):
        assert load_with_manifest(run)[1]["state"] == "complete"
        assert table_bytes(run, tmp_path / f"tables-{number}") == unbroken, run
