"""What the driver does at every step to whole blocks, over Vecs.

`bind` makes them the CPU's; CUDA's targets bind them with `cuda.onelane`.
"""

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher
from numpy.typing import DTypeLike

from optbench.kernels.compiling.options import helper
from optbench.kernels.compiling.supplied import with_globals
from optbench.kernels.driver.target import (
    any_lane,
    lane_bits,
    load,
    rows,
    store,
    whole,
    width,
)
from optbench.kernels.products.primitives import span
from optbench.kernels.simd import lanebits
from optbench.kernels.simd.access import access
from optbench.kernels.simd.vec import Vec
from optbench.kernels.sizes import WIDTHS


def bind(dtype: DTypeLike) -> dict[str, Dispatcher]:
    """Return `PASSES` compiled over Vecs of a dtype: dict of str to dispatcher."""
    dtype = np.dtype(dtype)
    vec = Vec(numba.from_dtype(dtype), WIDTHS[dtype])
    names = {
        **access(vec, from_end=False), "width": vec.width, "any_lane": lanebits.any_lane,
        "lane_bits": lanebits.lane_bits, "whole": lanebits.whole,
    }  # fmt: skip
    for function in PASSES:
        names[function.__name__] = helper(with_globals(function, names), inline=True)
    return {function.__name__: names[function.__name__] for function in PASSES}


def update_best(f, best, target):
    """Update the running best; return the windows with events, a bit each (see `events_in`)."""
    windows = 0
    for lane in range(0, f.shape[0], width):
        value = load(f, lane)
        store(best, lane, whole(min(load(best, lane), value)))
        quiet = (value > load(target, lane)) & (value < np.inf)
        windows |= any_lane(~quiet) << lane // width
    return windows


def events_in(f, target, lane):
    """Return the lanes of a window, a bit each, that reached their target or left the finite."""
    value = load(f, lane)
    return lane_bits(~((value > load(target, lane)) & (value < np.inf)))


def points_finite(x):
    """Say whether x is finite in all lanes."""
    broken = False
    for lane in range(0, x.shape[1], width):
        xs = rows(x, lane)
        # 0 times what is finite is 0; two sums, so that one need not wait for the other.
        even, odd = xs[0] * 0.0, xs[0] * 0.0
        for i in range(1, x.shape[0] - 1, 2):
            even, odd = even + xs[i] * 0.0, odd + xs[i + 1] * 0.0
        even = even + xs[x.shape[0] - 1] * 0.0
        broken |= any_lane(even + odd != 0.0)
    return not broken


def copy_point(point, copy):
    """Copy a point."""
    for lane in range(0, point.shape[1], width):
        ours, theirs = rows(point, lane), rows(copy, lane)
        for i in span(point.shape[0]):
            theirs[i] = ours[i]


def values_finite(f):
    """Say whether f is finite in all lanes."""
    broken = False
    for lane in range(0, f.shape[0], width):
        broken |= any_lane(load(f, lane) * 0.0 != 0.0)
    return not broken


def into_frame(x, shift, centre, matrix, stretch, z, gz):
    """Write the point that the problem sees into z; see `groups.Surface`."""
    if matrix.shape[0]:
        turned_into_frame(x, shift, centre, matrix, z, gz)
    elif stretch != 1:
        for i in range(x.shape[0]):
            first, middle = shift[i], centre[i]
            for lane in range(0, x.shape[1], width):
                xs, zs = rows(x, lane), rows(z, lane)
                zs[i] = (xs[i] - first - middle) * stretch + middle
    else:
        for i in range(x.shape[0]):
            first = shift[i]
            for lane in range(0, x.shape[1], width):
                xs, zs = rows(x, lane), rows(z, lane)
                zs[i] = xs[i] - first


def turned_into_frame(x, shift, centre, matrix, z, gz):
    """Do so where a matrix turns (and stretches) it; gz takes what lies between."""
    for lane in range(0, x.shape[1], width):
        xs, zs, gs = rows(x, lane), rows(z, lane), rows(gz, lane)
        for i in range(x.shape[0]):
            gs[i] = xs[i] - shift[i] - centre[i]
        for i in range(x.shape[0]):
            turned = gs[0] * matrix[i, 0]
            for k in range(1, x.shape[0]):
                turned = turned + gs[k] * matrix[i, k]
            zs[i] = turned + centre[i]


def out_of_frame(gz, matrix, g):
    """Turn the gradient in z into the gradient in x."""
    for lane in range(0, g.shape[1], width):
        ours, theirs = rows(gz, lane), rows(g, lane)
        for i in range(g.shape[0]):
            turned = ours[0] * matrix[0, i]
            for k in range(1, g.shape[0]):
                turned = turned + ours[k] * matrix[k, i]
            theirs[i] = turned


def stretched(g, stretch):
    """Turn the gradient in z into the gradient in x, where no matrix does."""
    for i in range(g.shape[0]):
        for lane in range(0, g.shape[1], width):
            gs = rows(g, lane)
            gs[i] = gs[i] * stretch


PASSES = (
    update_best, events_in, points_finite, copy_point, values_finite,
    turned_into_frame, into_frame, out_of_frame, stretched,
)  # fmt: skip
