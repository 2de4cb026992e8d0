"""JAX and optax doing the same work: one scan over the steps, lanes by vmap.

Both return the last points and values, the running best and finiteness, from value and gradient
at every step. Hitting times are our own extra; records are taken at the ends only. Compile time is
left out. Lanes are the first axis or the last one, whichever is faster. The bias corrections of
Adam are shared by all lanes, as here.
"""

import math
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .cases import Case, Row, best_peer, measured
from .engine import Work

jax.config.update("jax_enable_x64", True)

RULES = ("gd", "momentum", "rmsprop", "adam")
DTYPES = ("float64", "float32")
LANES = {2: 4096, 10: 4096, 100: 1024}
STEPS = {
    "sphere": {2: 2000, 10: 400, 100: 200},
    "rosenbrock": {2: 2000, 10: 400, 100: 200},
    "rastrigin": {2: 500, 10: 100, 100: 64},
    "ackley": {2: 500, 10: 100, 100: 64},
}
EACH, MEAN = 1.3, 2.5
"""Required in every cell, and of the geometric mean."""
CLOSE = {"float64": 1e-9, "float32": 1e-3}
"""Largest median difference of end points: chaotic lanes may differ by more."""
THREADS = 1.2
"""Processor seconds a second above which JAX must have used a second thread."""


def _sphere(x):
    return jnp.sum(x * x)


def _rosenbrock(x):
    a, b = x[1:] - x[:-1] * x[:-1], 1.0 - x[:-1]
    return jnp.sum(100.0 * a * a + b * b)


def _rastrigin(x):
    return jnp.sum(x * x + 10.0 * (1.0 - jnp.cos(2.0 * math.pi * x)))


def _ackley(x):
    funnel = 20.0 * jnp.exp(-0.2 * jnp.sqrt(jnp.mean(x * x)))
    return (20.0 - funnel) + (math.e - jnp.exp(jnp.mean(jnp.cos(2.0 * math.pi * x))))


SURFACES = {
    "sphere": _sphere, "rosenbrock": _rosenbrock, "rastrigin": _rastrigin, "ackley": _ackley,
}  # fmt: skip


def _optimizer(rule, lr):
    """Return optax's form of a rule, with the conventions and defaults of ours."""
    if rule == "gd":
        return optax.sgd(lr)
    if rule == "momentum":
        return optax.sgd(lr, momentum=0.9)
    if rule == "rmsprop":
        return optax.rmsprop(lr, decay=0.99, eps=1e-8, eps_in_sqrt=False)
    return optax.adam(lr, b1=0.9, b2=0.999, eps=1e-8)


def compiled(work, axis):
    """Compile a run of all lanes; they are axis `axis` of x."""
    optimizer = _optimizer(work.rule, work.lr)
    evaluate = jax.vmap(jax.value_and_grad(SURFACES[work.problem]), axis, (0, axis))

    def look(x, best, finite):
        f, g = evaluate(x)
        finite &= jnp.isfinite(f) & jnp.all(jnp.isfinite(x), axis=1 - axis)
        return f, g, jnp.minimum(best, f), finite

    def step(carry, _):
        x, state, best, finite = carry
        _, g, best, finite = look(x, best, finite)
        updates, state = optimizer.update(g, state, x)
        return (optax.apply_updates(x, updates), state, best, finite), None

    def run(x):
        lanes = x.shape[axis]
        carry = x, optimizer.init(x), jnp.full(lanes, jnp.inf, x.dtype), jnp.ones(lanes, bool)
        (x, _, best, finite), _ = jax.lax.scan(step, carry, length=work.steps)
        f, _, best, finite = look(x, best, finite)
        return x, f, best, finite

    starts = work.starts()
    x = jnp.asarray(starts if axis == 0 else np.ascontiguousarray(starts.T))
    function = jax.jit(run)
    return lambda: jax.block_until_ready(function(x))


def _contender(work, run):
    def contender():
        began, computed = time.perf_counter(), time.process_time()
        run()
        seconds, spent = time.perf_counter() - began, time.process_time() - computed
        if spent > THREADS * seconds + 0.01:
            raise SystemExit(f"{work}: JAX used more than one thread; the comparison is void")
        return spent / work.units * 1e9

    return contender


def _check(work, ours, name, x, f, best, finite):
    """Stop unless JAX ended where we did, with the same values."""
    if not bool(jnp.all(finite)):
        raise SystemExit(f"{work}: JAX lanes ({name}) left the finite")
    for what, mine, theirs in (
        ("x", ours.x, x),
        ("f", ours.f_final, f),
        ("best", ours.f_best, best),
    ):
        theirs = np.asarray(theirs)
        if theirs.dtype != work.dtype:
            raise SystemExit(f"{work}: JAX returned {theirs.dtype} ({name}, {what})")
        apart = np.abs(mine - theirs) / np.maximum(1.0, np.abs(mine))
        if not np.median(apart) <= CLOSE[work.dtype]:
            raise SystemExit(
                f"{work}: JAX ({name}) ended elsewhere: median difference of {what} "
                f"{np.median(apart):.1e}"
            )


def _build(work):
    ours = work.runner()()
    contenders = {"optbench": work.contender()}
    for axis, name in enumerate(("JAX, lanes first", "JAX, lanes last")):
        run = compiled(work, axis)
        x, *rest = run()
        _check(work, ours, name, x if axis == 0 else np.asarray(x).T, *rest)
        contenders[name] = _contender(work, run)
    return contenders


def cases():
    """Every cell of rules x problems x dimensions x dtypes."""
    for problem, steps in STEPS.items():
        for rule in RULES:
            for dim, lanes in LANES.items():
                for dtype in DTYPES:
                    work = Work(rule, problem, dim, dtype, lanes, steps[dim], ends_only=True)
                    yield Case("jax", str(work), lambda w=work: _build(w), best_peer(), EACH)


def rows(only=None):
    """Yield a row a cell, and one with their geometric mean."""
    ratios = []
    for row in measured(cases(), only):
        ratios.append(row.ratio)
        yield row
        jax.clear_caches()
    if only is None:
        mean = math.exp(math.fsum(map(math.log, ratios)) / len(ratios))
        yield Row("jax", "geometric mean of all cells", {}, ratio=mean, required=MEAN)
