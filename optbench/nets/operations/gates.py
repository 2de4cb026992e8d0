"""The products of the recurrent operations, forward and backward; see `steps` for the buffers."""

from optbench.kernels.products.primitives import matmul_strided, sync
from optbench.nets.layer_operations import copy
from optbench.nets.operations.steps import (
    B_HH,
    B_IH,
    ERRORS,
    FEATURES,
    HH_ADDS,
    IH_ADDS,
    INPUTS,
    LAST,
    PITCH,
    STATES,
    SUMS,
    TIME,
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
    states_at,
    valid_steps,
)
from optbench.nets.tape.records import D_IN, D_OUT, adds_to

ROWS_AT_ONCE = 256
"""Rows of GATES from which the gradients of weights are computed at once: they fit a second-level
cache, and are as deep as a panel of `products.product`."""


def start(q, work, r, rows):
    """Fill INPUTS and zero the states before the first step."""
    by_time(q, work, r, rows)
    fill(work, q[r + STATES], rows * q[r + PITCH], work.dtype.type(0))
    sync()


def take_inputs(params, q, work, r, rows, s):
    """Set the GATES of step s to its inputs times their weights.

    What all steps have in common could be one product, but GATES of all steps do not fit a cache.
    """
    inner = q[r + FEATURES]
    for g in range(blocks(q, r, q[r + W_GATES])):
        matmul_strided(
            work, q[r + INPUTS] + s * rows * inner, inner,
            params, q[r + W_IH] + g * q[r + UNITS], weight_row(q, r),
            work, gates_at(q, r, rows, s, 0) + g * q[r + PITCH], gates_row(q, r),
            rows, width(q, r, q[r + W_GATES]), inner, False, False, False,
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


def start_back(q, work, r, rows):
    """Zero SUMS, and fill ERRORS with what is known after the last step."""
    n = q[r + UNITS]
    fill(work, q[r + SUMS], gates_row(q, r), work.dtype.type(0))
    for i in range(rows):
        to = q[r + ERRORS] + i * q[r + PITCH]
        if q[r + LAST]:
            copy(work, q[r + D_OUT] + i * n, work, to, n)
        else:
            fill(work, to, n, work.dtype.type(0))
    sync()


def open_step(q, work, r, rows, s):
    """Add dLoss/d(outputs) of step s to ERRORS, and zero the GATES of examples that have ended."""
    n, pitch = q[r + UNITS], q[r + PITCH]
    for i in range(rows):
        if s >= valid_steps(q, work, r, i):
            fill(work, gates_at(q, r, rows, s, i), gates_row(q, r), work.dtype.type(0))
        elif not q[r + LAST]:
            source = q[r + D_OUT] + (i * q[r + TIME] + s) * n
            accumulate(work, source, work, q[r + ERRORS] + i * pitch, n)
    sync()


def errors_back(params, q, work, r, rows, s):
    """Add to ERRORS what goes through the first W_GATES blocks of GATES of step s."""
    n, pitch, gates = q[r + UNITS], q[r + PITCH], q[r + W_GATES]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, gates_at(q, r, rows, s, 0) + g * pitch, gates_row(q, r),
            params, q[r + W_HH] + g * n, weight_row(q, r), work, q[r + ERRORS], pitch,
            rows, n, width(q, r, gates), False, True, True,
        )  # fmt: skip


def state_weights(grads, q, work, r, rows, s, steps, adds):
    """Set the gradient of W_HH to the share of some steps from s on, or add it.

    It comes from the first W_GATES blocks of GATES.
    """
    n, gates = q[r + UNITS], q[r + W_GATES]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, states_at(q, r, rows, s, 0), q[r + PITCH],
            work, gates_at(q, r, rows, s, 0) + g * q[r + PITCH], gates_row(q, r),
            grads, q[r + W_HH] + g * n, weight_row(q, r),
            n, width(q, r, gates), steps * rows, True, False, adds,
        )  # fmt: skip


def input_weights(grads, q, work, r, rows, s, steps, adds, first, gates, block):
    """Set the gradient of some gates of W_IH to the share of some steps, or add it.

    `first`, `gates` and `block` are those of `add_states`.
    """
    inner, n = q[r + FEATURES], q[r + UNITS]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, q[r + INPUTS] + s * rows * inner, inner,
            work, gates_at(q, r, rows, s, 0) + (block + g) * q[r + PITCH], gates_row(q, r),
            grads, q[r + W_IH] + (first + g) * n, weight_row(q, r),
            inner, width(q, r, gates), steps * rows, True, False, adds,
        )  # fmt: skip


def input_errors(params, q, work, r, rows, s, steps, first, gates, block, add):
    """Turn INPUTS of some steps into dLoss/d(inputs) by some gates, or add that."""
    inner, n = q[r + FEATURES], q[r + UNITS]
    for g in range(blocks(q, r, gates)):
        matmul_strided(
            work, gates_at(q, r, rows, s, 0) + (block + g) * q[r + PITCH], gates_row(q, r),
            params, q[r + W_IH] + (first + g) * n, weight_row(q, r),
            work, q[r + INPUTS] + s * rows * inner, inner,
            steps * rows, inner, width(q, r, gates), False, True, add or g > 0,
        )  # fmt: skip


def through_gates(params, grads, q, work, r, rows, s, steps, first):
    """Give the share of some steps from s on, once their GATES hold the gradients.

    Steps come in runs of `run_of`, the last ones first; `first` is that of the operation.
    """
    gates, later = q[r + W_GATES], s + steps < q[r + TIME]
    state_weights(grads, q, work, r, rows, s, steps, later or adds_to(q, r + HH_ADDS, first))
    adds = later or adds_to(q, r + IH_ADDS, first)
    input_weights(grads, q, work, r, rows, s, steps, adds, 0, gates, 0)
    if q[r + D_IN] >= 0:
        input_errors(params, q, work, r, rows, s, steps, 0, gates, 0, False)


def run_of(rows):
    """Return how many steps the gradients of weights take at once, so that a cache holds them."""
    return max(1, ROWS_AT_ONCE // rows)


def finish_back(grads, q, work, r, rows):
    """Give the gradients of the biases from SUMS, and dLoss/d(inputs) from INPUTS."""
    for g in range(q[r + W_GATES]):
        bias_gradient(grads, q, work, r, q[r + B_IH], g, g)
        bias_gradient(grads, q, work, r, q[r + B_HH], g, g)
    sync()
    if q[r + D_IN] >= 0:
        give_back(q, work, r, rows)


def bias_gradient(grads, q, work, r, b, gate, block):
    """Add a block of SUMS to the gradient of a gate's bias."""
    n = q[r + UNITS]
    accumulate(work, q[r + SUMS] + block * q[r + PITCH], grads, b + gate * n, n)
