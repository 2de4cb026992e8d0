"""CUDA itself: what compiles for the device, what the device is, what lies on it.

No other module imports `numba.cuda`. It may be Numba's simulator (``NUMBA_ENABLE_CUDASIM=1``),
where kernels are plain Python.
"""

import contextlib
import dis
import warnings
from types import SimpleNamespace

import numpy as np

from optbench.errors import DeviceError
from optbench.kernels.cuda import typing as cuda_typing

INSTALL = "pip install 'optbench[cuda]'"


try:
    import numba_cuda  # noqa: F401 - what Numba itself has is a shell
    from numba import cuda
except ImportError as error:
    raise DeviceError(
        f"CUDA needs the package numba-cuda, which is not installed here ({error}): {INSTALL}"
    ) from None

SIMULATED = "simulator" in cuda.jit.__module__
INLINED = ("lanes_of", "as_fixed", "with_buffer")
"""Functions that return views of arrays, which compiled functions cannot."""
LANES = 128
"""Threads of a block."""
BLOCKS = 4
"""Blocks that a multiprocessor should hold: 128 registers a thread, of 65,536."""
HOPPER = (9, 0)
"""Compute capability that is compiled for where there is no device."""

if not SIMULATED:
    from numba.cuda import cgutils, types
    from numba.cuda.core.imputils import RefType, iternext_impl
    from numba.cuda.extending import intrinsic, lower_builtin
    from numba.cuda.np.arrayobj import populate_array
    from numba.cuda.np.numpy_support import from_dtype
    from numba.cuda.typing.templates import AbstractTemplate, infer_global, signature

    cuda_typing.install(
        SimpleNamespace(
            types=types, signature=signature, AbstractTemplate=AbstractTemplate,
            infer_global=infer_global, lower_builtin=lower_builtin,
            iternext=iternext_impl(RefType.BORROWED),
            create_struct_proxy=cgutils.create_struct_proxy,
        )
    )  # fmt: skip


def type_of(dtype):
    """Return what kernels call a dtype."""
    return np.dtype(dtype).type if SIMULATED else from_dtype(np.dtype(dtype))


def shared_type(dtype):
    """Return what kernels call the dtype of the memory that a block's threads share."""
    return np.dtype(dtype) if SIMULATED else type_of(dtype)


def views():
    """Return what gives views of arrays; compiled functions could not return them."""
    if SIMULATED:
        return {}

    @intrinsic
    def rows(typing, block, lane):
        """Return column `lane` of an array, of one dimension less."""
        kind = block.copy(ndim=block.ndim - 1, layout="A")

        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            shape = cgutils.unpack_tuple(builder, array.shape, block.ndim)[:-1]
            strides = cgutils.unpack_tuple(builder, array.strides, block.ndim)
            return _view(context, builder, kind, array, shape, strides[:-1], strides[-1], values[1])

        return kind(block, types.intp), generate

    @intrinsic
    def column(typing, block, lane):
        """Return column `lane` of an array, its axis kept."""
        kind = block.copy(layout="A")

        def generate(context, builder, sig, values):
            array = context.make_array(sig.args[0])(context, builder, value=values[0])
            shape = cgutils.unpack_tuple(builder, array.shape, block.ndim)[:-1]
            strides = cgutils.unpack_tuple(builder, array.strides, block.ndim)
            one = context.get_constant(types.intp, 1)
            return _view(
                context, builder, kind, array, [*shape, one], strides, strides[-1], values[1]
            )

        return kind(block, types.intp), generate

    @intrinsic
    def place(typing, group):
        """Return a group as it is."""
        return group(group), lambda context, builder, sig, values: values[0]

    return dict(rows=rows, fixed_rows=rows, column=column, place=place, fetch=place, spare=place)


def _view(context, builder, kind, array, shape, strides, step, lane):
    """Return an array of another shape whose first number is `lane` steps further on."""
    view = context.make_array(kind)(context, builder)
    data = cgutils.pointer_add(builder, array.data, builder.mul(lane, step), array.data.type)
    populate_array(view, data, shape, strides, array.itemsize, array.meminfo)
    return view._getvalue()


