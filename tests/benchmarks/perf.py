"""How fast the engine is: against limits, JAX, NumPy and torch, and against itself as it was.

    make perf                                            everything (about 20 minutes)
    python tests/benchmarks/perf.py limit threads        some parts
    make perf PERF_ARGS="--accept"                       take what became slower as the new normal

Contenders take turns in one process, warmed, on one thread unless a row says otherwise, and
medians are compared (minima against the limit): of processor time, which other work disturbs
least, or of elapsed time where several threads or processes work, and of nets. All of optbench's
work counts: value and gradient, running best, hitting times, records, finiteness, and turning lanes
into blocks and back.

The exit status is 1 if a required ratio is missed, or if a median is more than 15 % above that of
the last saved run on this machine (after measuring it twice more, the best of three counts). Runs
are saved in .benchmarks/perf as pytest-benchmark JSON, with tables in markdown and CSV.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    "limit": ("limits", "cases"),
    "jax": ("peers_jax", "rows"),
    "numpy": ("peers_numpy", "cases"),
    "torch": ("peers_torch", "cases"),
    "rules": ("rule_costs", "cases"),
    "nets": ("nets", "cases"),
    "net threads": ("nets", "threads"),
    "layered nets": ("layered_nets", "cases"),
    "pointers": ("itself", "pointers"),
    "converged": ("itself", "converged"),
    "threads": ("itself", "threads"),
    "startup": ("startup", "cases"),
    "compile": ("compiling", "cases"),
    "by lane": ("by_lane", "cases"),
    "cells": ("cells", "cases"),
    "pipeline": ("pipeline", "rows"),
    "suites": ("suites", "rows"),
}
ALL_CORES = {"threads", "net threads", "startup", "compile", "pipeline"}
QUIET, DRIFT = 0.5, 1.05
AGAIN = 2
PACKAGES = ("optbench", "numba", "llvmlite", "numpy", "jax", "jaxlib", "optax", "torch")


def one_core():
    """Keep this thread, and the threads that libraries start from it, on one core.

    XLA splits larger loops over all cores that it sees when it starts, whatever its flags say.
    Return a context in which all cores may be used again.
    """
    flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()
    if not hasattr(os, "sched_setaffinity"):
        return contextlib.nullcontext
    cores = os.sched_getaffinity(0)
    one = {max(cores)}
    os.sched_setaffinity(0, one)

    @contextlib.contextmanager
    def all_cores():
        os.sched_setaffinity(0, cores)
        try:
            yield
        finally:
            os.sched_setaffinity(0, one)

    return all_cores


def rows_of(part, all_cores, only=None):
    """Yield the rows of a part, or those whose names are in `only`."""
    from tests.benchmarks.cases import measured

    module, name = PARTS[part]
    function = getattr(importlib.import_module(f"tests.benchmarks.{module}"), name)
    with all_cores() if part in ALL_CORES else contextlib.nullcontext():
        yield from function(only) if name == "rows" else measured(function(), only)


def versions(packages=PACKAGES):
    """Return the versions of contenders in one line."""
    found = {"python": sys.version.split()[0]}
    for name in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return ", ".join(f"{name} {version}" for name, version in found.items())


def blas():
    """Return which BLAS runs here, with the processor whose kernels it has chosen."""
    import scipy.linalg.blas  # noqa: F401 - loads the library
    from threadpoolctl import threadpool_info

    found = {
        f"{library['internal_api']} {library['version']}, kernels for {library.get('architecture')}"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    return "; ".join(sorted(found))


def show(row):
    """Print a row."""
    from tests.benchmarks.saved import cells

    part, what, ours, others, ratio, required, verdict, before, worse = cells(row)
    line = f"{part:10}{what:62}{ours:>12}{ratio:>11} {required:9} {verdict}"
    if before:
        line += f"  (was {before}{', WORSE' if worse else ''})"
    print(line + (f"\n{'':12}{others}" if others else ""), flush=True)


def measure(parts, all_cores, archive, calibration):
    """Return all rows; print each as soon as it is known."""
    rows = []
    for part in parts:
        for row in rows_of(part, all_cores):
            archive.compare(row, calibration)
            show(row)
            rows.append(row)
    return rows


def again(rows, all_cores, archive, calibration):
    """Measure once more what seems to have become worse; keep the better of both."""
    for part in dict.fromkeys(row.part for row in rows if row.worse):
        suspects = {row.name: i for i, row in enumerate(rows) if row.worse and row.part == part}
        for row in rows_of(part, all_cores, suspects):
            i = suspects[row.name]
            if row.ours < rows[i].ours:
                archive.compare(row, calibration)
                rows[i] = row


def main():
    """Measure the chosen parts, print and save the table, compare, and exit with the verdict."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS) + " [all]")
    parser.add_argument("--accept", action="store_true", help="what is slower is the new normal")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    sys.exit(run([p for p in PARTS if p in arguments.parts] or list(PARTS), arguments.accept))


def run(parts, accept):
    """Do what `main` says; return the exit status."""
    began, load = time.perf_counter(), os.getloadavg()[0]
    all_cores = one_core()
    os.environ["OPTBENCH_CACHE"] = "off"  # what is loaded cannot be inlined into a specialised pair
    sys.path.insert(0, str(ROOT))
    from threadpoolctl import threadpool_limits

    from optbench.study.machine import cpu_name
    from tests.benchmarks.limits import calibration
    from tests.benchmarks.saved import Archive

    facts = {"processor": f"{cpu_name()}, {os.cpu_count()} cores", "versions": versions()}
    facts["BLAS"] = blas()
    facts["load at the start"] = f"{load:.2f}"
    for name, value in facts.items():
        print(f"{name}: {value}")
    if load > QUIET:
        print(f"WARNING: the load is above {QUIET}: other work disturbs the timings")
    archive = Archive(facts["processor"])
    print(f"{'part':10}{'what':62}{'optbench':>12}{'ratio':>11} {'required':9} verdict")
    with threadpool_limits(1):
        speed = calibration()
        rows = measure(parts, all_cores, archive, speed)
        for _ in range(AGAIN):
            again(rows, all_cores, archive, speed)
        drift = calibration() / speed
    if not 1 / DRIFT < drift < DRIFT:
        print(f"WARNING: the machine became {drift:.2f} times as slow during the run")
    facts["seconds"] = f"{time.perf_counter() - began:.0f}"
    return conclude(rows, archive, speed, facts, accept)


def conclude(rows, archive, speed, facts, accept):
    """Save the run, list what failed, and return the exit status."""
    missed, worse = [r for r in rows if r.missed], [r for r in rows if r.worse and not accept]
    if accept:
        for row in rows:
            row.worse = False
    path = archive.save(rows, speed, facts)
    print(f"\nsaved: {path} (and .md, .csv); {facts['seconds']} s")
    for row in missed:
        sign = "at most" if row.at_most else "at least"
        print(f"MISSED {row.part}: {row.name}: {row.ratio:.3g}, asked {sign} {row.required:,g}")
    for row in worse:
        print(f"WORSE {row.part}: {row.name}: {row.ours:.4g} {row.unit}, was {row.before:.4g}")
    if not missed and not worse:
        print("all required ratios are met, and nothing has become slower")
    return int(bool(missed or worse))


if __name__ == "__main__":
    main()
