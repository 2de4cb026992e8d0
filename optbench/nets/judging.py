"""How well a classifier does in evaluation: its loss and its right answers, many rows at a time.

In training outputs become gradients, row by row (`losses.cross_entropy`). Here nobody wants those.
Outputs are turned, so that a Vec holds one class of as many rows as it has lanes, and all that is
looked for in a row is found without sums over lanes. Numbers of a row are added in the order of
`cross_entropy`, and so are those of all rows: the loss has the same bits. Rows that fill no Vec
stay as they are. On CUDA a Vec is one row, and a thread's own.
"""

import math

from optbench.define import where
from optbench.kernels.products.primitives import (
    apart,
    get,
    lanes,
    matrix,
    put,
    span,
    sync,
    total,
    vector,
    wide,
)
from optbench.nets.layer_operations import copy
from optbench.nets.losses import CROSS_ENTROPY, at_labels, exp_all, is_long, row_sum, shift_row
from optbench.nets.operations.max_pool import later
from optbench.nets.outputs import is_first_largest
from optbench.nets.packing import D_OUTPUT, LOSS, OUTPUT


def turns(q, work, n, smoothing):
    """Return whether outputs of `n` numbers a row are judged here; others go by `losses`."""
    if q[LOSS] != CROSS_ENTROPY or q[D_OUTPUT] == q[OUTPUT]:
        return False
    return n >= 2 and smoothing == 0.0 and not is_long(work, n)


def turned_rows(work, rows):
    """Return how many rows are turned: those that fill Vecs."""
    return rows - rows % lanes(work)


def turn(work, source, to, rows, n):
    """Copy outputs [rows, n]; of rows that share Vecs class by class."""
    whole = turned_rows(work, rows)
    for i in wide(work, whole):
        for j in range(n):
            put(work, to + i * n + j * lanes(work), apart(work, source + i * n + j, n))
    copy(work, source + whole * n, work, to + whole * n, (rows - whole) * n)
    sync()


def right_rows(work, place, rows, n, Y):
    """Return in how many rows of turned outputs the first largest number is at the label.

    `outputs.hits` says what is right; nothing is where a number is NaN.
    """
    whole, number = turned_rows(work, rows), work.dtype.type
    labels, right = vector(Y, 0, rows), work.dtype.type(0)
    for i in wide(work, whole):
        most, largest = get(work, place + i * n), number(0)
        for j in range(1, n):
            z = get(work, place + i * n + j * lanes(work))
            largest = later(most, z, largest, number(j))
            most = later(most, z, most, z)
        largest = where(most == most, largest, number(n))
        right += where(largest == get(labels, i), number(1), number(0))
    count = total(right)
    Z = matrix(work, place + whole * n, rows - whole, n)
    for i in range(rows - whole):
        if labels[whole + i] >= 0:
            count += is_first_largest(Z, i, int(labels[whole + i]))
    sync()
    return count


def loss_of_rows(work, place, rows, n, Y):
    """Return ``-sum(log softmax(Z)[label])`` of turned outputs, which are void then.

    Parameters
    ----------
    work : array
    place : int
        Of the outputs.
    rows, n : int
        Their shape, n >= 2.
    Y : array [rows, 1]
        Class labels 0, 1, ... stored as floats, -1 for rows that count for nothing.
    """
    whole, labels = turned_rows(work, rows), vector(Y, 0, rows)
    loss, rest = work.dtype.type(0), rows - whole
    for i in wide(work, whole):
        judge(work, place + i * n, n, get(labels, i))
    sync()
    for i in span(whole):
        if labels[i] >= 0:
            loss -= work[judged_at(work, place, i, n)]
    Z, z = matrix(work, place + whole * n, rest, n), vector(work, place + whole * n, rest * n)
    own = matrix(Y, whole, rest, 1)
    for i in range(rest):
        if own[i, 0] >= 0:
            shift_row(z, Z, i)
            loss -= at_labels(Z, i, own)
    exp_all(z, rest * n)
    for i in span(whole):
        if labels[i] >= 0:
            loss += math.log(work[judged_at(work, place, i, n) + lanes(work)])
    for i in range(rest):
        if own[i, 0] >= 0:
            loss += math.log(row_sum(z, Z, i))
    loss = total(loss)
    sync()
    return loss


def judged_at(work, place, i, n):
    """Return where `judge` leaves the output of row i; its sum is a Vec later."""
    return place + i // lanes(work) * lanes(work) * n + i % lanes(work)


def judge(work, at, n, label):
    """Put what matters of rows that share Vecs in place of their first two classes.

    That is the output at the label, less the largest one, and the sum of the exponentials of all
    outputs, less the largest one.
    """
    top, number = get(work, at), work.dtype.type
    for j in range(1, n):
        z = get(work, at + j * lanes(work))
        top = where(z > top, z, top)
    at_label = number(0)
    for j in range(n):
        z = get(work, at + j * lanes(work)) - top
        at_label = where(label == number(j), z, at_label)
        put(work, at + j * lanes(work), math.exp(z))
    s = number(0)
    for j in range(n):
        s += get(work, at + j * lanes(work))
    put(work, at, at_label)
    put(work, at + lanes(work), s)
