"""Compiling for CUDA: kernels, and the functions that they call.

Numba's CUDA target is taught first what `cuda.typing` has for it. In the simulator all functions
stay plain Python. Numba neither links nor launches: it would optimise anew when it links, so that
what runs was never what tests have looked at.
"""

import threading
import warnings
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from optbench.kernels.cuda import typing as cuda_typing
from optbench.kernels.cuda.arena import is_array
from optbench.kernels.cuda.device import LANES, SIMULATED, cuda
from optbench.kernels.memory import pointers
from optbench.kernels.simd import array_views

BLOCKS = 4
"""Blocks that a multiprocessor should hold: 128 registers a thread, of 65,536."""
HOPPER = (9, 0)
"""Compute capability that is compiled for where there is no device."""


if not SIMULATED:
    from numba.cuda import cgutils, types
    from numba.cuda.core.imputils import RefType, iternext_impl
    from numba.cuda.extending import lower_builtin, lower_getattr, lower_getattr_generic
    from numba.cuda.models import register_model
    from numba.cuda.np.numpy_support import from_dtype
    from numba.cuda.typing.templates import (
        AbstractTemplate,
        AttributeTemplate,
        infer_getattr,
        infer_global,
        signature,
    )

    cuda_typing.install(
        SimpleNamespace(
            types=types, signature=signature, AbstractTemplate=AbstractTemplate,
            infer_global=infer_global, lower_builtin=lower_builtin,
            iternext=iternext_impl(RefType.BORROWED),
            create_struct_proxy=cgutils.create_struct_proxy,
        )
    )  # fmt: skip
    _target = SimpleNamespace(
        register_model=register_model, AttributeTemplate=AttributeTemplate,
        AbstractTemplate=AbstractTemplate, signature=signature, infer_getattr=infer_getattr,
        infer_global=infer_global, lower_getattr=lower_getattr,
        lower_getattr_generic=lower_getattr_generic, lower_builtin=lower_builtin,
    )  # fmt: skip
    array_views.install(_target)
    pointers.install(_target)


def type_of(dtype: DTypeLike) -> Any:
    """Return what kernels call a dtype."""
    return np.dtype(dtype).type if SIMULATED else from_dtype(np.dtype(dtype))


def shared_type(dtype: DTypeLike) -> Any:
    """Return what kernels call the dtype of the memory that a block's threads share."""
    return np.dtype(dtype) if SIMULATED else type_of(dtype)


def part(copy: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what only kernels call; the simulator takes plain functions."""
    if SIMULATED:  # and lends the block's own things to what asks for them
        return cuda.jit(device=True)(copy) if "cuda" in copy.__code__.co_names else copy
    # What returns views can only be inlined.
    returns_view = hasattr(copy, "gives_view")
    return cuda.jit(device=True, inline="always" if returns_view else "never")(copy)


def part_of_net(copy: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what only kernels of nets call: built into its callers unless marked by `called`.

    Loops stay loops, so that what they compute is not computed ahead and held in registers, but in
    functions marked by `unrolled`.
    """
    dispatcher = part(copy)
    if SIMULATED:
        return dispatcher
    _forget_literals(dispatcher)
    compile_device, rolled = dispatcher.compile_device, not hasattr(copy, "is_unrolled")
    attribute = "noinline" if hasattr(copy, "is_called") else "alwaysinline"

    def compile_for_net(*arguments, **options):
        with cuda_typing.rolling(rolled):
            result = compile_device(*arguments, **options)
        name = result.fndesc.llvm_func_name
        result.library.get_function(name).attributes.add(attribute)
        return result

    dispatcher.compile_device = compile_for_net
    return dispatcher


def unrolled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function of nets whose loops are unrolled: their numbers stay in registers."""
    function.is_unrolled = True  # type: ignore[attr-defined]
    return function


def _forget_literals(dispatcher: Any) -> None:
    """Have a function compiled once for whole numbers, not again for each that is written down."""
    template = dispatcher.get_call_template

    def get_call_template(arguments, keywords):
        named = {name: types.unliteral(kind) for name, kind in keywords.items()}
        return template(tuple(map(types.unliteral, arguments)), named)

    dispatcher.get_call_template = get_call_template


def failures() -> tuple[type[Exception], ...]:
    """Return the errors that compiling a kernel may raise."""
    if SIMULATED:
        return ()
    from cuda.bindings.nvjitlink import nvJitLinkError
    from numba.core.errors import NumbaError
    from numba.cuda.core.errors import NumbaError as OwnNumbaError
    from numba.cuda.cudadrv.error import NvvmError

    return NumbaError, OwnNumbaError, NvvmError, nvJitLinkError


def kinds_of(groups: Sequence[NamedTuple]) -> tuple[Any, ...]:
    """Return the Numba types of a kernel's arguments; all arrays are C-contiguous and writable."""
    from numba.cuda.typing.typeof import typeof

    def example(value: Any) -> Any:
        return np.empty((1,) * len(value.shape), value.dtype) if is_array(value) else value

    return tuple(typeof(type(group)(*map(example, group))) for group in groups)


_assembling = threading.Lock()


def assembled(
    kernel: Callable[..., None],
    groups: Sequence[NamedTuple],
    dtype: DTypeLike = np.float64,
    rolled: bool = False,
    capability: tuple[int, int] = HOPPER,
    registers: int | None = None,
) -> str:
    """Compile a kernel for a processor that need not be there.

    Parameters
    ----------
    kernel : function
    groups : sequence of NamedTuple
        Arguments of the kinds that it will get.
    dtype : dtype
        Of the kernel's numbers.
    rolled : bool
        See `cuda.typing.kernels_of`.
    capability : (int, int)
    registers : int, optional
        What a thread has at most, also in functions that it calls; without, blocks have `LANES`
        threads, of which a multiprocessor is to hold `BLOCKS`. `linked` takes the same.

    Returns
    -------
    ptx : str
    """
    from numba.cuda import dispatcher

    with _assembling:
        real_device = dispatcher.get_current_device
        dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
        try:
            signature = types.void(*kinds_of(groups))
            with warnings.catch_warnings(), cuda_typing.kernels_of(dtype, rolled):
                warnings.simplefilter("ignore")
                ptx: str = cuda.compile(
                    kernel, signature, device=False, cc=capability, abi="numba", output="ptx",
                    launch_bounds=None if registers else (LANES, BLOCKS),
                )[0]  # fmt: skip
                # What nobody calls from elsewhere need not save the registers that it should.
                return ptx.replace(".weak .func", ".func")
        finally:
            dispatcher.get_current_device = real_device


def linked(
    ptx: str, capability: tuple[int, int] = HOPPER, registers: int | None = None
) -> tuple[bytes, str]:
    """Turn PTX into machine code; return (cubin, what the assembler says about it)."""
    from cuda.bindings import nvjitlink

    major, minor = capability
    options = [f"-arch=sm_{major}{minor}", "-verbose", "-Xptxas=-v"]
    if registers:
        options.append(f"-maxrregcount={registers}")
    handle = nvjitlink.create(len(options), options)
    code = ptx.encode()
    nvjitlink.add_data(handle, nvjitlink.InputType.PTX, code, len(code), "kernel")
    nvjitlink.complete(handle)
    cubin = bytearray(nvjitlink.get_linked_cubin_size(handle))
    nvjitlink.get_linked_cubin(handle, cubin)
    log = bytearray(nvjitlink.get_info_log_size(handle))
    nvjitlink.get_info_log(handle, log)
    nvjitlink.destroy(handle)
    return bytes(cubin), log.decode().strip("\0")
