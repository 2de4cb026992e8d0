"""The activations side by side: range, output statistics, gradients, and time per element."""

import functools
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from optbench.kernels.authors.blocks import Block, whole_block
from optbench.kernels.authors.retype import retype_all
from optbench.kernels.memory.calls import ProblemCall
from optbench.nets.activations import ACTIVATIONS, FROM_OUTPUT, lower_slope, slope, value
from optbench.nets.layer_operations import activate_repeatedly

if TYPE_CHECKING:
    import pandas as pd

EXTREME = 10.0
"""Where an argument counts as extreme: ten standard deviations of a well initialised one."""

GRID = np.linspace(-40.0, 40.0, 16_001)
"""Arguments that ranges and expectations are computed on."""

ELEMENTS, REPEATS = 4096, 200


def profile(name: str) -> dict[str, float]:
    """Return the facts about one activation that do not depend on the machine.

    Returns
    -------
    dict
        low, high : bounds of the outputs, infinite where they grow with the argument.
        mean, std : of the output for a standard normal argument.
        slope_at_0 : float
        gradient_gain : mean square of the slope for a standard normal argument, by which the
        variance of a gradient changes on its way through (He et al. 2015, eq. 13).
        slope_low, slope_high : slopes at -10 and 10.
    """
    kind, low = ACTIVATIONS[name], lower_slope(name)
    outputs = np.array([value(kind, low, z) for z in GRID])
    slopes = np.array([_slope_at(kind, low, z) for z in GRID])
    weights = np.exp(-0.5 * GRID**2)
    weights /= weights.sum()
    mean = float(weights @ outputs)
    unbounded = np.abs(slopes[[0, -1]]) > 1e-3
    bounds = [
        -np.inf if unbounded[0] and slopes[0] > 0 else float(outputs.min()),
        float(outputs.max()),
    ]
    if unbounded[1]:
        bounds[1] = np.inf
    return {
        "low": bounds[0], "high": bounds[1], "mean": mean,
        "std": float(np.sqrt(weights @ (outputs - mean) ** 2)),
        "slope_at_0": float(_slope_at(kind, low, 0.0)),
        "gradient_gain": float(weights @ slopes**2),
        "slope_low": float(_slope_at(kind, low, -EXTREME)),
        "slope_high": float(_slope_at(kind, low, EXTREME)),
    }  # fmt: skip


def _slope_at(kind: int, low: float, z: float) -> float:
    """Return the slope at an argument; `slope` takes the operand that a layer keeps."""
    return float(slope(kind, low, value(kind, low, z) if kind in FROM_OUTPUT else z))


@functools.cache
def _compiled(dtype: str) -> Block:
    return whole_block(retype_all([activate_repeatedly], dtype)[0], ProblemCall, dtype)


def nanoseconds(name: str, dtype: str = "float32") -> float:
    """Return the time per element of an activation forward: the best of seven, one thread."""
    run, low = _compiled(dtype), np.full(64, lower_slope(name), dtype)
    rows = np.zeros((ELEMENTS // 64, 64), dtype)
    work = np.random.default_rng(0).standard_normal(ELEMENTS + 64).astype(dtype)
    q, key, best = np.array([ELEMENTS], np.int64), np.zeros(64, np.uint64), np.inf
    for _ in range(7):
        began = time.perf_counter()
        run(rows, rows, rows[0], low, q, work, key, REPEATS, ACTIVATIONS[name])
        best = min(best, time.perf_counter() - began)
    return 1e9 * best / (ELEMENTS * REPEATS)


def activation_table(
    dtype: str = "float32", timed: bool = True, names: Iterable[str] = ACTIVATIONS
) -> "pd.DataFrame":
    """Return a frame with one row an activation: `profile`, and `ns` per element if `timed`."""
    import pandas as pd

    rows = [
        {"activation": name, **profile(name), **({"ns": nanoseconds(name, dtype)} if timed else {})}
        for name in names
    ]
    return pd.DataFrame(rows)


HEADS = {
    "activation": "activation", "range": "range", "mean": "mean", "std": "std",
    "slope_at_0": "slope at 0", "gradient_gain": "gradient gain", "slope_low": "at -10",
    "slope_high": "at 10", "ns": "ns",
}  # fmt: skip
"""Column -> what stands above it."""


def texts(table: "pd.DataFrame") -> list[list[str]]:
    """Return the rows of `activation_table` as texts, the heads first; low and high are `range`."""
    columns = [name for name in HEADS if name == "range" or name in table]
    rows = [[HEADS[name] for name in columns]]
    for row in table.to_dict("records"):
        row["range"] = f"{_text(row['low'])} .. {_text(row['high'])}"
        rows.append([v if isinstance(v := row[name], str) else _text(v) for name in columns])
    return rows


def _text(value: float) -> str:
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    if abs(value) < 1e-15:  # a bound that is met at infinity, or rounding
        return "0"
    return f"{value:.3g}" if abs(value) >= 1e-3 else f"{value:.1e}"
