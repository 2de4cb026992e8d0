"""What a step of each rule costs a coordinate: alone, beside torch, optax and hand-written loops.

All contenders move the same 1024 lanes of 100 coordinates (matrix rules: one matrix of 100 x 64) by
the same gradients, with the settings of the first configuration in the table of references that a
library shares. optbench runs the compiled rule block by block, as its driver does; torch's
optimizers are fused where they can be, else foreach; optax's steps are one compiled loop.
"""

import math
from types import SimpleNamespace

import numba
import numpy as np
from numba import types

import optbench
from optbench.kernels.authors import blocks
from optbench.kernels.authors.tensors import memory_size, tensor_table
from optbench.kernels.compiling.options import OPTIONS, jit
from optbench.kernels.cpu.blocking import block_width
from optbench.kernels.memory.calls import RuleCall, call_type, caller
from optbench.kernels.memory.pointers import at, words
from optbench.kernels.sizes import BLOCK, WIDTHS
from optbench.rules import compose

from .cases import Case, best_peer, ours_over, timed

DIM, LANES, SHAPE = 100, 1024, (100, 64)
STEPS, PEER_STEPS = 200, 20
MATRIX_STEPS = 20
DTYPES = ("float64", "float32")
AHEAD, BOUND = 1.0, 1.3
FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}


def _arrays(dtype):
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, DIM, LANES))
    return x.astype(dtype), (g + np.sign(g)).astype(dtype)


# ------------------------------------------------------------------------------------- optbench