def net_views():
    """Return what gives views that begin anywhere in an array: see `primitives`."""
    if SIMULATED:
        return {}

    def view(context, builder, sig, v, start, shape):
        array = context.make_array(sig.args[0])(context, builder, value=v)
        strides = [array.itemsize]
        for length in reversed(shape[1:]):
            strides.insert(0, builder.mul(strides[0], length))
        return _view(
            context, builder, sig.return_type, array, shape, strides, array.itemsize, start
        )

    @intrinsic
    def matrix(typing, v, start, rows, columns):
        """Return ``v[start:]`` as a matrix."""

        def generate(context, builder, sig, values):
            return view(context, builder, sig, values[0], values[1], list(values[2:]))

        return types.Array(v.dtype, 2, "C")(v, *[types.intp] * 3), generate

    @intrinsic
    def cube(typing, v, start, a, b, c):
        """Return ``v[start:]`` as an array of three dimensions."""

        def generate(context, builder, sig, values):
            return view(context, builder, sig, values[0], values[1], list(values[2:]))

        return types.Array(v.dtype, 3, "C")(v, *[types.intp] * 4), generate

    @intrinsic
    def vector(typing, v, start, n):
        """Return `n` numbers from place `start` on."""

        def generate(context, builder, sig, values):
            return view(context, builder, sig, values[0], values[1], [values[2]])

        return types.Array(v.dtype, 1, "C")(v, *[types.intp] * 2), generate

    return dict(matrix=matrix, cube=cube, vector=vector)


def part(copy):
    """Compile what only kernels call; the simulator takes plain functions."""
    if SIMULATED:  # and lends the block's own things to what asks for them
        return cuda.jit(device=True)(copy) if "cuda" in copy.__code__.co_names else copy
    # What returns views can only be inlined.
    returns_view = copy.__name__ in INLINED or hasattr(copy, "gives_view")
    return cuda.jit(device=True, inline="always" if returns_view else "never")(copy)


def part_called(copy):
    """Compile as `part` does; functions with loops are called, not built into each caller.

    A net's loops are long and their callers many: built in, they were megabytes of code. Those that
    take whole groups of arrays stay as they are, since calls would hand over hundreds of words.
    """
    made = part(copy)
    loops = any(step.opname == "FOR_ITER" for step in dis.get_instructions(copy))
    if SIMULATED or not loops:
        return made
    compile_device = made.compile_device

    def compile_called(*arguments, **options):
        result = compile_device(*arguments, **options)
        if not any(hasattr(kind, "instance_class") for kind in arguments[0]):
            name = result.fndesc.llvm_func_name
            result.library.get_function(name).attributes.add("noinline")
        return result

    made.compile_device = compile_called
    return made


# ------------------------------------------------------------------------------------ the device


def obstacle():
    """Return why no device can be used, with what to do, or None."""
    if SIMULATED:
        return None
    if not cuda.is_available():
        reason = getattr(cuda.cudadrv.driver.driver, "initialization_error", None)
        return (
            "no CUDA device can be used. "
            + (f"{' '.join(str(reason).split())} " if reason else "")
            + "It needs an NVIDIA device and its driver; use --device cpu (or auto)"
        )
    driver, toolkit = versions()
    if toolkit is None:
        return f"the CUDA toolkit's libraries were not found: {INSTALL}, or use --device cpu"
    if driver < toolkit:
        return (
            f"the CUDA driver supports {_dotted(driver)}, older than the toolkit's "
            f"{_dotted(toolkit)}: update the driver, or use --device cpu"
        )
    return None


def versions():
    """Return the CUDA versions of driver and toolkit as (major, minor), None if unknown."""
    driver = toolkit = None
    if SIMULATED:
        return driver, toolkit
    with contextlib.suppress(Exception):
        driver = tuple(cuda.cudadrv.driver.driver.get_version())
    with contextlib.suppress(Exception):
        toolkit = tuple(cuda.runtime.get_version())
    return driver, toolkit


def _dotted(version):
    return "unknown" if version is None else ".".join(map(str, version))


def describe():
    """Return the device, driver and toolkit, and what is missing, as (name, text) pairs."""
    if SIMULATED:
        return [("CUDA", "simulated")]
    driver, toolkit = versions()
    lines = [("CUDA driver", _dotted(driver)), ("CUDA toolkit", _dotted(toolkit))]
    missing = obstacle()
    if missing:
        return [("CUDA", f"off: {missing}"), *lines]
    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else device.name
    free, whole = memory()
    text = f"{name}, {free / 2**30:.1f} of {whole / 2**30:.1f} GiB free"
    return [("CUDA", text), *lines]


