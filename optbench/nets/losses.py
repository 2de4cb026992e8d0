"""Losses, each with its gradient in one pass over the outputs of the last layer."""

import math

from optbench.define import where
from optbench.kernels.memory.operations import FIRST_LOSS, run_loss
from optbench.kernels.products.primitives import (
    get,
    greatest,
    lanes,
    matrix,
    put,
    span,
    sync,
    total,
    vector,
    wide,
)
from optbench.nets.activations import sigmoid, softplus

CROSS_ENTROPY, MSE, MAE, HUBER, BINARY = range(5)

LOSSES = {
    "cross_entropy": CROSS_ENTROPY,
    "mse": MSE,
    "mae": MAE,
    "huber": HUBER,
    "binary_cross_entropy": BINARY,
}
"""Name -> number of a loss."""


def answer_width(loss: object, n_out: int, steps: int = 1) -> int:
    """Return how many numbers the answer of one example has: labels, or every output.

    `steps` is how many labels an example has: 1, or one at every step of a sequence.
    """
    return steps if loss == "cross_entropy" else n_out


def sign(z):
    """Return -1, 0 or 1; NaN at NaN."""
    return 1.0 if z > 0.0 else (-1.0 if z < 0.0 else z)


def element_loss(kind, z, y):
    """Return the loss of one output z where y is right; Huber's is quadratic up to 1."""
    error = z - y
    size = math.fabs(error)
    if kind == MSE:
        return error * error
    if kind == MAE:
        return size
    if kind == HUBER:
        return 0.5 * size * size if size < 1.0 else size - 0.5
    return softplus(z) - y * z


def element_slope(kind, z, y):
    """Return the derivative of `element_loss` with respect to z; 0 at the kink of MAE."""
    error = z - y
    if kind == MSE:
        return 2.0 * error
    if kind == MAE:
        return sign(error)
    if kind == HUBER:
        return error if math.fabs(error) < 1.0 else sign(error)
    return sigmoid(z) - y


def elementwise(kind, Z, Y, weight):
    """Return ``weight * sum(mean loss of a row's elements)``; Z becomes its gradient.

    Parameters
    ----------
    kind : int
    Z, Y : array [rows, n_out]
    weight : float
        One over the number of examples that the mean is taken over.
    """
    rows, n_out = Z.shape
    share = weight / Z.dtype.type(n_out)
    loss = Z.dtype.type(0)
    for i in range(rows):
        for j in span(n_out):
            loss += element_loss(kind, Z[i, j], Y[i, j])
            Z[i, j] = share * element_slope(kind, Z[i, j], Y[i, j])
    loss = total(loss)
    sync()
    return loss * share


def is_long(z, n):
    """Return whether rows of `n` numbers are read by Vecs: on CUDA each is a thread's own."""
    return lanes(z) > 1 and n >= 2 * lanes(z)


def shift_row(z, Z, i):
    """Subtract the largest number of row i of Z, so that exp cannot overflow."""
    n = Z.shape[1]
    if is_long(z, n):
        top = greatest_of_row(z, Z, i)
    else:
        top = Z[i, 0]
        for j in range(1, n):
            top = max(top, Z[i, j])
    for j in range(n):
        Z[i, j] -= top


def greatest_of_row(z, Z, i):
    """Return the largest number of a long row i of Z."""
    n, most = Z.shape[1], get(z, i * Z.shape[1])
    whole = n - n % lanes(z)
    for c in range(lanes(z), whole, lanes(z)):
        other = get(z, i * n + c)
        most = where(other > most, other, most)
    top = greatest(most)
    for j in range(whole, n):
        top = max(top, Z[i, j])
    return top


def clear_row(Z, i):
    """Set row i of Z to 0."""
    for j in range(Z.shape[1]):
        Z[i, j] = 0.0


def exp_all(z, n):
    """Replace the first `n` numbers of z by their exponentials (whole Vecs of them)."""
    for c in wide(z, n):
        put(z, c, math.exp(get(z, c)))


def row_sum(z, Z, i):
    """Return the sum of row i of Z."""
    if is_long(z, Z.shape[1]):
        return sum_of_row(z, Z, i)
    s = Z.dtype.type(0)
    for j in range(Z.shape[1]):
        s += Z[i, j]
    return s


