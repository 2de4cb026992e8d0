"""Long short-term memory (Hochreiter and Schmidhuber 1997; Gers et al. 2000 for the forget gate).

Gates i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W_ih x_s + b_ih + W_hh h_(s-1) + b_hh;
c_s = f c_(s-1) + i g and h_s = o tanh(c_s), all by element. A row of GATES holds them in this order
and tanh(c_s) after them.
"""

import math

from optbench.kernels.products.primitives import get, put, sync, wide
from optbench.nets.activations import sigmoid
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
    CELL_ERRORS,
    CELLS,
    ERRORS,
    PITCH,
    STATES,
    SUMS,
    TIME,
    UNITS,
    fill,
    gates_at,
    give_states,
    states_at,
    valid_steps,
)


def forward(params, q, work, r, rows, mode, t, key):
    """Run all steps and write the output; its fields are those of `steps`."""
    start(q, work, r, rows)
    sum_biases(params, q, work, r)
    fill(work, q[r + CELLS], rows * q[r + PITCH], work.dtype.type(0))
    sync()
    for s in range(q[r + TIME]):
        take_inputs(params, q, work, r, rows, s)
        add_states(params, q, work, r, rows, s, 0, 4, 0, True)
        step(q, work, r, rows, s)
    give_states(q, work, r, rows)


def step(q, work, r, rows, s):
    """Fill GATES, CELLS and STATES of step s; an example that has ended keeps its cells."""
    n, pitch, b = q[r + UNITS], q[r + PITCH], q[r + SUMS]
    to_cells = q[r + CELLS] - q[r + STATES]
    for i in range(rows):
        before, after = states_at(q, r, rows, s, i), states_at(q, r, rows, s + 1, i)
        if s >= valid_steps(q, work, r, i):
            copy(work, before, work, after, n)
            copy(work, before + to_cells, work, after + to_cells, n)
            continue
        z = gates_at(q, r, rows, s, i)
        for c in wide(work, reach(work, n)):
            i_gate = sigmoid(get(work, z + c) + get(work, b + c))
            f_gate = sigmoid(get(work, z + pitch + c) + get(work, b + pitch + c))
            g_gate = math.tanh(get(work, z + 2 * pitch + c) + get(work, b + 2 * pitch + c))
            o_gate = sigmoid(get(work, z + 3 * pitch + c) + get(work, b + 3 * pitch + c))
            cell = f_gate * get(work, before + to_cells + c) + i_gate * g_gate
            squashed = math.tanh(cell)
            put(work, z + c, i_gate)
            put(work, z + pitch + c, f_gate)
            put(work, z + 2 * pitch + c, g_gate)
            put(work, z + 3 * pitch + c, o_gate)
            put(work, z + 4 * pitch + c, squashed)
            put(work, after + to_cells + c, cell)
            put(work, after + c, o_gate * squashed)
    sync()


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Go back through time; then write or add all gradients."""
    start_back(q, work, r, rows)
    fill(work, q[r + CELL_ERRORS], rows * q[r + PITCH], work.dtype.type(0))
    sync()
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
    """Turn ERRORS, which become 0, and GATES of step s into dLoss/d(arguments of the gates)."""
    pitch, to_cells = q[r + PITCH], q[r + CELLS] - q[r + STATES]
    for c in wide(work, reach(work, q[r + UNITS])):
        b = q[r + SUMS] + c
        sum_i, sum_f = get(work, b), get(work, b + pitch)
        sum_g, sum_o = get(work, b + 2 * pitch), get(work, b + 3 * pitch)
        for i in range(rows):
            if s >= valid_steps(q, work, r, i):
                continue
            z, before = gates_at(q, r, rows, s, i) + c, states_at(q, r, rows, s, i) + to_cells + c
            d, d_cell = q[r + ERRORS] + i * pitch + c, q[r + CELL_ERRORS] + i * pitch + c
            i_gate, f_gate = get(work, z), get(work, z + pitch)
            g_gate, o_gate = get(work, z + 2 * pitch), get(work, z + 3 * pitch)
            squashed, error = get(work, z + 4 * pitch), get(work, d)
            of_cell = get(work, d_cell) + error * o_gate * (1.0 - squashed * squashed)
            of_i = of_cell * g_gate * i_gate * (1.0 - i_gate)
            of_f = of_cell * get(work, before) * f_gate * (1.0 - f_gate)
            of_g = of_cell * i_gate * (1.0 - g_gate * g_gate)
            of_o = error * squashed * o_gate * (1.0 - o_gate)
            put(work, z, of_i)
            put(work, z + pitch, of_f)
            put(work, z + 2 * pitch, of_g)
            put(work, z + 3 * pitch, of_o)
            put(work, d_cell, of_cell * f_gate)
            put(work, d, 0.0)
            sum_i, sum_f = sum_i + of_i, sum_f + of_f
            sum_g, sum_o = sum_g + of_g, sum_o + of_o
        put(work, b, sum_i)
        put(work, b + pitch, sum_f)
        put(work, b + 2 * pitch, sum_g)
        put(work, b + 3 * pitch, sum_o)
    sync()
