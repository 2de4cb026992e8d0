# ruff: noqa: F821 - `feeder` supplies `to_call`
"""Feeding given gradients to a rule, outside of the driver."""

import functools

import numpy as np
from numba import types

from optbench.kernels.compiling.options import jit, with_globals
from optbench.kernels.memory.calls import RuleCall, call_type, signature
from optbench.kernels.memory.pointers import at


@functools.cache
def feeder(dtype):
    """Compile what hands one gradient after the other to a rule.

    Returns
    -------
    dispatcher
        ``feed(rule, address, gradients, values, places, sources, points, first, each, across)``:
        `address` of a RuleCall, gradients [T, d], values [T], places [d] of the coordinates among
        the elements of x, sources [T] (the state that is the point after a gradient, -1 for x),
        points [T, d] to fill, the number of the first gradient, and of gradients a step.
    """
    real = np.dtype(dtype)
    array, integers = types.Array, types.Array(types.int64, 1, "C")
    number = types.float64 if real == np.float64 else types.float32
    rows = array(number, 2, "C")
    scope = {"to_call": at(call_type(RuleCall, real))}
    return jit(
        with_globals(_feed, scope),
        types.void(
            types.FunctionType(signature(RuleCall, real)), types.int64, rows,
            array(number, 1, "C"), integers, integers, rows, *[types.int64] * 3,
        ),
    )  # fmt: skip


def _feed(rule, address, gradients, values, places, sources, points, first, each, across):
    call = to_call(address)
    x, g, f, state = call.x, call.g, call.f, call.S
    columns = x.shape[1]
    for i in range(values.shape[0]):
        g[:, :] = 0
        f[:] = values[i]
        for k in range(places.shape[0]):
            g[places[k] // columns, places[k] % columns] = gradients[i, k]
        rule(call, (first + i) // each, (first + i) % each, across)
        for k in range(places.shape[0]):
            row, column = places[k] // columns, places[k] % columns
            source = sources[i]
            points[i, k] = x[row, column] if source < 0 else state[source, row, column]
