"""Where everything of a net lies in the flat arrays that kernels receive. Documented only here.

Parameters ``params[P]``: W [n_in, n_out] row-major, then b [n_out], layer by layer; each of these
tensors begins at a multiple of 64, and the gap after it holds zeros. The engine sees ``params``
as rows of 64.

Data ``p``: X row-major (training, validation, test), then the targets of the same rows, `m`
numbers each: for cross-entropy the class label (m = 1), for MSE the `n_out` wanted outputs.

Buffers ``work``: X and targets of a mini-batch; the outputs of layers 1 .. L, `chunk` rows each;
a scratch buffer that holds a chunk of any hidden layer or any W.

Integers ``q``, for L layers of weights:

======================  ==================================================================
0 .. 5                  n_train, n_validation, n_test, k (features), classes, batch
6, 7                    activation, loss (numbers of `activations` and `losses`)
8                       L
9 .. 9 + L              sizes: units of every layer, input and output included
10 + L .. 10 + 3 L      first row of each of the 2 L tensors, and the number of rows
11 + 3 L .. 14 + 4 L    L + 4 offsets into `work`: batch X, batch targets, outputs of layers
                        1 .. L, scratch, and the size of `work`
======================  ==================================================================
"""

import numpy as np

LANES = 64
"""Width of a row: tensors are padded to a multiple of this."""

CHUNK = 256
"""Rows that pass through the buffers at once when a whole part of the data is evaluated."""

N_TRAIN, FEATURES, BATCH, ACTIVATION, LOSS, N_LAYERS, SIZES = 0, 3, 5, 6, 7, 8, 9


def tensor_position(q):
    """Return where in q the first rows of the tensors begin."""
    return SIZES + q[N_LAYERS] + 1


def work_position(q):
    """Return where in q the offsets into `work` begin."""
    return SIZES + 3 * q[N_LAYERS] + 2


def row_offsets(sizes):
    """Return the first row of W1, b1, W2, b2, ... and the number of rows: int64 [2 L + 1]."""
    lengths = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        lengths += [n_in * n_out, n_out]
    rows = [-(-length // LANES) for length in lengths]
    return np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)


def work_offsets(sizes, batch, targets):
    """Return the L + 4 offsets into `work` for `targets` numbers per example."""
    chunk = max(CHUNK, batch)
    widest = max(sizes[1:-1], default=0)
    largest = max(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    lengths = [batch * sizes[0], batch * targets]
    lengths += [chunk * size for size in sizes[1:]]
    lengths.append(max(chunk * widest, largest))
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def integers(head, activation, loss, sizes, targets):
    """Return `q`.

    Parameters
    ----------
    head : sequence of 6 int
        n_train, n_validation, n_test, k, classes, batch, as `data.pack` gives it.
    activation, loss : int
    sizes : sequence of int
    targets : int
        Numbers per example in the targets.
    """
    return np.concatenate(
        [
            [*head, activation, loss, len(sizes) - 1],
            sizes,
            row_offsets(sizes),
            work_offsets(sizes, int(head[5]), targets),
        ]
    ).astype(np.int64)
