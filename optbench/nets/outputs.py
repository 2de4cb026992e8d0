"""What outputs of a net say: probabilities of classes, and whether they are right."""

from optbench.kernels.products.primitives import get, put, span, sync, total, wide
from optbench.nets.activations import sigmoid
from optbench.nets.losses import BINARY, CROSS_ENTROPY, exp_all, row_sum, shift_row


def probabilities(kind, z, Z):
    """Turn the outputs of a classifier into probabilities; leave others as they are."""
    if kind == CROSS_ENTROPY:
        for i in span(Z.shape[0]):
            shift_row(z, Z, i)
        sync()
        exp_all(z, Z.size)
        sync()
        for i in span(Z.shape[0]):
            s = row_sum(z, Z, i)
            for j in range(Z.shape[1]):
                Z[i, j] /= s
    elif kind == BINARY:
        for c in wide(z, Z.size):
            put(z, c, sigmoid(get(z, c)))
    sync()


def hits(kind, Z, Y):
    """Return how many rows of Z give the right answer; NaN never does.

    With cross-entropy the first largest entry is at the label, if there is one; with binary
    cross-entropy every output is on its answer's side of 0.
    """
    count = Z.dtype.type(0)
    for i in span(Z.shape[0]):
        hit = 1.0
        if kind == CROSS_ENTROPY and Y[i, 0] < 0:
            continue
        for j in range(Z.shape[1]):
            if kind == CROSS_ENTROPY:
                label = int(Y[i, 0])
                ahead = Z[i, label] > Z[i, j] if j < label else Z[i, label] >= Z[i, j]
            else:
                ahead = Z[i, j] > 0.0 if Y[i, j] > 0.5 else Z[i, j] <= 0.0
            if not ahead:
                hit = 0.0
        count += hit
    return total(count)
