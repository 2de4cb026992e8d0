"""Running means of gradients and of their squares: what rules with such memories share.

A mean m with the decay rate beta becomes ``beta m + (1 - beta) g``. It starts at 0, so its weights
sum up to ``1 - beta^t`` after t steps, for which it is corrected. What depends on the step and on
hyperparameters alone is computed in float64 by a rule's `uniform`: the corrections and, as `fresh`,
the share of the new number, ``1 - beta``. In float32 such a difference of the rounded beta would
have lost most of its digits.
"""

import math

from optbench.define import Eps, Momentum, SecondMoment

BETA1, BETA2 = Momentum(0.9), SecondMoment(0.999)
EPS = Eps(1e-8)


def next_moments(m, v, g, beta1, beta2, fresh1, fresh2):
    """Return the means m and v of gradients and of their squares after one more gradient."""
    return beta1 * m + fresh1 * g, beta2 * v + fresh2 * g * g


def correction(t, beta):
    """Return the factor that undoes the start of a mean at zero."""
    return 1 / (1 - beta**t)


def root_correction(t, beta):
    """Return the factor that undoes, in the root of a mean, its start at zero."""
    return 1 / math.sqrt(1 - beta**t)


def shares_and_corrections(t, beta1, beta2):
    """Return `fresh` for m and for v, and the factors of m and of the root of v."""
    return 1 - beta1, 1 - beta2, correction(t, beta1), root_correction(t, beta2)


def rectification(t, beta2, shortest):
    """Return RAdam's factor of a rate that a second moment divides, 0 where there is none.

    It is there once the moment is as good as a mean of more than `shortest` numbers, which is 5 or
    the 4 below which it has no variance (Liu et al. 2020, alg. 2).
    """
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * t * beta2**t / (1 - beta2**t)
    if length <= shortest:
        return 0.0
    share = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return math.sqrt(share)
