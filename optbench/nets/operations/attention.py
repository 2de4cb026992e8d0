"""Self-attention of several heads (Vaswani et al. 2017), as torch's ``MultiheadAttention`` has it.

Queries, keys and values are X W_in + b_in, side by side; a head's outputs are softmax(Q K' / sqrt
of its width) V, and those of all heads side by side times W_out + b_out are the output.

Scores are kept transposed: of an example, row j has what every query of every head gives to key j.
So softmax runs down columns, a Vec or a thread each, and keys beyond an example's length or, if
CAUSAL, later than the query are rows that are left out or numbers that are -inf.
"""

import math

from optbench.kernels.products.primitives import (
    get,
    matmul,
    matmul_strided,
    matrix,
    put,
    sync,
    vector,
    wide,
)
from optbench.nets.layer_operations import add_columns, copy
from optbench.nets.operations.steps import accumulate, fill, valid_of
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, OUT, OWN, adds_to

W_IN, B_IN, W_OUT, B_OUT, IN_ADDS, OUT_ADDS = range(OWN, OWN + 6)
TIME, WIDTH, HEADS, PITCH, CAUSAL = range(OWN + 6, OWN + 11)
PARTS, SCORES, MIXED, SCORE_ERRORS, PART_ERRORS = range(OWN + 11, OWN + 16)
"""WIDTH is that of a step and of the output; PITCH is TIME rounded up, so that loops over the
queries of a head take whole Vecs.

Buffers: PARTS [rows, TIME, 3 WIDTH], queries, keys and values; SCORES [rows, TIME, HEADS * PITCH];
MIXED [rows, TIME, WIDTH], what W_OUT takes; and of one example SCORE_ERRORS [TIME, HEADS * PITCH]
and PART_ERRORS [TIME, 3 WIDTH], their gradients."""


def add_biases(params, b, work, place, rows, n):
    """Add b [n] to every row."""
    for e in range(rows):
        accumulate(params, b, work, place + e * n, n)
    sync()


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    n, e = rows * q[r + TIME], q[r + WIDTH]
    parts, mixed = matrix(work, q[r + PARTS], n, 3 * e), matrix(work, q[r + MIXED], n, e)
    weights_in, weights_out = (
        matrix(params, q[r + W_IN], e, 3 * e),
        matrix(params, q[r + W_OUT], e, e),
    )
    matmul(matrix(work, q[r + IN], n, e), weights_in, parts, False, False)
    add_biases(params, q[r + B_IN], work, q[r + PARTS], n, 3 * e)
    for i in range(rows):
        attend(q, work, r, i)
    matmul(mixed, weights_out, matrix(work, q[r + OUT], n, e), False, False)
    add_biases(params, q[r + B_OUT], work, q[r + OUT], n, e)


def attend(q, work, r, i):
    """Fill SCORES and MIXED of example i."""
    time, e, wide_row = q[r + TIME], q[r + WIDTH], q[r + HEADS] * q[r + PITCH]
    keys, head = valid_of(q, work, r, time, i), e // q[r + HEADS]
    parts, scores = q[r + PARTS] + i * time * 3 * e, q[r + SCORES] + i * time * wide_row
    for h in range(q[r + HEADS]):
        queries = parts + h * head
        matmul_strided(
            work, queries + e, 3 * e, work, queries, 3 * e, work, scores + h * q[r + PITCH],
            wide_row, keys, time, head, False, True, False,
        )  # fmt: skip
    if q[r + CAUSAL]:
        hide_later(q, work, r, scores, keys)
    softmax(work, scores, keys, wide_row, work.dtype.type(1.0 / math.sqrt(head)))
    for h in range(q[r + HEADS]):
        matmul_strided(
            work, scores + h * q[r + PITCH], wide_row, work, parts + 2 * e + h * head, 3 * e,
            work, q[r + MIXED] + i * time * e + h * head, e, time, head, keys, True, False, False,
        )  # fmt: skip


def hide_later(q, work, r, scores, keys):
    """Set scores of keys that come after the query to -inf."""
    for j in range(keys):
        for h in range(q[r + HEADS]):
            fill(
                work, scores + (j * q[r + HEADS] + h) * q[r + PITCH], j, work.dtype.type(-math.inf)
            )
    sync()


