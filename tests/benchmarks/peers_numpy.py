"""NumPy over all lanes at once: arrays [d, lanes], temporaries reused."""

import numpy as np

from .cases import Case, best_peer, timed
from .engine import Work

REQUIRED = 5.0
STEPS = 200
SHARED_STEPS = 50
"""Steps after which contenders are compared."""


def gradient(x, g, a):
    """Write the gradient of Rosenbrock's function at the columns of x [d, lanes] into g."""
    np.multiply(x[:-1], x[:-1], out=a)
    np.subtract(x[1:], a, out=a)
    a *= 200.0
    np.multiply(a, x[:-1], out=g[:-1])
    g[:-1] -= x[:-1]
    g[:-1] += 1.0
    g[:-1] *= -2.0
    g[-1] = 0.0
    g[1:] += a


def run(rule, lr, starts, steps):
    """Run all lanes; return the last points [lanes, d]."""
    x = np.ascontiguousarray(starts.T)
    g, a = np.empty_like(x), np.empty_like(x[1:])
    m, v, work = np.zeros_like(x), np.zeros_like(x), np.empty_like(x)
    for t in range(1, steps + 1):
        gradient(x, g, a)
        if rule == "gd":
            g *= lr
            x -= g
        elif rule == "momentum":
            m *= 0.9
            m += g
            np.multiply(m, lr, out=work)
            x -= work
        else:
            m *= 0.9
            np.multiply(g, 0.1, out=work)
            m += work
            v *= 0.999
            g *= g
            g *= 0.001
            v += g
            np.sqrt(v, out=work)
            work *= 1 / np.sqrt(1 - 0.999**t)
            work += 1e-8
            np.divide(m, work, out=work)
            work *= lr / (1 - 0.9**t)
            x -= work
    return x.T


def check(work, name, run):
    """Stop unless `run(starts, steps)` ends where we do."""
    short = Work(work.rule, work.problem, work.dim, work.dtype, work.lanes, SHARED_STEPS)
    ours, theirs = short.runner()().x, run(short.starts(), SHARED_STEPS)
    if not np.allclose(ours[: len(theirs)], theirs, rtol=1e-6, atol=1e-9):
        raise SystemExit(f"{work}: {name} does not do what optbench does")


def _build(work):
    def peer(starts, steps):
        return run(work.rule, work.lr, starts, steps)

    check(work, "NumPy", peer)
    starts = work.starts()
    return {
        "optbench": work.contender(),
        "NumPy": timed(lambda: peer(starts, STEPS), work.lanes * STEPS),
    }


def cases():
    """All lanes of three rules on Rosenbrock's function; a ratio is asked of Adam in d = 2."""
    for rule in ("gd", "momentum", "adam"):
        for dim in (2, 10):
            work = Work(rule, "rosenbrock", dim, "float64", 4096, 4000 // dim)
            required = REQUIRED if (rule, dim) == ("adam", 2) else None
            yield Case(
                "numpy", str(work), lambda w=work: _build(w), best_peer(), required, repeats=7
            )
