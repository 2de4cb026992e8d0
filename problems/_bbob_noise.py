"""COCO's three models of noise on a value, as one formula, and the slope of a noisy value.

With e the excess of a surface over its minimum a model reports

    e exp(beta N) U^gamma max(1, (1e9 / e)^(alpha U')) + lift max(0, 1000 + C),

N normal, U and U' uniform, C a Cauchy number in a share of the evaluations and else 0. Gaussian
noise has beta alone, uniform noise gamma and alpha, Cauchy noise lift and share; all else is 0.

What the model reports is a function of x once its numbers are drawn, and the gradient that is
observed is the slope of that function: the true one, times the derivative of the model by e. So
Gaussian and uniform noise scale the gradient as a whole, and Cauchy noise, which is added, leaves
it as it is and disturbs only what rules read of f. Towards the minimum the slope of uniform noise
grows without bound, like e^(-alpha U').

Source: Hansen, Finck, Ros and Auger 2009, Real-parameter black-box optimization benchmarking 2009:
noisy functions definitions, sec. 2 (f_GN, f_UN and f_CN); the suite of COCO, whose values are the
reference, adds 1.01e-8 however small e is, the report only from 1e-8 on.
"""

import math

from optbench.define import uniform, where

OFFSET = 1.01e-8
"""What is added to every noisy value."""
LEAST = 1e-28
"""Below it an excess counts as this much, so that powers of 1e9 / e are finite in float32."""
LOG_1E9 = math.log(1e9)
SETTINGS = 5
"""Numbers that say which model it is, at the end of `p`: beta, gamma, alpha, lift, share."""


def gaussian(beta):
    """Return the settings of log-normal noise of deviation beta."""
    return beta, 0.0, 0.0, 0.0, 0.0


def uniform_powers(strength, dim):
    """Return the settings of noise that makes few values small, the fewer the smaller they are."""
    return 0.0, strength, strength * (0.49 + 1.0 / dim), 0.0, 0.0


def cauchy(lift, share):
    """Return the settings of a constant and, in a share of the evaluations, a Cauchy number."""
    return 0.0, 0.0, 0.0, lift, share


def drawn(p, key):
    """Draw what a model needs: (factor, power, lift), the same in all lanes.

    All models share two uniform numbers: none has settings for what another one makes of them.
    """
    at = len(p) - SETTINGS
    u, v = uniform(key, 0), uniform(key, 1)
    gauss = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)
    factor = math.exp(p[at] * gauss) * u ** p[at + 1]
    power = p[at + 2] * v
    spike = where(u < p[at + 4], math.tan(math.pi * (v - 0.5)), 0.0)
    return factor, power, p[at + 3] * max(1000.0 + spike, 0.0)


def disturbed(excess, factor, power, lift):
    """Return what is reported of an excess, and its slope by the excess."""
    log = LOG_1E9 - math.log(max(excess, LEAST))
    grown = math.exp(power * max(log, 0.0))
    slope = factor * grown * where(log > 0.0, 1.0 - power, 1.0)
    return factor * grown * excess + lift + OFFSET, slope
