"""Feeding given gradients to a rule, outside of the driver."""

import functools

import numba
import numpy as np
from numba import types
from numba.core.dispatcher import Dispatcher
from numpy.typing import DTypeLike

from optbench.kernels.compiling.options import jit
from optbench.kernels.memory.calls import RuleCall, call_type, caller
from optbench.kernels.memory.pointers import at


@functools.cache
def feeder(dtype: DTypeLike) -> Dispatcher:
    """Compile what hands one gradient after the other to a rule.

    Returns
    -------
    dispatcher
        ``feed(rule, address, gradients, values, places, sources, points, first, each, across)``:
        the addresses of a rule and of its RuleCall, gradients [T, d], values [T], places [d] of the
        coordinates among the elements of x, sources [T] (the state that is the point after a
        gradient, -1 for x), points [T, d] to fill, the number of the first gradient, and of
        gradients a step.
    """
    real = np.dtype(dtype)
    call_rule, to_call = caller(RuleCall, real), at(call_type(RuleCall, real))

    def feed(rule, address, gradients, values, places, sources, points, first, each, across):
        call = to_call(address)
        x, g, f, state = call.x, call.g, call.f, call.S
        columns = x.shape[1]
        for i in range(values.shape[0]):
            for row in range(x.shape[0]):
                for column in range(columns):
                    g[row, column] = 0
            for column in range(columns):
                f[column] = values[i]
            for k in range(places.shape[0]):
                g[places[k] // columns, places[k] % columns] = gradients[i, k]
            call_rule(rule, call, ((first + i) // each, (first + i) % each, across))
            for k in range(places.shape[0]):
                row, column = places[k] // columns, places[k] % columns
                source = sources[i]
                points[i, k] = x[row, column] if source < 0 else state[source, row, column]

    number = numba.from_dtype(real)
    matrix, line = types.Array(number, 2, "C"), types.Array(number, 1, "C")
    integers = types.Array(types.int64, 1, "C")
    return jit(
        feed,
        types.void(
            types.int64, types.int64, matrix, line, integers, integers, matrix, *[types.int64] * 3
        ),
    )
