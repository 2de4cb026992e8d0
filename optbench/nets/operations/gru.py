"""The gated recurrent unit (Cho et al. 2014), as torch has it, which resets after the product.

r, z = sigmoid(W_ih x_s + b_ih + W_hh h_(s-1) + b_hh), n = tanh(W_ih x_s + b_ih + r (W_hh h_(s-1) +
b_hh)) and h_s = (1 - z) n + z h_(s-1), all by element. A row of GATES has r, z, n and what r
multiplies; on the way back the last two change places, so that the gradients of all that came from
the states are neighbours.
"""

import math

from optbench.kernels.products.primitives import get, put, sync, wide
from optbench.nets.activations import sigmoid
from optbench.nets.layer_operations import copy, reach
from optbench.nets.operations.gates import (
    add_states,
    bias_gradient,
    errors_back,
    input_errors,
    input_weights,
    open_step,
    run_of,
    start,
    start_back,
    state_weights,
    take_inputs,
)
from optbench.nets.operations.steps import (
    B_HH,
    B_IH,
    ERRORS,
    HH_ADDS,
    IH_ADDS,
    PITCH,
    SUMS,
    TIME,
    UNITS,
    accumulate,
    gates_at,
    give_back,
    give_states,
    states_at,
    valid_steps,
)
from optbench.nets.tape.records import D_IN, adds_to


def forward(params, q, work, r, rows, mode, t, key):
    """Run all steps and write the output; its fields are those of `steps`."""
    start(q, work, r, rows)
    place_biases(params, q, work, r)
    for s in range(q[r + TIME]):
        take_inputs(params, q, work, r, rows, s)
        add_states(params, q, work, r, rows, s, 0, 2, 0, True)
        add_states(params, q, work, r, rows, s, 2, 1, 3, False)
        step(q, work, r, rows, s)
    give_states(q, work, r, rows)


def place_biases(params, q, work, r):
    """Fill SUMS: of r and z the sums of both biases, of n those of its two parts."""
    n, pitch = q[r + UNITS], q[r + PITCH]
    for g in range(3):
        copy(params, q[r + B_IH] + g * n, work, q[r + SUMS] + g * pitch, n)
    for g in range(2):
        accumulate(params, q[r + B_HH] + g * n, work, q[r + SUMS] + g * pitch, n)
    copy(params, q[r + B_HH] + 2 * n, work, q[r + SUMS] + 3 * pitch, n)
    sync()


def step(q, work, r, rows, s):
    """Fill GATES and STATES of step s; an example that has ended keeps its state."""
    n, pitch, b = q[r + UNITS], q[r + PITCH], q[r + SUMS]
    for i in range(rows):
        before, after = states_at(q, r, rows, s, i), states_at(q, r, rows, s + 1, i)
        if s >= valid_steps(q, work, r, i):
            copy(work, before, work, after, n)
            continue
        z = gates_at(q, r, rows, s, i)
        for c in wide(work, reach(work, n)):
            reset = sigmoid(get(work, z + c) + get(work, b + c))
            update = sigmoid(get(work, z + pitch + c) + get(work, b + pitch + c))
            of_state = get(work, z + 3 * pitch + c) + get(work, b + 3 * pitch + c)
            of_input = get(work, z + 2 * pitch + c) + get(work, b + 2 * pitch + c)
            new = math.tanh(of_input + reset * of_state)
            put(work, z + c, reset)
            put(work, z + pitch + c, update)
            put(work, z + 2 * pitch + c, new)
            put(work, z + 3 * pitch + c, of_state)
            put(work, after + c, new + update * (get(work, before + c) - new))
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Go back through time; then write or add all gradients."""
    start_back(q, work, r, rows)
    run = run_of(rows)
    for end in range(q[r + TIME], 0, -run):
        begin = max(0, end - run)
        for s in range(end - 1, begin - 1, -1):
            open_step(q, work, r, rows, s)
            step_back(q, work, r, rows, s)
            if s:
                errors_back(params, q, work, r, rows, s)
        through_gates(params, grads, q, work, r, rows, begin, end - begin, first)
    for g in range(3):
        bias_gradient(grads, q, work, r, q[r + B_IH], g, g + g // 2)
        bias_gradient(grads, q, work, r, q[r + B_HH], g, g)
    sync()
    if q[r + D_IN] >= 0:
        give_back(q, work, r, rows)


def through_gates(params, grads, q, work, r, rows, s, steps, first):
    """Give the share of some steps; see `gates.through_gates`."""
    later = s + steps < q[r + TIME]
    state_weights(grads, q, work, r, rows, s, steps, later or adds_to(q, r + HH_ADDS, first))
    adds = later or adds_to(q, r + IH_ADDS, first)
    input_weights(grads, q, work, r, rows, s, steps, adds, 0, 2, 0)
    input_weights(grads, q, work, r, rows, s, steps, adds, 2, 1, 3)
    if q[r + D_IN] >= 0:
        input_errors(params, q, work, r, rows, s, steps, 0, 2, 0, False)
        input_errors(params, q, work, r, rows, s, steps, 2, 1, 3, True)


def step_back(q, work, r, rows, s):
    """Turn ERRORS and GATES of step s into dLoss/d(arguments): of r, z, n's state part, n.

    ERRORS keep what goes to the states before the step past the gates.
    """
    pitch = q[r + PITCH]
    for c in wide(work, reach(work, q[r + UNITS])):
        b = q[r + SUMS] + c
        sum_reset, sum_update = get(work, b), get(work, b + pitch)
        sum_state, sum_new = get(work, b + 2 * pitch), get(work, b + 3 * pitch)
        for i in range(rows):
            if s >= valid_steps(q, work, r, i):
                continue
            z, d = gates_at(q, r, rows, s, i) + c, q[r + ERRORS] + i * pitch + c
            reset, update = get(work, z), get(work, z + pitch)
            new, of_state = get(work, z + 2 * pitch), get(work, z + 3 * pitch)
            before, error = get(work, states_at(q, r, rows, s, i) + c), get(work, d)
            of_new = error * (1.0 - update) * (1.0 - new * new)
            of_reset = of_new * of_state * reset * (1.0 - reset)
            of_update = error * (before - new) * update * (1.0 - update)
            put(work, z, of_reset)
            put(work, z + pitch, of_update)
            put(work, z + 2 * pitch, of_new * reset)
            put(work, z + 3 * pitch, of_new)
            put(work, d, error * update)
            sum_reset, sum_update = sum_reset + of_reset, sum_update + of_update
            sum_state, sum_new = sum_state + of_new * reset, sum_new + of_new
        put(work, b, sum_reset)
        put(work, b + pitch, sum_update)
        put(work, b + 2 * pitch, sum_state)
        put(work, b + 3 * pitch, sum_new)
    sync()
