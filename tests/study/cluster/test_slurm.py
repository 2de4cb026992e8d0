"""What docs/slurm.py would hand to SLURM; no job is submitted."""

import pytest

pytest.importorskip("dask_jobqueue", reason="needs dask-jobqueue")

from docs.slurm import cluster  # noqa: E402


def test_the_job_script_asks_for_what_its_workers_need():
    with cluster(processes=4, memory="8GB", account="physics", queue="short") as jobs:
        script, address = jobs.job_script(), jobs.scheduler_address
    lines = script.splitlines()
    for asked in ("-p short", "-A physics", "-n 1", "--cpus-per-task=4", "--mem=8G", "-t 02:00:00"):
        assert f"#SBATCH {asked}" in lines
    assert 'export OPTBENCH_CACHE_DIR="$TMPDIR/optbench-$USER"' in lines
    (command,) = (line for line in lines if "dask_worker" in line)
    assert address in command
    assert "--nworkers 4 --nanny" in command and "--nthreads 1" in command
