"""Noisy values as COCO makes them: its generator's numbers, put into our models of noise.

COCO draws the n-th uniform or normal number of a process with the seed 30 + n, by the generator
that also draws its instances. So the noise of a fresh process is known, and its noisy values can be
compared number for number.
"""

import itertools

import numpy as np

from tests.problems.bbob import helpers


class Noise:
    """What COCO draws in a fresh process, one evaluation after the other."""

    def __init__(self):
        generator = helpers("_bbob_instances")
        self._uniforms = (float(generator.uniforms(1, seed)[0]) for seed in itertools.count(31))
        self._normals = (float(generator.normals(1, seed)[0]) for seed in itertools.count(31))

    def drawn(self, settings):
        """Return (factor, power, lift) of the next evaluation by a model with these settings."""
        beta, gamma, alpha, lift, share = settings
        if beta:
            return np.exp(beta * next(self._normals)), 0.0, 0.0
        if gamma:
            return next(self._uniforms) ** gamma, alpha * next(self._uniforms), 0.0
        seldom = next(self._uniforms) < share
        spike = next(self._normals) / abs(next(self._normals))
        return 1.0, 0.0, lift * max(1000.0 + seldom * spike, 0.0)


def settings(problem):
    """Return the settings of a problem's noise."""
    return problem.placement.p[-helpers("_bbob_noise").SETTINGS :]


def noisy_value(problem, x, drawn):
    """Return f at x, disturbed by what was drawn; the penalty is not."""
    penalty = 100.0 * np.sum(np.maximum(np.abs(x) - 5.0, 0.0) ** 2)
    excess = problem.value(x) - penalty - problem.f_min
    value, _ = helpers("_bbob_noise").disturbed(excess, *drawn)
    return value + penalty + problem.f_min
