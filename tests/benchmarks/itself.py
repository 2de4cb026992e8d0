"""The engine against itself: function pointers, converged lanes, threads."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np

from optbench.kernels.compiling import options
from optbench.kernels.cpu import driver, launch
from optbench.kernels.memory.calls import signature
from optbench.lanes import simulating
from optbench.rules import compose

from .cases import Case, best_peer, median, ours_over, timed
from .engine import Work

POINTERS = 1.15
CONVERGED = 1.2
THREADS, PROBE = 1.7, 1.9
PROBE_FILE = Path(__file__).with_name("probe.py")


# ---------------------------------------------------------------- pointers against a known pair


def _direct(function, cls, dtype):
    """Return what calls a function that is known when it is compiled, whatever the address."""
    if len(signature(cls, dtype).args) == 3:
        return lambda address, call, t, full: function(call, t, full)
    return lambda address, call, t, phase, across: function(call, t, phase, across)


def _specialised(work):
    """Return a contender whose driver knows problem and rule when it is compiled."""
    real, optimizer = np.dtype(work.dtype), compose.optimizer(work.rule)
    program = simulating.program(work.surface(), optimizer, real)
    call_problem, call_rule = (
        options.helper(_direct(block.entry, block.cls, real), inline=True)
        for block in (program.problem, program.rule)
    )
    direct = dict(call_problem=call_problem, call_rule=call_rule)
    drive = options.jit(driver.drive_with(real, driver.callers(real) | direct, general=False))
    run = work.runner()

    def specialised():
        with mock.patch.object(launch, "driver", lambda dtype, general, products: drive):
            return run()

    ours, theirs = run(), specialised()
    if not np.allclose(ours.x, theirs.x, rtol=1e-6, atol=1e-6):
        raise SystemExit(f"{work}: the specialised driver ends elsewhere")
    if not drive.signatures:
        raise SystemExit(f"{work}: the specialised driver was not used")
    return timed(specialised, work.units)


def pointers():
    """The driver that takes addresses of functions against one compiled for the pair."""
    for rule, dtype in (("adam", "float64"), ("adam", "float32"), ("gd", "float64")):
        work = Work(rule, "rosenbrock", 2, dtype, 4096, 4000)

        def build(work=work):
            return {"pointers": work.contender(), "specialised": _specialised(work)}

        yield Case("pointers", str(work), build, ours_over(), POINTERS, at_most=True, repeats=9)


# ---------------------------------------------------------------- converged lanes against early


RATES = {"gd": 0.1, "momentum": 0.01, "rmsprop": 0.01, "adam": 0.05}
TINY = {"float64": 1e-307, "float32": 1e-37}
"""Starts whose gradient, steps and squares fall below the normal range."""


def _early_and_late(rule, dtype):
    early = Work(rule, "sphere", 2, dtype, 8192, 1000, RATES[rule], ends_only=True)
    late = Work(rule, "sphere", 2, dtype, 512, 16_000, RATES[rule], ends_only=True)
    tiny = early.starts() * TINY[dtype]
    return {
        "long run": late.contender(),
        "tiny start": early.contender(tiny),
        "early": early.contender(),
    }


def _slower(samples):
    late, tiny, early = (median(values) for values in samples.values())
    return max(late, tiny) / early


def converged():
    """Lanes at rest, and lanes in the subnormal range, against lanes under way."""
    for rule in RATES:
        for dtype in ("float64", "float32"):
            yield Case(
                "converged", f"{rule}, sphere, d=2, {dtype}",
                lambda r=rule, t=dtype: _early_and_late(r, t), _slower, CONVERGED, at_most=True,
            )  # fmt: skip


# ---------------------------------------------------------------- two threads against one


class _Probe:
    """Two processes that share nothing and count as fast as they can."""

    def __init__(self):
        self.workers = [
            subprocess.Popen(
                [sys.executable, PROBE_FILE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        self.stack = contextlib.ExitStack()
        for worker in self.workers:
            self.stack.callback(worker.wait)
            self.stack.callback(worker.stdin.close)
            worker.stdout.readline()

    def run(self, count):
        """Return the nanoseconds a unit of work takes when `count` processes work at once."""
        chosen = self.workers[:count]
        for worker in chosen:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        return max(float(worker.stdout.readline()) for worker in chosen) / count


def _threads(stack, work):
    probe = _Probe()
    stack.enter_context(probe.stack)
    return {
        "2 threads": work.contender(threads=2, clock=time.perf_counter),
        "1 thread": work.contender(clock=time.perf_counter),
        "probe, 2 processes": lambda: probe.run(2),
        "probe, 1 process": lambda: probe.run(1),
    }


def _speedup(samples):
    return best_peer()({name: samples[name] for name in ("2 threads", "1 thread")})


def _two_cores(samples):
    two, one = (median(samples[f"probe, {which}"]) for which in ("2 processes", "1 process"))
    if one / two >= PROBE:
        return ""
    return f"two processes are only {one / two:.2f} times as fast as one"


def threads():
    """Two threads against one, judged where the machine has two free cores."""
    work = Work("adam", "rosenbrock", 2, "float64", 16_384, 2000)
    with contextlib.ExitStack() as stack:
        yield Case(
            "threads", str(work), lambda: _threads(stack, work), _speedup, THREADS, repeats=7,
            judged=_two_cores,
        )  # fmt: skip
