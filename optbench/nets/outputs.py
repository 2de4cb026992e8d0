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
        if kind == CROSS_ENTROPY:
            if Y[i, 0] >= 0:
                count += is_first_largest(Z, i, int(Y[i, 0]))
        else:
            count += is_on_all_sides(Z, i, Y)
    return total(count)


def is_first_largest(Z, i, label):
    """Return 1 if in row i of Z the first largest number is at the label, else 0.

    All numbers are looked at, which takes no branch and so whole registers.
    """
    value, others = Z[i, label], 0
    for j in range(label):
        others += 0 if value > Z[i, j] else 1
    for j in range(label, Z.shape[1]):
        others += 0 if value >= Z[i, j] else 1
    return 1 if others == 0 else 0


def is_on_all_sides(Z, i, Y):
    """Return 1 if row i of Z is above 0 where Y is 1, and nowhere else, else 0."""
    others = 0
    for j in range(Z.shape[1]):
        right = Z[i, j] > 0.0 if Y[i, j] > 0.5 else Z[i, j] <= 0.0
        others += 0 if right else 1
    return 1 if others == 0 else 0
