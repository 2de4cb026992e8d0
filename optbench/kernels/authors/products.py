"""Products with the Hessian: an author's gradient compiled over Duals of one direction.

What is compiled is called like the problem itself (see `memory.calls.ProblemCall`), but g has three
times as many rows as x: the driver writes the direction into the second third; the first takes the
product, the last the gradient.
"""

import functools
import inspect
from types import FunctionType

import numba
import numpy as np
import numpy.typing as npt

from optbench.define.names import place_of
from optbench.errors import DefinitionError
from optbench.kernels.authors.blocks import DRAWS, FEW_COORDINATES, FOR_ALL, FOR_AUTHORS
from optbench.kernels.authors.candidates import Candidate
from optbench.kernels.authors.retype import retype
from optbench.kernels.authors.sources import generated, product_source
from optbench.kernels.compiling.options import helper
from optbench.kernels.dual.directed import directed_access
from optbench.kernels.memory.calls import Block, ProblemCall
from optbench.kernels.simd.access import access, rows_from
from optbench.kernels.simd.vec import Vec
from optbench.kernels.sizes import WIDTHS


def product_block(function: FunctionType, dtype: npt.DTypeLike, dim: int) -> Block:
    """Compile the product of a problem's Hessian with a direction, for blocks.

    Parameters
    ----------
    function : function
        The author's; it fills g.
    dtype : numpy.dtype
    dim : int
        The number of coordinates; a block of few is for no other number.

    Raises
    ------
    DefinitionError
        If it takes no g, or computes what has no derivative.
    """
    return product_candidate(function, np.dtype(dtype), dim).compiled


def product_candidate(function: FunctionType, dtype: np.dtype, dim: int) -> Candidate:
    """Return the block function of products with a problem's Hessian; see `product_block`."""
    if "g" not in inspect.signature(function).parameters:
        raise DefinitionError(no_products(function))
    return _candidate(function, dtype, dim if dim <= FEW_COORDINATES else None)


def no_products(function: FunctionType) -> str:
    """Say why a problem without a gradient of its own has no products with the Hessian."""
    return (
        f"{place_of(function)}: {function.__name__} leaves its gradient to dual numbers; products "
        "with the Hessian come from code that fills g: take g after x and fill g[i] by hand"
    )


@functools.cache
def _candidate(function: FunctionType, dtype: np.dtype, dim: int | None) -> Candidate:
    source = product_source(function, dim)

    def build(width: int) -> FunctionType:
        vec = Vec(numba.from_dtype(dtype), width)
        names = {**FOR_ALL, **access(vec), **directed_access(vec), "rows_from": rows_from}
        author = helper(retype(function, dtype))
        return generated(
            source.format(width=width), {**names, "author": author, "fetch": FOR_AUTHORS}
        )

    draws = bool(DRAWS & set(inspect.signature(function).parameters))
    name = f"the Hessian of {function.__name__}"
    return Candidate(
        build, ProblemCall, dtype, name, place_of(function), (WIDTHS[dtype], 1), draws, (function,)
    )
