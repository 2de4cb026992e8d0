"""How many lane-steps a second: optbench, a torch eager loop, torch and NumPy over many lanes.

Run ``make perf``, or ``python tests/benchmarks/perf.py --json out.json`` where torch is installed.
Everything runs in one process on one thread, in float64, on Rosenbrock's function. Compilation and
first calls are left out, the contenders take turns, and medians are shown. optbench also computes
f, hitting times, the best value and records, and looks for divergence; the batched contenders
compute gradients and updates only. The exit status is 1 if optbench is not at least 100 times as
fast as the eager loop everywhere.
"""

import argparse
import json
import platform
import statistics
import sys
import time

import numba
import numpy as np
import torch
from threadpoolctl import threadpool_limits

import optbench

LANES, REPEATS, WANTED = 4096, 5, 100.0
RATES = {"gd": 1e-4, "momentum": 1e-4, "adam": 1e-2}  # no lane diverges: all of them do work
STEPS = {"optbench": 2000, "torch loop": 300, "torch batched": 100, "NumPy batched": 200}
CHECKED_STEPS = 50


def run_optbench(rule, starts, steps):
    """Run all lanes with `optbench.minimize`, records included; return the last points."""
    problem = optbench.problem("rosenbrock", dim=starts.shape[1])
    run = optbench.minimize(
        rule, problem, steps=steps, lanes=len(starts), start=starts, threads=1, lr=RATES[rule]
    )
    if len(run.records.f) != len(starts) or not (run.steps == steps).all():
        raise SystemExit(f"{rule}: a lane stopped early, so its steps cannot be counted")
    return run.x


def torch_optimizer(rule, x):
    """Return the torch.optim optimizer of a rule on the parameter x."""
    if rule == "adam":
        return torch.optim.Adam([x], lr=RATES[rule])
    return torch.optim.SGD([x], lr=RATES[rule], momentum=0.9 if rule == "momentum" else 0.0)


def run_torch_loop(rule, starts, steps):
    """Run lane 0 as in a training script: autograd, one small tensor, one step at a time."""
    x = torch.tensor(starts[0], requires_grad=True)
    optimizer = torch_optimizer(rule, x)
    for _ in range(steps):
        optimizer.zero_grad()
        f = (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()
        f.backward()
        optimizer.step()
    return x.detach().numpy()[None]


def run_torch_batched(rule, starts, steps):
    """Run all lanes in one tensor [lanes, d] with the gradient by formula, which beats autograd."""
    x = torch.tensor(starts, requires_grad=True)
    optimizer = torch_optimizer(rule, x)
    x.grad = torch.empty_like(x)
    with torch.no_grad():
        for _ in range(steps):
            head, tail = x[:, :-1], x[:, 1:]
            a = tail - head * head
            x.grad[:, -1] = 0.0
            x.grad[:, :-1] = -400.0 * a * head - 2.0 * (1.0 - head)
            x.grad[:, 1:] += 200.0 * a
            optimizer.step()
    return x.detach().numpy()


def gradient_numpy(x):
    """Gradient of Rosenbrock's function at the columns of x [d, lanes]."""
    a = x[1:] - x[:-1] * x[:-1]
    g = np.empty_like(x)
    g[-1] = 0.0
    g[:-1] = -400.0 * a * x[:-1] - 2.0 * (1.0 - x[:-1])
    g[1:] += 200.0 * a
    return g


def run_numpy_batched(rule, starts, steps):
    """Run all lanes in arrays [d, lanes], the lanes innermost."""
    x, lr = np.ascontiguousarray(starts.T), RATES[rule]
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t in range(1, steps + 1):
        g = gradient_numpy(x)
        if rule == "gd":
            x -= lr * g
        elif rule == "momentum":
            m *= 0.9
            m += g
            x -= lr * m
        else:
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            root = np.sqrt(v)
            root *= 1 / np.sqrt(1 - 0.999**t)
            root += 1e-8
            x -= (lr / (1 - 0.9**t)) * m / root
    return x.T


CONTENDERS = {
    "optbench": run_optbench,
    "torch loop": run_torch_loop,
    "torch batched": run_torch_batched,
    "NumPy batched": run_numpy_batched,
}


def check(rule, starts):
    """Stop unless all contenders end at the same points: a speed of something else is worthless."""
    expected = run_numpy_batched(rule, starts, CHECKED_STEPS)
    for name, run in CONTENDERS.items():
        found = run(rule, starts, CHECKED_STEPS)
        if not np.allclose(found, expected[: len(found)], rtol=1e-6, atol=1e-9):
            raise SystemExit(f"{name} does not do what NumPy does ({rule}, d={starts.shape[1]})")


def measure(rule, dim):
    """Return the median lane-steps a second of each contender."""
    starts = np.random.default_rng(dim).uniform(-2.0, 2.0, (LANES, dim))
    check(rule, starts)
    speeds = {name: [] for name in CONTENDERS}
    for _ in range(REPEATS):
        for name, run in CONTENDERS.items():
            began = time.perf_counter()
            points = run(rule, starts, STEPS[name])
            speeds[name].append(len(points) * STEPS[name] / (time.perf_counter() - began))
    return {name: statistics.median(values) for name, values in speeds.items()}


def rows():
    """Measure everything, printing a line as soon as it is known."""
    print(f"{'':22}{'optbench':>14}" + "".join(f"{name:>24}" for name in list(CONTENDERS)[1:]))
    measured = []
    for rule in RATES:
        for dim in (2, 10):
            speeds = measure(rule, dim)
            ours = speeds["optbench"]
            line = f"{rule + f' (d={dim})':22}{ours:14,.0f}"
            for name in list(CONTENDERS)[1:]:
                line += f"{speeds[name]:14,.0f} {f'({ours / speeds[name]:,.1f}x)':>9}"
            print(line, flush=True)
            measured.append({"rule": rule, "dim": dim, "lane_steps_per_second": speeds})
    return measured


def cpu_name():
    """Return the name of the processor, as the system knows it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def main():
    """Print the table, write it if asked, and exit with 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="PATH", help="also write the results to this file")
    path = parser.parse_args().json
    torch.set_num_threads(1)
    versions = {"optbench": optbench.__version__, "torch": torch.__version__}
    versions |= {"numba": numba.__version__, "numpy": np.__version__}
    print(f"lane-steps a second on Rosenbrock, float64, one thread, {LANES} lanes (torch loop: 1)")
    print(f"in brackets: optbench / the other; medians of {REPEATS} interleaved repeats")
    print(f"{cpu_name()}; {', '.join(f'{k} {v}' for k, v in versions.items())}")
    with threadpool_limits(1):
        measured = rows()
    ratios = [
        speeds["optbench"] / speeds["torch loop"]
        for speeds in (row["lane_steps_per_second"] for row in measured)
    ]
    if path:
        result = {
            "lanes": LANES,
            "steps": STEPS,
            "cpu": cpu_name(),
            "versions": versions,
            "rows": measured,
        }
        with open(path, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    print(f"least ratio to the torch loop: {min(ratios):,.0f}x (goal: {WANTED:,.0f}x)")
    sys.exit(min(ratios) < WANTED)


if __name__ == "__main__":
    main()
