"""Lanes with hyperparameters of their own are, bit for bit, the runs of each setting by itself.

`make test` compares rules that do everything that can be done with hyperparameters, and a few of
the catalog. All rules and wrappers come with `make conformance`: each is compiled twice a dtype,
which takes minutes.
"""

import math

import numpy as np
import pytest

from optbench.define import Log, Range, normal, optimizer, where
from optbench.kernels.authors import blocks
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.authors.tensors import tensor_table
from optbench.rules import compose
from optbench.rules.lane_tables import uniform_tables
from tests.rules.drawn import rules_and_wrappers, settings_in_range

D, STEPS, LANES = 3, 6, 7
COLUMNS = {"float64": (8, 64), "float32": (16, 128)}
"""One window, and so many that rows run along the block."""


@optimizer(state="m", lr=Log(0.1), a=Range(0.6), b=Range(0.8), c=Range(1.3))
def arithmetic(x, g, m, lr, a, b, c, u, w):
    """Everything that can be done with hyperparameters alone."""
    kept = 1 - a * b + c
    m = kept * m + (1.0 - a) * g + a * b + u * w
    ratio = a / c + math.sqrt(b) / w
    powers = a**3 + b**-2 + c**a + math.exp(-a) * math.log(c) + math.tanh(u)
    picked = min(a, b, c) + max(u, w) + where(a > b, a, -b) + abs(-c) + a % b
    clipped = where((a > 0.5) & (m > b), m, where(a * c < b + u, c, m))
    return x - lr * (ratio * m + powers * picked + clipped) - lr * a + c * u, m


@arithmetic.uniform
def _(t, a, c):
    return 1 - a**t, c / t


@optimizer(lane_state={"tally": 0.0}, lr=Log(0.1), a=Range(0.6), b=Range(0.8))
def combining(x, g, lr, a, u, scale):
    return x - lr * scale * g - a * u


@combining.uniform
def _(t, b):
    return (b / t,)


@combining.measure
def _(x, g, a):
    return a * g * g


@combining.combine
def _(squares, f, tally, a, b, u):
    tally = a * b + tally * u + f
    return tally, (a * b + squares) / (1.0 + a * u + tally)


@optimizer(lr=Log(0.1), a=Range(0.6), b=Range(0.8))
def drawing(x, g, lr, a, b, key):
    return x - lr * (g + a * normal(key, 0) + a * b * normal(key, 1))


OWN = [compose.optimizer(rule) for rule in (arithmetic, combining, drawing)]
FEW = ("adam", "momo", "gd[sam_rho=0.05]", "adam[decay=0.1,lookahead_steps=3]")
"""Of the catalog: coordinates alone, sums over them, two gradients a step, wrappers in a chain."""


def _by_lane(layout):
    return RuleLayout(layout.parts, layout.uniform_counts, layout.flags, by_lane=True)


def _run(layout, dtype, start, gradients, values, H, U):
    """Return the bytes that each lane's x, state and lane state have after every step."""
    block, real, columns = blocks.rule_block(layout, dtype), np.dtype(dtype), H.shape[1]
    x = np.repeat(start[:, np.newaxis], columns, 1).astype(real)
    S = np.empty((len(layout.state), *x.shape), real)
    for row, value in enumerate(layout.state.values()):
        S[row] = x if value == "x" else value
    L = np.empty((len(layout.lane_state), columns), real)
    L[:] = np.reshape(list(layout.lane_state.values()), (-1, 1))
    table, key = tensor_table([(D,)], [0, D]), np.array([12345], np.uint64)
    moving = (U != U[:1]).any(axis=(0, 2)).astype(np.int64)
    history = []
    for call in range(STEPS * layout.evaluations):
        g = np.repeat(gradients[call][:, np.newaxis], columns, 1).astype(real)
        f = np.full(columns, values[call], real)
        t, phase = divmod(call, layout.evaluations)
        block(x, x, g, f, S, L, H, U, moving, table, key, np.zeros(0, real), t, phase, 0)
        history.append(np.concatenate([x, S.reshape(-1, columns), L]))
    return np.array(history)


@pytest.mark.conformance
@pytest.mark.parametrize("dtype", COLUMNS)
@pytest.mark.parametrize("own", rules_and_wrappers("adam"), ids=lambda own: own.label)
def test_lanes_of_every_rule_are_the_runs_of_their_settings(own, dtype):
    check_lanes(own, dtype)


@pytest.mark.parametrize("dtype", COLUMNS)
@pytest.mark.parametrize("own", [*OWN, *map(compose.optimizer, FEW)], ids=lambda own: own.label)
def test_lanes_are_the_runs_of_their_settings(own, dtype):
    check_lanes(own, dtype)


def check_lanes(own, dtype):
    """Compare lanes of several settings in one block with blocks of each setting alone."""
    layout = own.layout()
    assert (
        blocks.rule_block(_by_lane(layout), dtype).lanes == blocks.rule_block(layout, dtype).lanes
    )
    ranges = {name: own.hyper[name] for name in layout.hyper if name in own.values}
    rng = np.random.default_rng(3)
    settings = {
        **{name: np.full(LANES, value) for name, value in own.values.items()},
        **settings_in_range(ranges, LANES),
        "lr": own.lr * rng.uniform(0.3, 3.0, LANES),
        "f_ref": np.full(LANES, 0.1),
    }
    uniform = uniform_tables(own, {name: settings[name] for name in ranges}, LANES, STEPS)
    hyper = np.array([settings[name] for name in layout.hyper], dtype)
    given = rng.normal(size=D), rng.normal(size=(2 * STEPS, D)), 1 + rng.random(2 * STEPS)
    for columns in COLUMNS[dtype]:
        order = np.minimum(np.arange(columns), LANES - 1)
        U = np.ascontiguousarray(uniform[:, :, order], dtype)
        together = _run(_by_lane(layout), dtype, *given, hyper[:, order].copy(), U)
        assert np.isfinite(together).all()
        for lane in range(LANES):
            H = np.repeat(hyper[:, [lane]], columns, 1)
            U = np.ascontiguousarray(uniform[:, :, [lane]], dtype)
            alone = _run(layout, dtype, *given, H, U)
            assert alone[..., lane].tobytes() == together[..., lane].tobytes()
