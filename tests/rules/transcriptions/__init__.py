"""Every update rule once more, in NumPy and straight from the papers: nothing of optbench is used.

A rule is ``step(x, g, t, memory, **hyper) -> new x`` on whole vectors, with t = 1, 2, ... and a
dict as its memory; a rule that looks at the value of the function also takes ``f``. A family is a
file, as in `optbench.rules`. Where algebra allows it, the form differs from the one in optbench
(explicit bias corrections, Nesterov's two sequences, averages as sums), so that a shared slip is
unlikely. What the memory calls by the name of a state of optbench must equal it. `walk` adds the
wrappers.
"""

import inspect

import numpy as np

from . import (
    adagrad_variants,
    adam_steps,
    adam_variants,
    adaptive,
    averaging,
    curvature,
    delayed,
    distances,
    layer_moments,
    layerwise,
    long_memory,
    mars,
    momenta,
    momo,
    projected,
    signs,
    step_sizes,
    switching,
)
from . import gradient as gradients
from .wrapping import After, Before, Plateau

FAMILIES = (
    gradients, momenta, signs, adaptive, adagrad_variants, adam_variants, adam_steps, delayed,
    curvature, long_memory, switching, layerwise, layer_moments, projected, mars,
    step_sizes, momo, distances, averaging,
)  # fmt: skip


def transcription(rule):
    """Return the function that transcribes `rule`."""
    return next(getattr(family, rule) for family in FAMILIES if hasattr(family, rule))


def walk(step, evaluate, start, evaluations, *, observe=None, sam_rho=None, **hyper):
    """Return the reported and the query points [evaluations + 1, d] of a rule in its wrappers.

    ``evaluate(i, x)`` gives f and the gradient number i, at the query point x;
    ``observe(t, memory)`` sees the rule's memory after each step.
    """
    schedule = {k: hyper.pop(k) for k in list(hyper) if k.startswith("plateau_")}
    plateau = Plateau(**schedule) if schedule else lambda f: 1.0
    names = inspect.signature(step).parameters
    around = {k: hyper.pop(k) for k in list(hyper) if k not in names}
    lr = hyper.pop("lr", names["lr"].default)
    x = np.array(start, dtype=np.float64)
    reported, query, memory, t = [x], [x], {}, 0
    before = Before(around)
    after = After(x, around, evaluations if sam_rho is None else evaluations // 2, lr)
    for i in range(evaluations):
        f, g = evaluate(i, query[-1])
        if sam_rho is not None and i % 2 == 0:
            query.append(x + sam_rho * g / np.linalg.norm(g))
            reported.append(reported[-1])
            continue
        g = before.gradient(x, g, memory)
        t += 1
        extra = {"f": f} if "f" in names else {}
        rate = lr * plateau(f) * before.rate()
        x = after.point(x, step(x, g, t, memory, lr=rate, **extra, **hyper), g, rate)
        query.append(x)
        reported.append(after.reported(memory.get("reported", x)))
        if observe is not None:
            observe(t, memory)
    return np.array(reported), np.array(query)
