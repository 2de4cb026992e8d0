"""The examples of a net's data: consecutive ones in place, and mini-batches gathered from them."""

from optbench.define.draws import epoch_order, mix
from optbench.kernels.memory.operations import run_operation
from optbench.kernels.products.primitives import (
    keep,
    matrix,
    recall,
    span,
    sync,
    total,
    vector,
)
from optbench.nets.layer_operations import copy
from optbench.nets.losses import CROSS_ENTROPY
from optbench.nets.packing import (
    ANSWERS,
    BATCH,
    BATCH_X,
    BATCH_Y,
    CLASS_EVERY,
    CLASSES,
    FEATURES,
    HEIGHT,
    LOSS,
    MIXED_X,
    MIXED_Y,
    N_TRAIN,
    NUMBERS,
    ORDERED,
)
from optbench.nets.shuffling import count_on, draw_permuted
from optbench.nets.tape import operations

AUGMENT, MIX_UP = operations.NUMBERS["augment"], operations.NUMBERS["mix_up"]


def answers_start(q):
    """Return where in `p` the answers begin."""
    return (q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]) * q[FEATURES]


def labels_each(q):
    """Return how many labels an example has: 1, several at the steps of a sequence, or none."""
    return q[ANSWERS] if q[LOSS] == CROSS_ENTROPY else 1


def examples(p, q, start, rows):
    """Return X [rows, k] and the answers of `rows` consecutive examples.

    The answers are [rows * labels, 1] where an example has labels, else [rows, m].
    """
    k, m, each = q[FEATURES], q[ANSWERS], labels_each(q)
    answers = matrix(p, answers_start(q) + start * m, rows * each, m // each)
    return matrix(p, start * k, rows, k), answers


def count_labels(Y):
    """Return how many of the labels [n, 1] are there, as a number of their dtype."""
    count = Y.dtype.type(0)
    for i in span(Y.shape[0]):
        if Y[i, 0] >= 0:
            count += 1
    return total(count)


def examples_below(p, first, n, label):
    """Return how many of n labels are below one; they ascend, and the first is `p[first]`."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if p[first + middle] < label:
            low = middle + 1
        else:
            high = middle
    return low


def take_batch(p, q, work, t, key):
    """Write the numbers of the examples of the mini-batch of step t to NUMBERS.

    They are drawn, unless a lane of the same draw has had them (see `kernels.memory.drawn`).
    """
    numbers = vector(work, q[NUMBERS], q[BATCH])
    if not recall(key, t, numbers):
        draw_batch(p, q, work, t, key[0])
        keep(key, t, numbers)


def draw_batch(p, q, work, t, key):
    """Draw the numbers of the examples of the mini-batch of step t.

    Where classes are added the training part is in their order. Mini-batches are drawn from the
    first two until another one joins them, in epochs that begin afresh with each new class.
    """
    rows, n = q[BATCH], q[N_TRAIN]
    if q[ORDERED]:
        count_on(work, q[NUMBERS], rows, t * rows % n, n)
    elif q[CLASS_EVERY]:
        added = min(t // q[CLASS_EVERY], q[CLASSES] - 2)
        n = examples_below(p, answers_start(q), n, added + 2)
        order, first = epoch_order(mix(key, added), t - added * q[CLASS_EVERY], rows, n)
        draw_permuted(work, q[NUMBERS], rows, order, first, n)
    else:
        order, first = epoch_order(key, t, rows, n)
        draw_permuted(work, q[NUMBERS], rows, order, first, n)
    sync()


def gather(p, q, work, t, key):
    """Copy the mini-batch of step t into `work`; return its X and answers, as `examples` does.

    `key` is the block's, see `kernels.memory.calls`. With mixup the answers of a cross-entropy are
    two labels and the share of the first.
    """
    rows, k, m = q[BATCH], q[FEATURES], q[ANSWERS]
    answers = answers_start(q)
    take_batch(p, q, work, t, key)
    for j in range(rows):
        i = int(work[q[NUMBERS] + j])
        if not q[HEIGHT]:
            copy(p, i * k, work, q[BATCH_X] + j * k, k)
        copy(p, answers + i * m, work, q[BATCH_Y] + j * m, m)
    if q[HEIGHT]:
        run_operation(AUGMENT, p, p, q, work, key[0], 0, rows, 0, t, 0)
    sync()
    if q[MIXED_X]:
        run_operation(MIX_UP, p, p, q, work, key[0], 0, rows, 0, t, 0)
        m = 3 if q[LOSS] == CROSS_ENTROPY else m
        return matrix(work, q[MIXED_X], rows, k), matrix(work, q[MIXED_Y], rows, m)
    each = labels_each(q)
    return matrix(work, q[BATCH_X], rows, k), matrix(work, q[BATCH_Y], rows * each, m // each)
