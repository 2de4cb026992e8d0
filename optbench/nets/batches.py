"""The examples of a net's data: consecutive ones in place, and mini-batches gathered from them."""

from optbench.define.draws import epoch_order
from optbench.kernels.memory.operations import run_operation
from optbench.kernels.products.primitives import matrix, sync
from optbench.nets.layer_operations import copy
from optbench.nets.losses import CROSS_ENTROPY
from optbench.nets.packing import (
    ANSWERS,
    BATCH,
    BATCH_X,
    BATCH_Y,
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


def examples(p, q, start, rows):
    """Return X [rows, k] and the answers of `rows` consecutive examples."""
    k, m = q[FEATURES], q[ANSWERS]
    n = q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]
    return matrix(p, start * k, rows, k), matrix(p, n * k + start * m, rows, m)


def draw_batch(q, work, t, key):
    """Write the numbers of the examples of the mini-batch of step t to NUMBERS."""
    rows, n = q[BATCH], q[N_TRAIN]
    if q[ORDERED]:
        count_on(work, q[NUMBERS], rows, t * rows % n, n)
    else:
        order, first = epoch_order(key, t, rows, n)
        draw_permuted(work, q[NUMBERS], rows, order, first, n)
    sync()


def gather(p, q, work, t, key):
    """Copy the mini-batch of step t into `work`; return its X and answers.

    With mixup the answers of a cross-entropy are two labels and the share of the first.
    """
    rows, k, m = q[BATCH], q[FEATURES], q[ANSWERS]
    answers = (q[N_TRAIN] + q[N_TRAIN + 1] + q[N_TRAIN + 2]) * k
    draw_batch(q, work, t, key)
    for j in range(rows):
        i = int(work[q[NUMBERS] + j])
        if not q[HEIGHT]:
            copy(p, i * k, work, q[BATCH_X] + j * k, k)
        copy(p, answers + i * m, work, q[BATCH_Y] + j * m, m)
    if q[HEIGHT]:
        run_operation(AUGMENT, p, p, q, work, key, 0, rows, 0, t, 0)
    sync()
    if q[MIXED_X]:
        run_operation(MIX_UP, p, p, q, work, key, 0, rows, 0, t, 0)
        m = 3 if q[LOSS] == CROSS_ENTROPY else m
        return matrix(work, q[MIXED_X], rows, k), matrix(work, q[MIXED_Y], rows, m)
    return matrix(work, q[BATCH_X], rows, k), matrix(work, q[BATCH_Y], rows, m)
