"""The dense layer, forward and backward, on the four primitives."""

import math

from optbench.kernels.primitives import matmul, span, sync
from optbench.nets.activations import (
    RELU,
    SIGMOID,
    TANH,
    relu,
    relu_slope,
    sigmoid,
    sigmoid_slope,
    tanh_slope,
)


def dense(A, W, b, kind, Z):
    """Write ``activation(A @ W + b)`` into Z.

    Parameters
    ----------
    A : array [rows, n_in]
    W : array [n_in, n_out]
    b : array [n_out]
    kind : int
        Number of the activation.
    Z : array [rows, n_out]
    """
    matmul(A, W, Z, False, False)
    rows, n_out = Z.shape
    # One loop per activation, so that each vectorises by itself.
    if kind == RELU:
        for i in range(rows):
            for j in span(n_out):
                Z[i, j] = relu(Z[i, j] + b[j])
    elif kind == TANH:
        for i in range(rows):
            for j in span(n_out):
                Z[i, j] = math.tanh(Z[i, j] + b[j])
    elif kind == SIGMOID:
        for i in range(rows):
            for j in span(n_out):
                Z[i, j] = sigmoid(Z[i, j] + b[j])
    else:
        for i in range(rows):
            for j in span(n_out):
                Z[i, j] += b[j]
    sync()


def through_activation(kind, E, A):
    """Turn the outputs A of a layer into dLoss/dz, given E = dLoss/dA.

    It works in place: once the slope is known, the outputs are not needed any more.
    """
    rows, n = A.shape
    if kind == RELU:
        for i in range(rows):
            for j in span(n):
                A[i, j] = E[i, j] * relu_slope(A[i, j])
    elif kind == TANH:
        for i in range(rows):
            for j in span(n):
                A[i, j] = E[i, j] * tanh_slope(A[i, j])
    elif kind == SIGMOID:
        for i in range(rows):
            for j in span(n):
                A[i, j] = E[i, j] * sigmoid_slope(A[i, j])
    else:
        for i in range(rows):
            for j in span(n):
                A[i, j] = E[i, j]
    sync()


def dense_gradient(A, D, dW, db, scratch, first):
    """Add the sums over the rows to dW and db, which are zero if `first`.

    Parameters
    ----------
    A : array [rows, n_in]
        What entered the layer.
    D : array [rows, n_out]
        dLoss/dz of the layer.
    dW, db : array [n_in, n_out], [n_out]
    scratch : array [n_in, n_out]
    first : bool
    """
    rows, n_out = D.shape
    if first:
        matmul(A, D, dW, True, False)
    else:
        matmul(A, D, scratch, True, False)
        for i in range(dW.shape[0]):
            for j in span(n_out):
                dW[i, j] += scratch[i, j]
    for i in range(rows):
        for j in span(n_out):
            db[j] += D[i, j]
    sync()
