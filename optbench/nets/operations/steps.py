"""What the recurrent operations have in common: time outermost, and gates side by side.

Inside these operations the numbers of one time step lie together, whatever the example, so that a
step works on adjacent memory: row ``s * rows + i`` belongs to step s of example i. A row of GATES
has a block of `PITCH` numbers a gate, of which the first `UNITS` count; PITCH is UNITS rounded up,
so that loops over a gate take whole Vecs. What these loops leave in the gap is never used.

A step has a product of its inputs and one of its states, and one on the way back; the gradients of
the weights are products over many steps.
"""

from optbench.kernels.products.primitives import get, lanes, put, span, sync, wide
from optbench.nets.layer_operations import copy
from optbench.nets.tape.records import D_ADDS, D_IN, IN, LENGTHS, OUT, OWN

W_IH, W_HH, B_IH, B_HH, IH_ADDS, HH_ADDS = range(OWN, OWN + 6)
TIME, FEATURES, UNITS, PITCH, LAST, W_GATES, BLOCKS = range(OWN + 6, OWN + 13)
INPUTS, GATES, STATES, ERRORS, SUMS, CELLS, CELL_ERRORS = range(OWN + 13, OWN + 20)
"""Places of the tensors, and whether a later record has written to the gradients of the weights;
the sizes. LAST is 1 if the last state of an example is the output, 0 if all are. The weights
[FEATURES, W_GATES * UNITS] have W_GATES gates, a row of GATES has BLOCKS of them.

Buffers: INPUTS [TIME * rows, FEATURES], GATES [TIME * rows, BLOCKS * PITCH], STATES [(TIME + 1) *
rows, PITCH] with those before the first step in front, ERRORS [rows, PITCH] for dLoss/d(states) of
a step, SUMS [BLOCKS * PITCH] for biases. CELLS, as large as STATES,
and CELL_ERRORS are those of an LSTM alone."""


# ---------------------------------------------------------------------------------- rows


def accumulate(v, first, w, to, n):
    """Add v[first : first + n] to w[to : to + n]."""
    whole = n - n % lanes(v)
    for c in wide(v, whole):
        put(w, to + c, get(w, to + c) + get(v, first + c))
    for c in span(n - whole):
        w[to + whole + c] += v[first + whole + c]


def fill(v, first, n, number):
    """Write a number to v[first : first + n]."""
    for c in span(n):
        v[first + c] = number


def valid_of(q, work, r, time, i):
    """Return how many of `time` steps example i has."""
    return int(work[q[r + LENGTHS] + i]) if q[r + LENGTHS] else time


def valid_steps(q, work, r, i):
    """Return how many steps example i of a recurrent operation has."""
    return valid_of(q, work, r, q[r + TIME], i)


def by_time(q, work, r, rows):
    """Copy the inputs to INPUTS, time outermost."""
    steps, n = q[r + TIME], q[r + FEATURES]
    for i in range(rows):
        for s in range(steps):
            copy(work, q[r + IN] + (i * steps + s) * n, work, q[r + INPUTS] + (s * rows + i) * n, n)
    sync()


def give_back(q, work, r, rows):
    """Write INPUTS to dLoss/d(inputs), example by example, or add them."""
    steps, n = q[r + TIME], q[r + FEATURES]
    for i in range(rows):
        for s in range(steps):
            source, to = q[r + INPUTS] + (s * rows + i) * n, q[r + D_IN] + (i * steps + s) * n
            if q[r + D_ADDS]:
                accumulate(work, source, work, to, n)
            else:
                copy(work, source, work, to, n)
    sync()


def gates_row(q, r):
    """Return the length of a row of GATES."""
    return q[r + BLOCKS] * q[r + PITCH]


def gates_at(q, r, rows, s, i):
    """Return the place of the GATES of example i in step s."""
    return q[r + GATES] + (s * rows + i) * gates_row(q, r)


def states_at(q, r, rows, s, i):
    """Return the place of the states of example i before step s."""
    return q[r + STATES] + (s * rows + i) * q[r + PITCH]


def give_states(q, work, r, rows):
    """Write the states to the output: the last one of an example, or all and zeros after them."""
    steps, n = q[r + TIME], q[r + UNITS]
    for i in range(rows):
        if q[r + LAST]:
            copy(work, states_at(q, r, rows, steps, i), work, q[r + OUT] + i * n, n)
        else:
            valid = valid_steps(q, work, r, i)
            for s in range(steps):
                to = q[r + OUT] + (i * steps + s) * n
                if s < valid:
                    copy(work, states_at(q, r, rows, s + 1, i), work, to, n)
                else:
                    fill(work, to, n, work.dtype.type(0))
    sync()
