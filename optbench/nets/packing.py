"""Where everything of a net lies in the flat arrays that kernels receive. Documented only here.

Parameters ``params[P]``: W [n_in, n_out] row-major, then b [n_out], layer by layer; then, layer
by layer, gamma [n_out] and beta [n_out] where a layer is normalised and the slope [1] of a
PReLU. Each of these tensors begins at a multiple of 64, and the gap after it holds zeros. Layers
that take the weights of another have no W (nor b, if they are not transposed) of their own. The
engine sees ``params`` as rows of 64. The tensors of a `Net` are one after the other, as its layers
declare them.

Data ``p``: X row-major (training, validation, test), then the answers of the same rows, `m`
numbers each: for cross-entropy the class label (m = 1), or one at every step of a sequence (m of
them, -1 where there is none), for other losses the `n_out` outputs to learn; one factor of the
updates a row of parameters, if layers have rates of their own; last the 64 `COEFFICIENTS`.

Buffers ``work``: whether the running statistics have been updated, 0 when a lane starts; buffers
that begin at multiples of 64 and are padded to them.

Integers ``q``: a head (see the constants below), tables of integers, the starts of the records of
the tape, the records (see `tape.records`), the tables that these refer to, and the size of
``work``. Places in ``params`` and ``work`` are counted in numbers.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.nets.architecture import NO_NORM, Layer

ROW_WIDTH = 64
"""Width of a row: tensors are padded to a multiple of this."""

ROWS_AT_ONCE = 256
"""Rows that pass through the buffers at once when a whole part of the data is evaluated.

With batch normalisation all training examples do.
"""
LEAST_AT_ONCE, NEAR = 8, 2**20
"""Of nets whose buffers are large: the least rows, and the numbers that buffers should not exceed,
so that they stay in a cache near the core."""

COEFFICIENTS = 64
"""Numbers at the end of ``p``. There are many, since whole Vecs are read from X."""
L1, L2, SMOOTHING, MIXUP, MAX_NORM, LIMIT, CHANGES = range(7)
"""Their places: penalties, label smoothing, the parameter of mixup's shares, the largest norm of a
unit's weights, the limit of early stopping, and the numbers of `augmentation`."""

DROP_SCALE = 2**53
"""Drop probabilities are whole multiples of one over this."""

# The head: the data (n_train, n_validation, n_test, k, classes, batch), then the net.
N_TRAIN, FEATURES, CLASSES, BATCH = 0, 3, 4, 5
LOSS, ANSWERS, AT_ONCE, STATISTICS, GHOST = 6, 7, 8, 9, 10
BATCH_X, BATCH_Y, NUMBERS = 11, 12, 13
ORDERED, RATES, COLUMN_NORMS, STOPPING, STOPPING_STATE, BEST = 14, 15, 16, 17, 18, 19
HEIGHT, WIDTH, MIXED_X, MIXED_Y, CLASS_EVERY = 20, 21, 22, 23, 24
RECORDS, N_RECORDS, INPUT, OUTPUT, D_OUTPUT, N_OUTPUT = 25, 26, 27, 28, 29, 30
WEIGHTS, N_WEIGHTS, CLEARED, N_CLEARED, KEPT, N_KEPT = 31, 32, 33, 34, 35, 36
LOSSES_AT, UNLABELLED = 37, 38
HEAD = 39
"""ANSWERS is m; AT_ONCE the rows that the buffers hold; STATISTICS is NO_STATISTICS, POPULATION
or RUNNING (what batch normalisation uses in evaluation), GHOST the rows of a ghost batch (0: the
whole batch); BATCH_X and BATCH_Y are the buffers of a mini-batch, NUMBERS that of the numbers of
its examples (see `shuffling`). ORDERED says that examples come in the order of the data; RATES that
rows of parameters have factors. COLUMN_NORMS is a buffer of max-norm, 0 without; STOPPING the
criterion of early stopping, 0 without, STOPPING_STATE its buffer and BEST that of the best
parameters. HEIGHT and WIDTH are those of images that are augmented, 0 if none are; MIXED_X and
MIXED_Y the buffers of a mixed mini-batch, 0 without mixup. CLASS_EVERY is the number of steps after
which mini-batches get another class, 0 if they have all from the start.

RECORDS is where the starts of the `N_RECORDS` records of the tape are (see `tape.records`), INPUT
the buffer of its examples, OUTPUT that of its last value of `N_OUTPUT` numbers an example, D_OUTPUT
that of dLoss/d(outputs). WEIGHTS is a table of `N_WEIGHTS` tensors that penalties and max-norm
know, four numbers each: place, rows, columns, and WEIGHT or BIAS; CLEARED one of `N_CLEARED` ranges
(begin, end) of the gradient that begin at zero, since operations add to them; KEPT one of `N_KEPT`
running statistics (place, length), which belong to a point as its parameters do. LOSSES_AT is the
buffer of an author's loss, as long as D_OUTPUT; UNLABELLED says that steps after the end of an
example have no label, which is -1 there."""
WEIGHT, BIAS = 0, 1
NO_STATISTICS, POPULATION, RUNNING = 0, 1, 2
BN_EVAL = {"population": POPULATION, "running": RUNNING}
"""Name -> number of the statistics of batch normalisation in evaluation."""


def tensor_shapes(layers: Sequence[Layer]) -> dict[tuple[int, str], tuple[int, ...]]:
    """Return {(layer, name): shape} of all tensors of the parameters, in their order."""
    shapes: dict[tuple[int, str], tuple[int, ...]] = {}
    for number, layer in enumerate(layers, 1):
        if layer.owner == number:
            shapes[number, "W"] = (layer.n_in, layer.n_out)
        if layer.owner == number or layer.turned:
            shapes[number, "b"] = (layer.n_out,)
    for number, layer in enumerate(layers, 1):
        if layer.norm != NO_NORM:
            shapes[number, "gamma"] = shapes[number, "beta"] = (layer.n_out,)
        if layer.activation == "prelu":
            shapes[number, "slope"] = (1,)
    return shapes


def tensors(layers: Sequence[Layer]) -> list[tuple[int, str, int]]:
    """Return [(layer, name, length)] of all tensors of the parameters, in their order."""
    return [
        (number, name, math.prod(shape)) for (number, name), shape in tensor_shapes(layers).items()
    ]


def padded(length: int) -> int:
    """Return a length rounded up to a multiple of 64."""
    return -(-int(length) // ROW_WIDTH) * ROW_WIDTH


def row_offsets(layers: Sequence[Layer]) -> NDArray[np.int64]:
    """Return the first row of each tensor, and the number of rows: int64."""
    rows = [padded(length) // ROW_WIDTH for _, _, length in tensors(layers)]
    return np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)


def places(layers: Sequence[Layer]) -> dict[tuple[int, str], int]:
    """Return {(layer, name): first number} of all tensors; borrowed ones are at their owner's."""
    starts = row_offsets(layers) * ROW_WIDTH
    at = {
        (number, name): int(start)
        for (number, name, _), start in zip(tensors(layers), starts[:-1], strict=True)
    }
    for number, layer in enumerate(layers, 1):
        at[number, "W"] = at[layer.owner, "W"]
        if not layer.turned:
            at[number, "b"] = at[layer.owner, "b"]
    return at


class Buffers:
    """Hands out places in `work`."""

    def __init__(self) -> None:
        self.size = ROW_WIDTH

    def take(self, length: int) -> int:
        """Return where a new buffer begins."""
        start = self.size
        self.size += padded(length)
        return start
