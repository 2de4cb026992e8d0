"""Activations of hidden layers, and their slopes as functions of the output."""

import math

LINEAR, RELU, TANH, SIGMOID = 0, 1, 2, 3

ACTIVATIONS = {"linear": LINEAR, "relu": RELU, "tanh": TANH, "sigmoid": SIGMOID}
"""Name -> number of an activation."""


def relu(z):
    """Return the positive part of z; unlike ``max``, it lets NaN through."""
    return 0.0 if z < 0.0 else z


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), written so that exp never overflows."""
    e = math.exp(-math.fabs(z))
    return (1.0 if z >= 0.0 else e) / (1.0 + e)


def relu_slope(a):
    """Return the slope of `relu` where its value is a; 0 at the kink, NaN at NaN."""
    return 0.0 if a <= 0.0 else 1.0


def tanh_slope(a):
    """Return the slope of tanh where its value is a."""
    return 1.0 - a * a


def sigmoid_slope(a):
    """Return the slope of `sigmoid` where its value is a."""
    return a * (1.0 - a)
