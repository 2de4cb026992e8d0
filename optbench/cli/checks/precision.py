"""What must hold of a problem's arithmetic: the same bits again, and float32 close to float64."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Problem
from optbench.catalog.plain import at
from optbench.cli.checks.findings import NotApplicableError
from optbench.cli.checks.sampling import POINTS, points, scale, start, wrong
from optbench.kernels.cpu.launch import evaluate

SINGLE_TOLERANCE = 1e-3


def repeatable(problem: Problem) -> str:
    """The same points give the same bits, alone or among others, noise included."""
    x = points(problem, 1 if problem.kind == "net" else 11, seed=5)
    function, frame = problem.function(np.float64), _bare(problem)
    keys_of_runs: list[NDArray[np.uint64] | None] = [None]  # without noise, and with it
    if problem.definition.stochastic:
        keys_of_runs.append(problem.keys(range(len(x))))
    for keys in keys_of_runs:
        order = np.arange(len(x))[::-1]
        reversed_keys = keys if keys is None else keys[order]
        first, again = (evaluate(function, frame, x, problem.across, keys) for _ in range(2))
        turned = evaluate(function, frame, x[order], problem.across, reversed_keys)
        for a, b, c in zip(first, again, turned, strict=True):
            if a.tobytes() != b.tobytes() or a.tobytes() != c[order].tobytes():
                raise wrong(
                    problem,
                    "the same point gives other numbers the second time: it may depend on x, its "
                    "constants and the keys that it is given, and on nothing else",
                )
    return "the same bits again" + (", with and without noise" if len(keys_of_runs) > 1 else "")


def single_precision(problem: Problem) -> str:
    """float32 agrees with float64 at the same points, as far as it reaches."""
    x = np.vstack([start(problem), points(problem, 1 if problem.kind == "net" else POINTS)])
    x = x.astype(np.float32).astype(np.float64)
    (f, g), (f32, g32) = (
        evaluate(problem.function(dtype), _bare(problem), x, problem.across)
        for dtype in (np.float64, np.float32)
    )
    within = np.isfinite(f) & (np.abs(f) < 1e30) & (np.abs(g).max(1) < 1e30)
    if not within.any():
        raise NotApplicableError("beyond the range of float32 at all points")
    x, f, g, f32, g32 = (values[within] for values in (x, f, g, f32, g32))
    noise_f, noise_g = _single_noise(problem, x, f, g)
    size_f, size_g = np.abs(f), np.abs(g).max(1)
    off_f = np.abs(f32 - f) / (size_f + np.median(size_f) + 1e4 * noise_f + 1e-30)
    off_g = np.abs(g32 - g).max(1) / (size_g + np.median(size_g) + 1e4 * noise_g + 1e-30)
    off = np.maximum(off_f, off_g)
    i = int(np.where(np.isnan(off), np.inf, off).argmax())
    if not off[i] <= SINGLE_TOLERANCE:
        raise wrong(
            problem,
            f"float32 gives f = {f32[i]:.8g} where float64 gives {f[i]:.8g}, at {at(x[i])} "
            f"(relative difference {off[i]:.1e}, gradient included), which is more than rounding "
            "the point explains: avoid overflow and differences of large numbers",
        )
    return f"agrees with float64 to {off[i]:.1e}"


def _single_noise(
    problem: Problem, x: NDArray[np.float64], f: NDArray[np.float64], g: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what rounding points to float32 does to values and gradients, in float64."""
    function, rng = problem.function(np.float64), np.random.default_rng(2)
    sizes = np.maximum(np.abs(x), [0.5 * scale(problem, point) for point in x])
    changes = []
    for _ in range(4):
        step = rng.choice([-1.0, 1.0], x.shape) * np.spacing(sizes.astype(np.float32))
        values, gradients = evaluate(function, _bare(problem), x + step, problem.across)
        changes.append((np.abs(values - f), np.abs(gradients - g).max(1)))
    noise: NDArray[np.float64] = np.max(changes, axis=0)
    return noise


def _bare(problem: Problem) -> Any:
    """Return the constants of a problem without shift and rotation, which are not its own."""
    return replace(problem.placement, shift=None, centre=None, rotation=None, scale=1.0)