def memory():
    """Return (free, whole) memory of the device in bytes."""
    if SIMULATED:
        return 1 << 30, 1 << 30
    return tuple(cuda.current_context().get_memory_info())


def stream():
    """Return a queue of copies and kernels."""
    return cuda.stream()


def to_device(array, queue):
    """Send an array to the device, through memory that does not move."""
    if SIMULATED:
        return array
    pinned = cuda.pinned_array(array.shape, array.dtype) if array.size else array
    pinned[...] = array
    return cuda.to_device(pinned, stream=queue)


def sent(group, queue):
    """Return a group whose arrays are on the device."""
    return type(group)(*(to_device(v, queue) if isinstance(v, np.ndarray) else v for v in group))


def room(shape, dtype, queue):
    """Return an array on the device that holds nothing yet."""
    if SIMULATED:
        return np.full(shape, np.nan, dtype)
    return cuda.device_array(shape, dtype, stream=queue)


def to_host(array, queue):
    """Take an array from the device; it is there when the queue is through."""
    if SIMULATED:
        return array
    kept = cuda.pinned_array(array.shape, array.dtype) if array.size else None
    return array.copy_to_host(kept, stream=queue)


def seconds(run, queue):
    """Return how long the device works on what `run` puts into a queue, by its own clock."""
    begun, ended = cuda.event(), cuda.event()
    begun.record(queue)
    run()
    ended.record(queue)
    ended.synchronize()
    return begun.elapsed_time(ended) / 1e3


def processors():
    """Return (multiprocessors, clock in Hz, compute capability) of the device."""
    device = cuda.get_current_device()
    return device.MULTIPROCESSOR_COUNT, device.CLOCK_RATE * 1e3, tuple(device.compute_capability)


def is_failure(error):
    """Say whether an error is the device's; True also where its memory is used up."""
    return isinstance(error, cuda.cudadrv.driver.CudaAPIError)


def is_out_of_memory(error):
    """Say whether an error tells that the device's memory is used up."""
    return is_failure(error) and "OUT_OF_MEMORY" in str(error)


# -------------------------------------------------------------------------------------- compiling


def compiled(kernel, registers=None):
    """Return a kernel that can be launched, compiled when it first is.

    With `registers` a thread has at most so many, also in functions that it calls; without, blocks
    have `LANES` threads.
    """
    if SIMULATED:
        return cuda.jit(kernel)
    if registers:
        return cuda.jit(max_registers=registers)(kernel)
    return cuda.jit(launch_bounds=(LANES, BLOCKS))(kernel)


def failures():
    """Return the errors that compiling a kernel may raise."""
    if SIMULATED:
        return ()
    from numba.core.errors import NumbaError
    from numba.cuda.core.errors import NumbaError as OwnNumbaError

    return NumbaError, OwnNumbaError


def assembled(
    kernel, groups, dtype=np.float64, rolled=False, capability=HOPPER, registers=None
):  # fmt: skip
    """Compile a kernel for a processor that need not be there.

    Parameters
    ----------
    kernel : function
    groups : sequence of NamedTuple
        Arguments of the kinds that it will get.
    dtype : dtype
        Of the kernel's numbers.
    rolled : bool
        See `cuda_typing.kernels_of`.
    capability : (int, int)
    registers : int, optional
        See `compiled`; what is given here is for `linked` too.

    Returns
    -------
    ptx : str
    """
    from numba.cuda import dispatcher
    from numba.cuda.typing.typeof import typeof

    known = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        signature = types.void(*[typeof(group) for group in groups])
        with warnings.catch_warnings(), cuda_typing.kernels_of(dtype, rolled):
            warnings.simplefilter("ignore")
            return cuda.compile(
                kernel, signature, device=False, cc=capability, abi="numba", output="ptx",
                launch_bounds=None if registers else (LANES, BLOCKS),
            )[0]  # fmt: skip
    finally:
        dispatcher.get_current_device = known


def linked(ptx, capability=HOPPER, registers=None):
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
