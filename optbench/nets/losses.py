"""Losses, each with its gradient in one pass over the outputs of the last layer."""

import math

from optbench.kernels.primitives import span, sync, total

CROSS_ENTROPY, MSE = 0, 1

LOSSES = {"cross_entropy": CROSS_ENTROPY, "mse": MSE}
"""Name -> number of a loss."""


def target_width(loss, n_out):
    """Return how many numbers the target of one example has: a label, or every output."""
    return 1 if loss == CROSS_ENTROPY else n_out


def softmax_row(Z, i):
    """Turn row i of Z into probabilities; return its maximum and the log of the sum.

    The sum is that of exp(z - maximum). The two are kept apart because their sum would round a
    small loss away.
    """
    n_out = Z.shape[1]
    top = Z[i, 0]
    for j in range(1, n_out):
        top = max(top, Z[i, j])
    s = Z.dtype.type(0)
    for j in range(n_out):
        e = math.exp(Z[i, j] - top)
        Z[i, j] = e
        s += e
    for j in range(n_out):
        Z[i, j] /= s
    return top, math.log(s)


def cross_entropy(Z, labels, weight):
    """Return ``weight * sum(-log softmax(Z)[label])``; Z becomes the gradient with respect to Z.

    Parameters
    ----------
    Z : array [rows, classes]
    labels : array [rows, 1]
        Class labels 0, 1, ... stored as floats.
    weight : float
        One over the number of examples that the mean is taken over.
    """
    loss = Z.dtype.type(0)
    for i in span(Z.shape[0]):
        label = int(labels[i, 0])
        wanted = Z[i, label]
        top, log_sum = softmax_row(Z, i)
        loss += log_sum + (top - wanted)
        Z[i, label] -= 1.0
        for j in range(Z.shape[1]):
            Z[i, j] *= weight
    loss = total(loss)
    sync()
    return loss * weight


def mean_squared_error(Z, Y, weight):
    """Return the sum of squared errors over all elements, times weight / columns; Z as above."""
    rows, n_out = Z.shape
    share = weight / Z.dtype.type(n_out)
    loss = Z.dtype.type(0)
    for i in range(rows):
        for j in span(n_out):
            error = Z[i, j] - Y[i, j]
            loss += error * error
            Z[i, j] = 2.0 * share * error
    loss = total(loss)
    sync()
    return loss * share


def loss_gradient(kind, Z, Y, weight):
    """Return the loss of number `kind`, and put its gradient with respect to Z into Z."""
    if kind == CROSS_ENTROPY:
        return cross_entropy(Z, Y, weight)
    return mean_squared_error(Z, Y, weight)


def hits(Z, labels):
    """Return how many rows of Z have their first largest entry at their label; NaN never does."""
    count = Z.dtype.type(0)
    for i in span(Z.shape[0]):
        label = int(labels[i, 0])
        hit = 1.0
        for j in range(Z.shape[1]):
            ahead = Z[i, label] > Z[i, j] if j < label else Z[i, label] >= Z[i, j]
            if not ahead:
                hit = 0.0
        count += hit
    return total(count)