def ours(rule, settings, dtype, count=None):
    """Return our contender, on the first `count` blocks or on all."""
    real, optimizer = np.dtype(dtype), compose.optimizer(rule).with_settings(**settings)
    layout, matrix = optimizer.layout(), optimizer.rule.matrix
    steps = MATRIX_STEPS if matrix else STEPS
    x, g = _arrays(real)
    if matrix:
        size = SHAPE[0] * SHAPE[1]
        parts = [(x.ravel()[:size].reshape(-1, BLOCK), g.ravel()[:size].reshape(-1, BLOCK))]
        table = tensor_table([SHAPE], [0, size // BLOCK])
    else:
        width = _width(real, layout)
        cuts = range(0, LANES, width)
        parts = [(x[:, first : first + width], g[:, first : first + width]) for first in cuts]
        table = tensor_table([(DIM,)], [0, DIM])
    uniform = optimizer.uniform_table(steps).astype(real)[:, :, np.newaxis]  # all lanes'
    calls = [_call(optimizer, layout, table, uniform, *part) for part in parts[:count]]
    size = sum(call.x.size for call in calls)
    # The addresses keep nothing alive: the calls' arrays must outlive them.
    written = [(words(call, call_type(RuleCall, real)), call) for call in calls]
    rule, repeat = blocks.rule_block(layout, real), _repeater(real, int(matrix))

    def run():
        for one, _ in written:
            repeat(rule.address, one.ctypes.data, steps)

    return timed(run, size * steps)


def _width(real, layout):
    return block_width(DIM, SimpleNamespace(dtype=real, layout=layout, vec_lanes=WIDTHS[real]))


def _call(optimizer, layout, table, uniform, x, g):
    x, g = np.array(x), np.array(g)
    columns, real = x.shape[1], x.dtype
    values = {"lr": optimizer.lr, "f_ref": 0.0, **optimizer.values}
    S = np.empty((len(layout.state), *x.shape), real)
    for row, start in enumerate(layout.state.values()):
        S[row] = x if isinstance(start, str) else start
    L = np.empty((len(layout.lane_state), columns), real)
    L[:] = np.reshape(list(layout.lane_state.values()), (-1, 1))
    H = np.repeat(np.array([[values[name]] for name in layout.hyper], real), columns, axis=1)
    memory = np.zeros(memory_size(optimizer.rule, table), real)
    return RuleCall(
        x, x, g, np.ones(columns, real), S, L, H, uniform, np.ones(uniform.shape[1], np.int64),
        table, np.zeros(1, np.uint64), memory,
    )  # fmt: skip


def _repeater(real, across):
    call_rule, to_call = caller(RuleCall, real), at(call_type(RuleCall, real))

    def repeat(rule, address, times):
        for t in range(times):
            call_rule(rule, to_call(address), (t, 0, across))

    return jit(repeat, types.void(types.int64, types.int64, types.int64))


# ---------------------------------------------------------------------------------------- peers


def _by_torch(row, settings, dtype):
    import torch

    from tests.rules import libraries, matrix_libraries

    torch.set_num_threads(1)
    matrix = optbench.optimizers()[row.rule].matrix
    x, g = (torch.tensor(a) for a in _arrays(dtype))
    if matrix:
        x, g = (a.reshape(-1)[: SHAPE[0] * SHAPE[1]].reshape(SHAPE).clone() for a in (x, g))
    x = torch.nn.Parameter(x)
    x.grad = g
    name = row.library.rpartition(".")[2]
    fused = {"fused": True} if name in FUSED else {} if name == "Muon" else {"foreach": True}
    if matrix:
        settings = matrix_libraries._torch_settings(row, settings)
    optimizer = libraries._torch_optimizer(row, {**settings, **fused}, x)

    def run():
        for _ in range(PEER_STEPS):
            optimizer.step()

    return timed(run, x.numel() * PEER_STEPS)


def _by_optax(row, settings, dtype):
    import jax
    import optax

    from tests.rules import libraries

    jax.config.update("jax_enable_x64", True)
    transformation = libraries._optax_rule(row, dict(settings))
    transformation = optax.with_extra_args_support(transformation)
    x, g = (jax.numpy.asarray(a) for a in _arrays(dtype))
    if optbench.optimizers()[row.rule].matrix:
        x, g = (a.reshape(-1)[: SHAPE[0] * SHAPE[1]].reshape(SHAPE) for a in (x, g))

    def step(_, carried):
        x, state = carried
        updates, state = transformation.update(g, state, x, value=1.0)
        updated = jax.tree.map(lambda a, b: (a + b).astype(dtype), x, updates)
        kept = jax.tree.map(lambda a, b: a.astype(b.dtype), state, carried[1])
        return updated, kept

    many = jax.jit(lambda *carried: jax.lax.fori_loop(0, PEER_STEPS, step, carried))
    state = transformation.init(x)

    def run():
        jax.block_until_ready(many(x, state))

    return timed(run, x.size * PEER_STEPS)


# ------------------------------------------------------------------------------------ by hand


def momentum(x, g, v, w, times, lr, beta1, beta2, eps):
    for _ in range(times):
        for i in range(x.shape[0]):
            v[i] = beta1 * v[i] + g[i]
            x[i] -= lr * v[i]


def adagrad(x, g, v, w, times, lr, beta1, beta2, eps):
    for _ in range(times):
        for i in range(x.shape[0]):
            v[i] += g[i] * g[i]
            x[i] -= lr * g[i] / (math.sqrt(v[i]) + eps)


def adam(x, g, v, w, times, lr, beta1, beta2, eps):
    for _ in range(times):
        for i in range(x.shape[0]):
            v[i] = beta1 * v[i] + (1 - beta1) * g[i]
            w[i] = beta2 * w[i] + (1 - beta2) * g[i] * g[i]
            x[i] -= lr * v[i] / (math.sqrt(w[i]) + eps)


def adabelief(x, g, v, w, times, lr, beta1, beta2, eps):
    for _ in range(times):
        for i in range(x.shape[0]):
            v[i] = beta1 * v[i] + (1 - beta1) * g[i]
            w[i] = beta2 * w[i] + (1 - beta2) * (g[i] - v[i]) * (g[i] - v[i]) + eps
            x[i] -= lr * v[i] / (math.sqrt(w[i]) + eps)


def laprop(x, g, v, w, times, lr, beta1, beta2, eps):
    for _ in range(times):
        for i in range(x.shape[0]):
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
            w[i] = beta1 * w[i] + (1 - beta1) * (g[i] / (math.sqrt(v[i]) + eps))
            x[i] -= lr * w[i]


def kate(x, g, v, w, times, lr, beta1, beta2, eps):
    for _ in range(times):
        for i in range(x.shape[0]):
            square = g[i] * g[i]
            v[i] += square
            w[i] += beta1 * square + square / (v[i] + eps)
            x[i] -= lr * math.sqrt(w[i]) * (g[i] / (v[i] + eps))


LOOPS = (momentum, adagrad, adam, adabelief, laprop, kate)
BY_HAND = {loop.__name__: loop for loop in LOOPS}


def bound(rule, dtype):
    """Return the hand-written loop over one block's arrays, at the addresses of a block."""
    real = np.dtype(dtype).type
    layout = compose.optimizer(rule).layout()
    width = _width(np.dtype(dtype), layout)
    x, g = (np.ascontiguousarray(a[:, :width]).ravel() for a in _arrays(dtype))
    loop = numba.njit(**OPTIONS)(BY_HAND[rule])
    arrays = (x, g, np.zeros_like(x), np.zeros_like(x))
    numbers = [real(value) for value in (1e-3, 0.9, 0.999, 1e-8)]
    loop(*arrays, 1, *numbers)
    return timed(lambda: loop(*arrays, STEPS, *numbers), x.size * STEPS)


# ---------------------------------------------------------------------------------------- cases


def peers(rule):
    """Yield (name, row, settings) of the libraries that have a rule, once each."""
    from tests.rules.references import ROWS, matrices

    seen = set()
    for row in [*ROWS.values(), *matrices.ROWS.values()]:
        library = (row.library or "").partition(".")[0]
        wrapped = row.base or any(name not in _hyper(rule) for name in row.settings[0])
        if row.rule == rule and library in ("torch", "optax") and not wrapped:
            if library not in seen:
                seen.add(library)
                yield library, row, row.settings[0]


def _hyper(rule):
    return optbench.optimizers()[rule].hyper


def _build(rule, dtype):
    found = list(peers(rule))
    contenders = {"optbench": ours(rule, found[0][2] if found else {}, dtype)}
    for library, row, settings in found:
        make = _by_torch if library == "torch" else _by_optax
        contenders[library] = make(row, settings, dtype)
    return contenders


def _alone(samples):
    """No library has the rule: there is nothing to compare with."""
    return math.nan if len(samples) == 1 else best_peer()(samples)


def cases():
    """Every rule in both dtypes, then a few against loops by hand."""
    for dtype in DTYPES:
        for rule in optbench.optimizers():
            alone = not list(peers(rule))
            yield Case(
                "rules", f"{rule}, a coordinate, {dtype}",
                lambda rule=rule, dtype=dtype: _build(rule, dtype), _alone,
                None if alone else AHEAD,
            )  # fmt: skip
        for rule in BY_HAND:

            def build(rule=rule, dtype=dtype):
                return {"optbench": ours(rule, {}, dtype, 1), "by hand": bound(rule, dtype)}

            yield Case(
                "rules", f"{rule} against its arithmetic by hand, {dtype}", build, ours_over(min),
                BOUND, at_most=True, repeats=15,
            )  # fmt: skip