def softmax(work, place, rows, n, scale):
    """Replace every column of a matrix [rows, n] by the softmax of `scale` times it."""
    for c in wide(work, n):
        top = get(work, place + c)
        for j in range(1, rows):
            top = max(top, get(work, place + j * n + c))
        total = math.exp(scale * (get(work, place + c) - top))
        put(work, place + c, total)
        for j in range(1, rows):
            share = math.exp(scale * (get(work, place + j * n + c) - top))
            put(work, place + j * n + c, share)
            total = total + share
        part = 1.0 / total
        for j in range(rows):
            put(work, place + j * n + c, get(work, place + j * n + c) * part)
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give the gradients of all tensors and of the input; OUT becomes dLoss/d(MIXED)."""
    n, e = rows * q[r + TIME], q[r + WIDTH]
    errors, mixed = matrix(work, q[r + D_OUT], n, e), matrix(work, q[r + MIXED], n, e)
    weights_in, weights_out = (
        matrix(params, q[r + W_IN], e, 3 * e),
        matrix(params, q[r + W_OUT], e, e),
    )
    matmul(errors, weights_out, matrix(work, q[r + OUT], n, e), False, True)
    adds = adds_to(q, r + OUT_ADDS, first)
    matmul(mixed, errors, matrix(grads, q[r + W_OUT], e, e), True, False, adds)
    add_columns(vector(work, q[r + D_OUT], n * e), errors, vector(grads, q[r + B_OUT], e))
    for i in range(rows):
        attend_back(q, work, r, i)
    parts, X = matrix(work, q[r + PARTS], n, 3 * e), matrix(work, q[r + IN], n, e)
    adds = adds_to(q, r + IN_ADDS, first)
    matmul(X, parts, matrix(grads, q[r + W_IN], e, 3 * e), True, False, adds)
    part_errors, biases = vector(work, q[r + PARTS], n * 3 * e), vector(grads, q[r + B_IN], 3 * e)
    add_columns(part_errors, parts, biases)
    if q[r + D_IN] >= 0:
        matmul(parts, weights_in, matrix(work, q[r + D_IN], n, e), False, True, q[r + D_ADDS])


def attend_back(q, work, r, i):
    """Turn PARTS of example i into their gradient."""
    time, e, pitch = q[r + TIME], q[r + WIDTH], q[r + PITCH]
    wide_row, head = q[r + HEADS] * pitch, e // q[r + HEADS]
    keys = valid_of(q, work, r, time, i)
    parts, scores = q[r + PARTS] + i * time * 3 * e, q[r + SCORES] + i * time * wide_row
    for h in range(q[r + HEADS]):
        values, errors = parts + 2 * e + h * head, q[r + OUT] + i * time * e + h * head
        matmul_strided(
            work, values, 3 * e, work, errors, e, work, q[r + SCORE_ERRORS] + h * pitch, wide_row,
            keys, time, head, False, True, False,
        )  # fmt: skip
        matmul_strided(
            work, scores + h * pitch, wide_row, work, errors, e,
            work, q[r + PART_ERRORS] + 2 * e + h * head, 3 * e,
            keys, head, time, False, False, False,
        )  # fmt: skip
    scale = work.dtype.type(1.0 / math.sqrt(head))
    through_softmax(work, scores, q[r + SCORE_ERRORS], keys, wide_row, scale)
    for h in range(q[r + HEADS]):
        queries, to = parts + h * head, q[r + PART_ERRORS] + h * head
        errors = q[r + SCORE_ERRORS] + h * pitch
        matmul_strided(
            work, errors, wide_row, work, queries + e, 3 * e, work, to, 3 * e,
            time, head, keys, True, False, False,
        )  # fmt: skip
        matmul_strided(
            work, errors, wide_row, work, queries, 3 * e, work, to + e, 3 * e,
            keys, head, time, False, False, False,
        )  # fmt: skip
    take_errors(q, work, r, parts, keys)


def through_softmax(work, shares, errors, rows, n, scale):
    """Turn dLoss/d(softmax) into dLoss/d(its argument before the scale); see `softmax`."""
    for c in wide(work, n):
        mean = get(work, shares + c) * get(work, errors + c)
        for j in range(1, rows):
            mean = mean + get(work, shares + j * n + c) * get(work, errors + j * n + c)
        for j in range(rows):
            at = errors + j * n + c
            put(work, at, scale * get(work, shares + j * n + c) * (get(work, at) - mean))
    sync()


def take_errors(q, work, r, parts, keys):
    """Copy PART_ERRORS over the parts of an example; keys that were left out have no share."""
    time, e = q[r + TIME], q[r + WIDTH]
    for j in range(time):
        own = 3 * e if j < keys else e
        copy(work, q[r + PART_ERRORS] + j * 3 * e, work, parts + j * 3 * e, own)
        fill(work, parts + j * 3 * e + own, 3 * e - own, work.dtype.type(0))
    sync()
