"""Activations of hidden layers as formulas of one number, and their slopes.

The operand of a slope, which a layer keeps for the way back, is the output where the slope follows
from that (`FROM_OUTPUT`, the output then takes the place of the argument), else the argument.
"""

import math

from optbench.define import where

LINEAR, RELU, LEAKY_RELU, PRELU, SIGMOID, TANH, ELU, GELU, SILU, SOFTPLUS = range(10)

ACTIVATIONS = {
    "linear": LINEAR,
    "relu": RELU,
    "leaky_relu": LEAKY_RELU,
    "prelu": PRELU,
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "elu": ELU,
    "gelu": GELU,
    "silu": SILU,
    "softplus": SOFTPLUS,
}
"""Name -> number of an activation. Those up to `PRELU` are two straight lines."""

FROM_OUTPUT = frozenset({LINEAR, RELU, LEAKY_RELU, SIGMOID, TANH})
"""Activations whose slope is a function of their output."""

LEAK = 0.01
"""Slope of ``leaky_relu`` below 0."""
PRELU_START = 0.25
"""Slope of ``prelu`` below 0 at the start of training (He et al. 2015, "Delving deep")."""


def lower_slope(name: str, learnt: float = PRELU_START) -> float:
    """Return the slope below 0 of an activation that is two straight lines, else 0.

    `learnt` is that of ``prelu``.
    """
    return {"linear": 1.0, "leaky_relu": LEAK, "prelu": learnt}.get(name, 0.0)


_ROOT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), written so that exp never overflows."""
    e = math.exp(-abs(z))
    return where(z >= 0.0, 1.0, e) / (1.0 + e)


def softplus(z):
    """Return log(1 + exp(z)), written so that exp never overflows."""
    return where(z > 0.0, z, 0.0) + math.log1p(math.exp(-abs(z)))


def gauss(z):
    """Return the probability that a standard normal number is below z, exactly (by erf)."""
    return 0.5 * (1.0 + math.erf(z * _ROOT_HALF))


def value(kind, low, z):
    """Return the activation of number `kind` at z.

    Parameters
    ----------
    kind : int
    low : float
        Slope below 0 of the activations that are two straight lines.
    z : float
    """
    if kind <= PRELU:
        return where(z < 0.0, low * z, z)
    if kind == SIGMOID:
        return sigmoid(z)
    if kind == TANH:
        return math.tanh(z)
    if kind == ELU:  # Clevert, Unterthiner and Hochreiter 2016, with alpha = 1
        return where(z > 0.0, z, math.expm1(where(z > 0.0, 0.0, z)))
    if kind == GELU:  # Hendrycks and Gimpel 2016
        return z * gauss(z)
    if kind == SILU:  # Elfwing, Uchibe and Doya 2018
        return z * sigmoid(z)
    return softplus(z)


def slope(kind, low, operand):
    """Return the slope of the activation from its operand: its output, or its argument.

    At its kink an activation of two lines has the slope of the lower one.
    """
    if kind <= PRELU:
        return where(operand > 0.0, 1.0, low)
    if kind == SIGMOID:
        return operand * (1.0 - operand)
    if kind == TANH:
        return 1.0 - operand * operand
    if kind == ELU:
        return where(operand > 0.0, 1.0, math.exp(where(operand > 0.0, 0.0, operand)))
    if kind == GELU:
        return gauss(operand) + operand * math.exp(-0.5 * operand * operand) / _ROOT_TWO_PI
    if kind == SILU:
        s = sigmoid(operand)
        return s * (1.0 + operand * (1.0 - s))
    return sigmoid(operand)
