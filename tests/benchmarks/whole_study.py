"""A study from its pairs to its page in a process of its own: where its time and memory go.

python -m tests.benchmarks.whole_study STUDY            run it, print the figures as JSON
python -m tests.benchmarks.whole_study STUDY --steps 2  the same with few steps: what fills the
                                                        compile cache
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

import optbench.kernels.cpu.launch
from optbench import session
from optbench.kernels.status import NOT_RUN
from optbench.report.statistics.load import load_with_manifest
from optbench.study import invocation
from optbench.study.narrowing import Filters, narrowed
from optbench.study.progress import Progress
from optbench.study.results import Results
from optbench.study.schema import read_study
from optbench.study.store import Store
from optbench.study.store_commits import GroupCommits
from tests.benchmarks.stopwatch import Stopwatch

OF_PAGE = ("figures", "report")
"""Folders of a run that belong to the page."""


def count_lanes(folder):
    """Return how many lanes a run has."""
    with Results(folder) as results:
        return sum(
            int(np.count_nonzero(arrays["status"] != NOT_RUN))
            for _, arrays in results.cells(names=["status"])
        )


def watch_lanes():
    """Return a stopwatch of what threads compute inside the compiled driver."""
    watch, launch = Stopwatch(time.thread_time), optbench.kernels.cpu.launch
    driver_of = launch.driver
    launch.driver = lambda *which: watch.wrap(driver_of(*which))
    return watch


def watch_writer():
    """Return a stopwatch of what threads compute to pack cells and to write them."""
    watch = Stopwatch(time.thread_time)
    watch.watch(Store, "put")
    watch.watch(GroupCommits, "_execute_next", "_commit")
    return watch


def megabytes(folder):
    """Return the size of all files of a run that are not its page."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    own = [path for path in files if path.relative_to(folder).parts[0] not in OF_PAGE]
    return sum(path.stat().st_size for path in own) / 1e6


def peak_megabytes():
    """Return the most memory that this process has had.

    On Linux it is the kernel's count of this program: that of `resource` begins with the memory of
    the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def measure(study, folder):
    """Run a study and write its report.

    Returns
    -------
    dict of str to float
        Seconds (``run``, ``in lanes``, ``outside lanes``, ``writer``, ``statistics``,
        ``report``),
        megabytes (``store and tables``, ``memory``), and the number of ``lanes``.

        ``in lanes`` is what all threads together compute inside the compiled driver, ``outside
        lanes`` is what the process computes elsewhere while the study runs, of it ``writer`` in the
        store. ``statistics`` are all frames, computed one after another; ``report`` is what the
        run's report takes, loading and tables included, with a second process where it has one.
    """
    lanes, writer = watch_lanes(), watch_writer()
    figures, clock = {}, time.perf_counter
    began, computed = clock(), time.process_time()
    progress = Progress()
    invocation.compute(study, folder, progress=progress)
    figures["run"] = clock() - began
    figures["in lanes"] = lanes.seconds
    figures["outside lanes"] = time.process_time() - computed - lanes.seconds
    figures["writer"] = writer.seconds
    if progress.failures:
        raise SystemExit(f"study {study.name}: {len(progress.failures)} pairs failed")
    frames, _ = load_with_manifest(folder)
    began = time.process_time()
    for name in frames:
        frames[name]
    figures["statistics"] = time.process_time() - began
    del frames
    began = clock()
    session.write_report(folder)
    figures["report"] = clock() - began
    figures["store and tables"] = megabytes(folder)
    figures["memory"] = peak_megabytes()
    figures["lanes"] = count_lanes(folder)
    return figures


def main():
    """Run the study that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    study = narrowed(read_study(arguments.study), Filters(steps=arguments.steps))
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(study, Path(folder, "run"))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
