"""Fewer digits: gradients and values as narrow formats and coarse scales hold them."""

import math

from optbench.define.perturbations import perturbation
from optbench.define.ranges import Range

LARGEST = 1e6
ONE_AND_A_BIT = 1.0 + 2.0**-30
"""1 in float32, more in float64: by it code knows what it is compiled for."""


def rounded(v, bits):
    """Return v to so many significant bits, the nearest one (Veltkamp 1968, splitting).

    The product by a power of two is exact, so that a fused operation rounds alike.
    """
    digits = 53.0 if ONE_AND_A_BIT > 1.0 else 24.0
    shifted = v * 2.0 ** max(digits - bits, 0.0) + v
    return shifted - (shifted - v)


def cut(v, digits):
    """Return v with so many significant decimal digits, those behind them cut off.

    Below 1e-30 as many places are kept as there are at 1e-30: float32 ends soon after.
    """
    size = abs(v)
    unit = 10.0 ** (math.floor(math.log10(max(size, 1e-30))) + 1.0 - digits)
    return math.copysign(math.floor(size / unit) * unit, v)


@perturbation(
    gradient_bits=Range(8.0, 1.0, 53.0, whole=True),
    off=53.0,
    source="Veltkamp 1968, quoted by Dekker 1971, A floating-point technique for extending the "
    "available precision; Kalamkar et al. 2019, A study of bfloat16 for deep learning training",
    law="every coordinate has so many significant bits, and is within half a unit of the last of "
    "them: 24 are float32, 11 float16, 8 bfloat16, within their exponents",
    tags=("stochastic",),
)
def gradient_bits(f, g, gradient_bits):
    """Gradients in a narrow floating-point format."""
    for i in range(len(g)):
        g[i] = rounded(g[i], gradient_bits)
    return f


@perturbation(
    gradient_digits=Range(2.0, 1.0, 15.0, whole=True),
    off=15.0,
    source="Moré and Wild 2011, Estimating computational noise (noise of truncated computations)",
    law="every coordinate has so many significant decimal digits, those behind them cut off",
    tags=("stochastic",),
)
def gradient_digits(f, g, gradient_digits):
    """Gradients as they are printed, cut off: they are too short, never too long."""
    for i in range(len(g)):
        g[i] = cut(g[i], gradient_digits)
    return f


@perturbation(
    gradient_step=Range(0.01, 0.0, LARGEST),
    numbers=("slope",),
    source="Alistarh et al. 2017, QSGD; Li et al. 2017, Training quantized nets",
    law="every coordinate is a whole multiple of gradient_step x slope, the nearest one",
    tags=("stochastic",),
)
def gradient_step(f, g, gradient_step, slope):
    """Gradients in a fixed-point format: small ones are 0."""
    step = gradient_step * slope
    for i in range(len(g)):
        g[i] = step * math.floor(g[i] / step + 0.5)
    return f


@gradient_step.constants
def _(site, gradient_step):
    return {"slope": site.slope()}


@perturbation(
    value_bits=Range(8.0, 1.0, 53.0, whole=True),
    off=53.0,
    source="Higham 2002, Accuracy and stability of numerical algorithms, sec. 2.1",
    law="the value has so many significant bits, and is within half a unit of the last of them",
    tags=("stochastic",),
)
def value_bits(f, g, value_bits):
    """Values in a narrow floating-point format."""
    return rounded(f, value_bits)


@perturbation(
    value_digits=Range(2.0, 1.0, 15.0, whole=True),
    off=15.0,
    source="Moré and Wild 2011, Estimating computational noise (noise of truncated computations)",
    law="the value has so many significant decimal digits, those behind them cut off",
    tags=("stochastic",),
)
def value_digits(f, g, value_digits):
    """Values as they are printed, cut off."""
    return cut(f, value_digits)


@perturbation(
    value_step=Range(0.01, 0.0, LARGEST),
    numbers=("rise",),
    source="Hansen et al. 2009, Real-parameter black-box optimization benchmarking (step "
    "ellipsoid, f7)",
    law="the value is the whole multiple of value_step x slope x distance x d below it",
    tags=("stochastic",),
)
def value_step(f, g, value_step, rise):
    """Values in a fixed-point format: small improvements do not show."""
    step = value_step * rise
    return step * math.floor(f / step)


@value_step.constants
def _(site, value_step):
    return {"rise": site.rise}
