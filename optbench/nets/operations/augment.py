"""Random changes of the images of a mini-batch: no record, but what gathers examples calls it.

It is an operation of its own so that nets without augmentation need not compile it.
"""

from optbench.kernels.products.primitives import span
from optbench.nets.augmentation import augment, image_key
from optbench.nets.packing import BATCH_X, FEATURES, NUMBERS


def forward(p, q, work, r, rows, mode, t, key):
    """Write the changed images, whose numbers are known, to BATCH_X; `p` holds the data."""
    k = q[FEATURES]
    for j in span(rows):
        first = int(work[q[NUMBERS] + j]) * k
        augment(p, first, q, work, q[BATCH_X] + j * k, image_key(key, t, j))


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Do nothing: examples have no gradient."""
