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

from . import adaptive, averaging, distances, gradient, layerwise, momo, signs, step_sizes

FAMILIES = (gradient, signs, adaptive, layerwise, step_sizes, momo, distances, averaging)


def transcription(rule):
    """Return the function that transcribes `rule`."""
    return next(getattr(family, rule) for family in FAMILIES if hasattr(family, rule))


class Plateau:
    """ReduceLROnPlateau with a relative threshold and no cooldown."""

    def __init__(self, plateau_factor=0.1, plateau_patience=10, plateau_threshold=1e-4):
        self.factor, self.patience = plateau_factor, plateau_patience
        self.threshold = plateau_threshold
        self.scale, self.best, self.since = 1.0, np.inf, 0

    def __call__(self, f):
        if f < self.best * (1 - self.threshold):
            self.best, self.since = f, 0
        else:
            self.since += 1
        if self.since > self.patience:
            self.scale, self.since = self.scale * self.factor, 0
        return self.scale


def walk(
    step, evaluate, start, evaluations, *, observe=None, sam_rho=None, clip_norm=None, **hyper
):
    """Return the reported and the query points [evaluations + 1, d] of a rule in its wrappers.

    ``evaluate(i, x)`` gives f and the gradient number i, at the query point x;
    ``observe(t, memory)`` sees the rule's memory after each step.
    """
    schedule = {k: hyper.pop(k) for k in list(hyper) if k.startswith("plateau_")}
    plateau = Plateau(**schedule) if schedule else lambda f: 1.0
    lr = hyper.pop("lr", inspect.signature(step).parameters["lr"].default)
    looks = "f" in inspect.signature(step).parameters
    x = np.array(start, dtype=np.float64)
    reported, query, memory, t = [x], [x], {}, 0
    for i in range(evaluations):
        f, g = evaluate(i, query[-1])
        if sam_rho is not None and i % 2 == 0:
            query.append(x + sam_rho * g / np.linalg.norm(g))
            reported.append(reported[-1])
            continue
        if clip_norm is not None:
            g = g * min(1.0, clip_norm / (np.linalg.norm(g) + 1e-6))
        t += 1
        seen = {"f": f} if looks else {}
        x = step(x, g, t, memory, lr=lr * plateau(f), **seen, **hyper)
        query.append(x)
        reported.append(memory.get("reported", x))
        if observe is not None:
            observe(t, memory)
    return np.array(reported), np.array(query)
