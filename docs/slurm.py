"""A study on the nodes of a SLURM cluster, by dask-jobqueue; see `docs/scaling_out.md`.

Adapt `cluster`, then run this file on a node of the kind that the workers have:
python docs/slurm.py
"""

import optbench


def cluster(processes=32, memory="64GB", walltime="02:00:00", **more):
    """Return a cluster whose jobs hold so many worker processes, each with one thread."""
    from dask_jobqueue import SLURMCluster

    return SLURMCluster(
        cores=processes, processes=processes, memory=memory, walltime=walltime,
        # On a disk of the node: a folder that nodes share serves, too, if it knows locks.
        local_directory="$TMPDIR",
        job_script_prologue=['export OPTBENCH_CACHE_DIR="$TMPDIR/optbench-$USER"'],
        # Workers end before the job does, not all at once; what they had is computed elsewhere.
        worker_extra_args=["--lifetime", "115m", "--lifetime-stagger", "4m"],
        **more,
    )  # fmt: skip


if __name__ == "__main__":
    with cluster() as jobs:
        jobs.scale(jobs=8)
        print(optbench.run("full", out="results/full", scheduler=jobs.scheduler_address))
