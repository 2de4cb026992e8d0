"""Functions of numbers compiled over Vecs, as arrays in and arrays out."""

import inspect

import numba
import numpy as np

from optbench.kernels.authors.retype import retype
from optbench.kernels.compiling.options import OPTIONS, helper
from optbench.kernels.memory.floating import FLUSH, get_mode, set_mode
from optbench.kernels.simd.access import access
from optbench.kernels.simd.vec import Vec

PRECISIONS = ("float64", "float32")


def vec_of(dtype, width, swift=False):
    return Vec(numba.from_dtype(np.dtype(dtype)), width, swift)


def compiled(function, dtype, width, results=1, swift=False, flush=False):
    """Compile ``function(x, y, ...)``, which returns a value or, if `results` > 1, a tuple.

    Returns
    -------
    dispatcher
        It takes the arguments as one-dimensional arrays, then an array [results, n] for the
        values; n is a multiple of `width`.
    """
    names = list(inspect.signature(function).parameters)
    values = ", ".join(f"r{i}" for i in range(results))
    loads = ", ".join(f"load({name}, lane)" for name in names)
    lines = [
        f"def block({', '.join(names)}, out):",
        "    mode = get_mode()",
        "    set_mode(mode | FLUSH)" if flush else "    set_mode(mode)",
        f"    for lane in range(0, out.shape[1], {width}):",
        f"        {values} = function({loads})",
        *[f"        store(out[{i}], lane, r{i})" for i in range(results)],
        "    set_mode(mode)",
    ]
    scope = {
        **access(vec_of(dtype, width, swift)),
        "function": helper(retype(function, dtype)),
        "get_mode": get_mode,
        "set_mode": set_mode,
        "FLUSH": FLUSH,
    }
    exec("\n".join(lines), scope)
    return numba.njit(**OPTIONS)(scope["block"])


def on_lanes(function, dtype, width, results=1, **options):
    """Return what maps arrays of any length to the array(s) of `function`'s values."""
    block = compiled(function, dtype, width, results, **options)

    def apply(*arrays):
        arrays = [np.ascontiguousarray(a, dtype) for a in arrays]
        count = arrays[0].size
        padded = [np.concatenate([a, np.ones(-count % width, dtype)]) for a in arrays]
        out = np.empty((results, padded[0].size), dtype)
        block(*padded, out)
        return out[0, :count] if results == 1 else out[:, :count]

    return apply


def pairs(dtype, extra=()):
    """Return (x, y): every pair of special and of some ordinary numbers."""
    info = np.finfo(dtype)
    special = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, -2.5, 0.5, 7.25, np.inf, -np.inf, np.nan]
    special += [float(info.tiny), float(info.max), -float(info.max), float(info.eps), *extra]
    x, y = np.meshgrid(np.array(special, dtype), np.array(special, dtype))
    return x.ravel(), y.ravel()


def units(computed, exact, dtype):
    """Return errors in units in the last place; `exact` has more digits than `dtype`."""
    with np.errstate(over="ignore"):
        unit = np.spacing(np.abs(exact.astype(dtype))).astype(exact.dtype)
    return np.abs(computed.astype(exact.dtype) - exact) / unit
