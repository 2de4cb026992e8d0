"""The products of the recurrent operations, forward and backward; see `steps` for the buffers."""

from optbench.kernels.products.primitives import get, matmul_strided, put, span, sync, wide
from optbench.nets.layer_operations import copy
from optbench.nets.operations.steps import (
    B_HH,
    B_IH,
    BLOCKS,
    ERRORS,
    FEATURES,
    GATES,
    HH_ADDS,
    IH_ADDS,
    INPUTS,
    LAST,
    PITCH,
    STATES,
    SUMS,
    TIME,
    TURNED,
    UNITS,
    W_GATES,
    W_HH,
    W_IH,
    accumulate,
    by_time,
    fill,
    gates_at,
    gates_row,
    give_back,
)
from optbench.nets.tape.records import D_IN, D_OUT, adds_to


def start(params, q, work, r, rows):
    """Fill INPUTS and GATES with what does not hang on the states, and zero the first states."""
    by_time(q, work, r, rows)
    fill(work, q[r + STATES], rows * q[r + PITCH], work.dtype.type(0))
    inner = q[r + FEATURES]
    for g in range(blocks(q, r, q[r + W_GATES])):
        matmul_strided(
            work, q[r + INPUTS], inner, params, q[r + W_IH] + g * q[r + UNITS], weight_row(q, r),
            work, q[r + GATES] + g * q[r + PITCH], gates_row(q, r),
            q[r + TIME] * rows, width(q, r, q[r + W_GATES]), inner, False, False, False,
        )  # fmt: skip


def add_states(params, q, work, r, rows, s, first, gates, block, add):
    """Add the states before step s, times the weights of some gates, to its GATES, or set those.

    Parameters
    ----------
    first, gates : int
        The first gate in the weights, and how many.
    block : int
        Where the first gate is in a row of GATES.
    add : bool
    """
    n, pitch = q[r + UNITS], q[r + PITCH]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, q[r + STATES] + s * rows * pitch, pitch,
            params, q[r + W_HH] + (first + g) * n, weight_row(q, r),
            work, gates_at(q, r, rows, s, 0) + (block + g) * pitch, gates_row(q, r),
            rows, width(q, r, gates), n, False, False, add,
        )  # fmt: skip


def blocks(q, r, gates):
    """Return into how many products a product with neighbouring gates falls: one, or all."""
    return 1 if q[r + UNITS] == q[r + PITCH] else gates


def width(q, r, gates):
    """Return the columns of such a product."""
    return gates * q[r + UNITS] // blocks(q, r, gates)


def weight_row(q, r):
    """Return the length of a row of the weights."""
    return q[r + W_GATES] * q[r + UNITS]


def sum_biases(params, q, work, r):
    """Fill SUMS with the sums of the two biases of every gate."""
    n = q[r + UNITS]
    for g in range(q[r + W_GATES]):
        copy(params, q[r + B_IH] + g * n, work, q[r + SUMS] + g * q[r + PITCH], n)
        accumulate(params, q[r + B_HH] + g * n, work, q[r + SUMS] + g * q[r + PITCH], n)
    sync()


# ------------------------------------------------------------------------------ the way back


def start_back(params, q, work, r, rows):
    """Transpose the weights of the states; fill ERRORS with what is known after the last step."""
    n, row = q[r + UNITS], weight_row(q, r)
    for j in range(row):
        for h in span(n):
            work[q[r + TURNED] + j * n + h] = params[q[r + W_HH] + h * row + j]
    for i in range(rows):
        to = q[r + ERRORS] + i * q[r + PITCH]
        if q[r + LAST]:
            copy(work, q[r + D_OUT] + i * n, work, to, n)
        else:
            fill(work, to, n, work.dtype.type(0))
    sync()


def add_errors(q, work, r, s, i):
    """Add dLoss/d(output) of step s of example i to its ERRORS, where it is an output."""
    if not q[r + LAST]:
        n = q[r + UNITS]
        source = q[r + D_OUT] + (i * q[r + TIME] + s) * n
        accumulate(work, source, work, q[r + ERRORS] + i * q[r + PITCH], n)


def errors_back(q, work, r, rows, s):
    """Add to ERRORS what goes through the first W_GATES blocks of GATES of step s."""
    n, pitch, gates = q[r + UNITS], q[r + PITCH], q[r + W_GATES]
    inner = width(q, r, gates)
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, gates_at(q, r, rows, s, 0) + g * pitch, gates_row(q, r),
            work, q[r + TURNED] + g * inner * n, n, work, q[r + ERRORS], pitch,
            rows, n, inner, False, False, True,
        )  # fmt: skip


def state_weights(grads, q, work, r, rows, first):
    """Write the gradient of W_HH, from the first W_GATES blocks of GATES; or add it."""
    n, gates = q[r + UNITS], q[r + W_GATES]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, q[r + STATES], q[r + PITCH], work, q[r + GATES] + g * q[r + PITCH],
            gates_row(q, r), grads, q[r + W_HH] + g * n, weight_row(q, r),
            n, width(q, r, gates), q[r + TIME] * rows, True, False,
            adds_to(q, r + HH_ADDS, first),
        )  # fmt: skip


def input_weights(grads, q, work, r, rows, first, gate, gates, block):
    """Write the gradient of some gates of W_IH, or add it; see `add_states`."""
    inner, n = q[r + FEATURES], q[r + UNITS]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, q[r + INPUTS], inner, work, q[r + GATES] + (block + g) * q[r + PITCH],
            gates_row(q, r), grads, q[r + W_IH] + (gate + g) * n, weight_row(q, r),
            inner, width(q, r, gates), q[r + TIME] * rows, True, False,
            adds_to(q, r + IH_ADDS, first),
        )  # fmt: skip


def input_errors(params, q, work, r, rows, gate, gates, block, add):
    """Turn INPUTS into dLoss/d(inputs) by some gates, or add that; see `add_states`."""
    inner, n = q[r + FEATURES], q[r + UNITS]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, q[r + GATES] + (block + g) * q[r + PITCH], gates_row(q, r),
            params, q[r + W_IH] + (gate + g) * n, weight_row(q, r), work, q[r + INPUTS], inner,
            q[r + TIME] * rows, inner, width(q, r, gates), False, True, add or g > 0,
        )  # fmt: skip


def sum_gates(q, work, r, rows):
    """Fill SUMS with the sums of the columns of GATES."""
    row = gates_row(q, r)
    fill(work, q[r + SUMS], row, work.dtype.type(0))
    for e in range(q[r + TIME] * rows):
        for c in wide(work, row):
            at = q[r + SUMS] + c
            put(work, at, get(work, at) + get(work, q[r + GATES] + e * row + c))
    sync()


def bias_gradient(grads, q, work, r, b, gate, block):
    """Add a block of SUMS to the gradient of a gate's bias."""
    n = q[r + UNITS]
    accumulate(work, q[r + SUMS] + block * q[r + PITCH], grads, b + gate * n, n)


def finish_back(params, grads, q, work, r, rows, first):
    """Give the gradients of all tensors and inputs, once GATES holds that of every gate."""
    gates = q[r + W_GATES]
    state_weights(grads, q, work, r, rows, first)
    input_weights(grads, q, work, r, rows, first, 0, gates, 0)
    sum_gates(q, work, r, rows)
    for g in range(gates):
        bias_gradient(grads, q, work, r, q[r + B_IH], g, g)
        bias_gradient(grads, q, work, r, q[r + B_HH], g, g)
    sync()
    if q[r + D_IN] >= 0:
        input_errors(params, q, work, r, rows, 0, gates, 0, False)
        give_back(q, work, r, rows)
