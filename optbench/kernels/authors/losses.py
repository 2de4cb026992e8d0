"""An author's loss of one output and its answer, compiled over blocks of them.

Outputs are to the loss what lanes are to a problem of one coordinate: its derivative comes from
dual numbers, many outputs at once where the code has no data-dependent branches.
"""

import functools
import inspect
from types import FunctionType

import numba
import numpy as np

from optbench.define.names import place_of
from optbench.errors import DefinitionError
from optbench.kernels.authors.candidates import Candidate
from optbench.kernels.authors.retype import retype
from optbench.kernels.authors.sources import generated
from optbench.kernels.compiling.options import helper
from optbench.kernels.dual.rows import dual_access
from optbench.kernels.memory.calls import Block, LossCall
from optbench.kernels.memory.fetching import fetching
from optbench.kernels.simd.access import access
from optbench.kernels.simd.vec import Vec
from optbench.kernels.sizes import WIDTHS

_SOURCE = """def block(call, n):
    x, g, f, y = fetch(call)
    for lane in range(0, n, {width}):
        z = dual_rows(fixed_rows(x, lane), 0)[0]
        differentiated(f, g, lane, 0, author(z, load(y, lane)))
"""


def check_loss(function: object) -> None:
    """Refuse what is no function of an output and its answer.

    Raises
    ------
    DefinitionError
        It says what a loss takes.
    """
    names = list(inspect.signature(function).parameters) if inspect.isfunction(function) else []
    if len(names) != 2:
        what = place_of(function) if inspect.isfunction(function) else repr(function)
        raise DefinitionError(
            f"{what}: a loss is a function of two numbers, loss(z, y): one output and its answer"
        )


@functools.cache
def loss_block(function: FunctionType, dtype: str) -> Block:
    """Compile a loss, see `memory.calls.LossCall`."""
    real = np.dtype(dtype)

    def build(width):
        vec = Vec(numba.from_dtype(real), width)
        author = helper(retype(function, real))
        names = {**access(vec), **dual_access(vec, 1), "fetch": fetching(), "author": author}
        return generated(_SOURCE.format(width=width), names)

    name, place = function.__name__, place_of(function)
    widths = (WIDTHS[real], 1)
    return Candidate(build, LossCall, real, name, place, widths, False, (function,)).compiled
