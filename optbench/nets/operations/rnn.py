"""The recurrent layer of Elman (1990): h_s = tanh(W_ih x_s + b_ih + W_hh h_(s-1) + b_hh)."""

import math

from optbench.kernels.products.primitives import get, put, sync, wide
from optbench.nets.layer_operations import copy, reach
from optbench.nets.operations.gates import (
    add_states,
    errors_back,
    finish_back,
    open_step,
    run_of,
    start,
    start_back,
    sum_biases,
    take_inputs,
    through_gates,
)
from optbench.nets.operations.steps import (
    ERRORS,
    PITCH,
    SUMS,
    TIME,
    UNITS,
    gates_at,
    give_states,
    states_at,
    valid_steps,
)


def forward(params, q, work, r, rows, mode, t, key):
    """Run all steps and write the output; its fields are those of `steps`."""
    start(q, work, r, rows)
    sum_biases(params, q, work, r)
    for s in range(q[r + TIME]):
        take_inputs(params, q, work, r, rows, s)
        add_states(params, q, work, r, rows, s, 0, 1, 0, True)
        step(q, work, r, rows, s)
    give_states(q, work, r, rows)


def step(q, work, r, rows, s):
    """Turn GATES of step s into the states after it; an example that has ended keeps its state."""
    n = q[r + UNITS]
    for i in range(rows):
        before, after = states_at(q, r, rows, s, i), states_at(q, r, rows, s + 1, i)
        if s >= valid_steps(q, work, r, i):
            copy(work, before, work, after, n)
            continue
        z = gates_at(q, r, rows, s, i)
        for c in wide(work, reach(work, n)):
            put(work, after + c, math.tanh(get(work, z + c) + get(work, q[r + SUMS] + c)))
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
    finish_back(grads, q, work, r, rows)


def step_back(q, work, r, rows, s):
    """Turn ERRORS, which become 0, and the states after step s into dLoss/d(arguments of tanh)."""
    for c in wide(work, reach(work, q[r + UNITS])):
        b = q[r + SUMS] + c
        total = get(work, b)
        for i in range(rows):
            if s >= valid_steps(q, work, r, i):
                continue
            d, state = (
                q[r + ERRORS] + i * q[r + PITCH] + c,
                get(work, states_at(q, r, rows, s + 1, i) + c),
            )
            error = get(work, d) * (1.0 - state * state)
            put(work, gates_at(q, r, rows, s, i) + c, error)
            put(work, d, 0.0)
            total = total + error
        put(work, b, total)
    sync()