def sum_of_row(z, Z, i):
    """Return the sum of a long row i of Z."""
    n, sums = Z.shape[1], get(z, i * Z.shape[1])
    whole = n - n % lanes(z)
    for c in range(lanes(z), whole, lanes(z)):
        sums += get(z, i * n + c)
    s = total(sums)
    for j in range(whole, n):
        s += Z[i, j]
    return s


def at_labels(Z, i, labels):
    """Return row i of Z at its label; of two labels, the sum by their shares."""
    if labels.shape[1] == 1:
        return Z[i, int(labels[i, 0])]
    share = labels[i, 2]
    return share * Z[i, int(labels[i, 0])] + (1.0 - share) * Z[i, int(labels[i, 1])]


def subtract_at_labels(Z, i, labels, value):
    """Subtract a value from row i of Z at its label; of two labels, from each its share."""
    if labels.shape[1] == 1:
        Z[i, int(labels[i, 0])] -= value
    else:
        share = labels[i, 2]
        Z[i, int(labels[i, 0])] -= share * value
        Z[i, int(labels[i, 1])] -= (1.0 - share) * value


def cross_entropy(z, Z, labels, weight, smoothing):
    """Return ``-weight * sum(log softmax(Z)[label])``; Z becomes its gradient.

    Parameters
    ----------
    z : array
        The numbers of Z and the padding after them.
    Z : array [rows, classes]
    labels : array [rows, 1 or 3]
        Class labels 0, 1, ... stored as floats, -1 for rows that count for nothing; or two of them
        and the share of the first, by which their losses are weighted.
    weight : float
        One over the number of examples that the mean is taken over.
    smoothing : float
        Share of the label that is spread evenly over all classes (Szegedy et al. 2016).
    """
    rows, classes = Z.shape
    loss, even = Z.dtype.type(0), smoothing / Z.dtype.type(classes)
    for i in span(rows):
        if labels[i, 0] < 0:
            clear_row(Z, i)
            continue
        shift_row(z, Z, i)
        loss -= (1.0 - smoothing) * at_labels(Z, i, labels)
        if smoothing > 0.0:
            loss -= even * row_sum(z, Z, i)
    sync()
    exp_all(z, Z.size)
    sync()
    for i in span(rows):
        if labels[i, 0] < 0:
            clear_row(Z, i)
            continue
        s = row_sum(z, Z, i)
        loss += math.log(s)
        scale = weight / s
        for j in range(classes):
            Z[i, j] = Z[i, j] * scale - weight * even
        subtract_at_labels(Z, i, labels, weight * (1.0 - smoothing))
    loss = total(loss)
    sync()
    return loss * weight


def loss_gradient(kind, work, place, rows, n_out, losses, Y, weight, smoothing):
    """Return the loss of outputs [rows, n_out] at a place of `work`; they become its gradient.

    `losses` is the place of a buffer as long as theirs, for authors' losses.
    """
    n = rows * n_out
    z, Z = vector(work, place, n), matrix(work, place, rows, n_out)
    if kind >= FIRST_LOSS:
        padded = (n + 63) // 64 * 64
        flat = matrix(work, place, 1, padded)
        return author_loss(kind, Z, flat, vector(work, losses, padded), Y, weight)
    if kind == CROSS_ENTROPY:
        return cross_entropy(z, Z, Y, weight, smoothing)
    return elementwise(kind, Z, Y, weight)


def author_loss(kind, Z, flat, losses, Y, weight):
    """Return the loss of an author's function, of all elements as `elementwise`.

    Parameters
    ----------
    kind : int
        See `author_losses.number_of`.
    Z : array [rows, n_out]
        It becomes the gradient.
    flat : array [1, n]
        The numbers of Z and the padding after them.
    losses : array [n]
        Buffer.
    Y : array [rows, n_out]
    weight : float
        One over the number of examples that the mean is taken over.
    """
    rows, n_out = Z.shape
    share = weight / Z.dtype.type(n_out)
    for _ in span(1):
        run_loss(kind, flat, flat, losses, vector(Y, 0, losses.shape[0]))
    sync()
    loss = Z.dtype.type(0)
    for i in range(rows):
        for j in span(n_out):
            loss += losses[i * n_out + j]
            Z[i, j] *= share
    loss = total(loss)
    sync()
    return loss * share
