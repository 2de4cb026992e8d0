"""How fast the device is, by its own events: surfaces and nets against torch, JAX and the CPU.

    make perf-cuda

Without a device it says so and measures nothing. With one it writes a table to
``.benchmarks/perf_cuda/<device>.md``: lane-steps a second of Adam and gradient descent on
Rosenbrock's and Rastrigin's functions, 2^20 lanes; steps a second of 1, 132 and 4096 nets. Our
kernels and torch are timed by events of the device, JAX and the CPU by the clock until they are
through. All contenders of a row start where the others do, and take turns; medians count.

The arithmetic limit is what the device could do if it did nothing but the float instructions of a
step, counted by running its compiled PTX (see ``tests/devices/ptx.py``), one a clock and unit; a
division or a root counts as eight.
"""

import importlib
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LANES = 1 << 20
STEPS = {2: 1000, 10: 400, 100: 50}
REPEATS = 5
NETS = (1, 132, 4096)
NET_STEPS = 200
SLOW = 8
"""Instructions that a division or a root takes."""
UNITS = {(8, 0): (64, 32), (9, 0): (128, 64), (10, 0): (128, 64)}
"""Float32 and float64 instructions a clock of a multiprocessor, by compute capability."""


@dataclass
class Row:
    """A line of the table: how many units of work each contender does a second."""

    name: str
    rates: dict
    limit: float = None
    missing: dict = field(default_factory=dict)

    def ratio(self, peer):
        """Return how many times as fast as a peer we are, or None."""
        return self.rates["optbench"] / self.rates[peer] if peer in self.rates else None


def turns(contenders, units, repeats=REPEATS):
    """Let contenders take turns, warmed; return {name: units a second}, and those that failed.

    Parameters
    ----------
    contenders : dict
        From a name to a function that builds one: a function that returns seconds.
    """
    ready, missing = {}, {}
    for name, build in contenders.items():
        try:
            ready[name] = build()
            ready[name]()
        except (ImportError, RuntimeError, NotImplementedError) as error:
            if name == "optbench":
                raise
            ready.pop(name, None)
            missing[name] = " ".join(str(error).split())
    taken = {name: [] for name in ready}
    for _ in range(repeats):
        for name, run in ready.items():
            taken[name].append(run())
    return {name: units / statistics.median(times) for name, times in taken.items()}, missing


def limit(counted, dtype, device):
    """Return the lane-steps a second that a step's float instructions allow, or None.

    Parameters
    ----------
    counted : dict
        With ``float_per_step`` and ``divisions_and_roots_per_step``.
    device : (int, float, (int, int))
        Multiprocessors, Hz, compute capability.
    """
    processors, clock, capability = device
    if capability not in UNITS:
        return None
    units = UNITS[capability][dtype == "float64"]
    slow = counted["divisions_and_roots_per_step"]
    return processors * units * clock / (counted["float_per_step"] + (SLOW - 1) * slow)


def table(title, unit, rows, peers):
    """Return rows as a table in markdown."""
    heads = [
        "",
        f"optbench, {unit}",
        *[f"{peer} (ours / theirs)" for peer in peers],
        "of the limit",
    ]
    lines = [f"## {title}", "", "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = [row.name, f"{row.rates['optbench']:.3g}"]
        for peer in peers:
            ratio = row.ratio(peer)
            cells.append(f"{row.rates[peer]:.3g} ({ratio:.3g})" if ratio else "-")
        cells.append(f"{row.rates['optbench'] / row.limit:.0%}" if row.limit else "-")
        lines.append("| " + " | ".join(cells) + " |")
    reasons = {f"{peer}: {why}" for row in rows for peer, why in row.missing.items()}
    return "\n".join([*lines, *(f"\n- not measured: {reason}" for reason in sorted(reasons))])


def clocked(run):
    """Return a contender that is timed by the clock."""

    def contender():
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    return contender


def surfaces():
    """Yield a row a pair of rule and problem, dimension and dtype."""
    from optbench.kernels.cuda import device as cuda

    from .engine import Work

    for rule in ("adam", "gd"):
        for problem in ("rosenbrock", "rastrigin"):
            for d, steps in STEPS.items():
                for dtype in ("float32", "float64"):
                    work = Work(rule, problem, d, dtype, LANES, steps, ends_only=True)
                    rates, missing = turns(_contenders(work), work.units)
                    most = limit(_counted(work), dtype, cuda.processors())
                    yield Row(str(work), rates, most, missing)


def _contenders(work):
    def peer(module):
        return importlib.import_module(f"tests.benchmarks.{module}").surface(work)

    return {
        "optbench": lambda: _resident(work),
        "torch": lambda: peer("cuda_torch"),
        "JAX": lambda: peer("cuda_jax"),
        "CPU": lambda: clocked(work.runner(threads=os.cpu_count())),
    }


def _resident(work):
    """Return our kernel on arrays that lie on the device, timed by its events."""
    import numpy as np

    from optbench.kernels.cuda import device as cuda
    from optbench.kernels.cuda import launch
    from optbench.kernels.driver.tasks import Task
    from optbench.lanes import simulating
    from optbench.lanes.targets import TARGETS
    from optbench.rules import compose

    problem, optimizer = work.surface(), compose.optimizer(work.rule)
    task = Task.of_lanes(
        start=work.starts().astype(np.float64), keys=np.zeros(work.lanes, np.uint64),
        lr=np.full(work.lanes, work.lr), values=optimizer.values,
        uniform=optimizer.uniform_table(work.steps), record_steps=np.array([0, work.steps]),
        targets=TARGETS, f_ref=problem.f_min, exact=True,
    )  # fmt: skip
    program = simulating.program(problem, optimizer, work.dtype, "cuda")
    run, queue = launch.resident(program, problem.placement, task)
    return lambda: cuda.seconds(run, queue)


def _counted(work):
    from optbench.rules import compose
    from tests.devices.test_compiled import counted_steps

    return counted_steps(work.surface(), compose.optimizer(work.rule), work.dtype)


def nets():
    """Yield a row for so many nets at once, 64-32-10 under Adam."""
    from . import cuda_nets

    for count in NETS:
        for dtype in ("float32", "float64"):
            contenders = cuda_nets.contenders(count, NET_STEPS, dtype)
            rates, missing = turns(contenders, count * NET_STEPS)
            yield Row(f"{count} nets 64-32-10, adam, {dtype}", rates, None, missing)


def written(device, parts, folder=ROOT / ".benchmarks" / "perf_cuda"):
    """Write the tables of a device and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")
    path = folder / f"{name}.md"
    path.write_text("\n\n".join([f"# {device}", *parts]) + "\n", "utf-8")
    return path


def main():
    """Measure where there is a device, else say why nothing is measured."""
    from optbench.lanes import devices

    missing = devices.obstacle()
    if missing is None:
        from optbench.kernels.cuda import device as cuda

        missing = "this is Numba's simulator" if cuda.SIMULATED else None
    if missing:
        print(f"no speed is measured: {missing}")
        return 0
    parts = [table("Surfaces", "lane-steps/s", list(surfaces()), ("torch", "JAX", "CPU"))]
    parts.append(table("Nets", "net-steps/s", list(nets()), ("torch", "JAX")))
    path = written(dict(devices.describe())["CUDA"].split(",")[0], parts)
    print(path.read_text("utf-8"), f"\nwritten to {path}", sep="")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from tests.benchmarks.perf_cuda import main  # so that relative imports find their package

    sys.exit(main())
