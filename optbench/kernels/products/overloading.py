"""How compiled code on the CPU gets its own version of a primitive."""

from collections.abc import Callable
from typing import Any

from numba.extending import overload

from optbench.kernels.compiling.parts import PartCompiler


def on_cpu(primitive: Callable[..., Any]) -> Callable[..., Any]:
    """Return a decorator for what gives the CPU's version of a primitive, by the arguments' types.

    On CUDA another function takes the primitive's place (see `kernels.cuda.primitives`).
    """
    options = dict(no_cfunc_wrapper=True, pipeline_class=PartCompiler)
    return overload(primitive, target="cpu", strict=False, jit_options=options)
