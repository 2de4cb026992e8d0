"""The device: whether there is one, what it is, and what lies on it.

Here `numba.cuda` is imported; other modules take it from here. It may be Numba's simulator
(``NUMBA_ENABLE_CUDASIM=1``), where kernels are plain Python.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from optbench.errors import DeviceError

INSTALL = "pip install 'optbench[cuda]'"
INSTALL_OLDER = "pip install 'optbench[cuda12]', into a new environment"
OLDEST = (12, 0)
"""The oldest driver for which there is a toolkit."""


try:
    import numba_cuda  # noqa: F401 - what Numba itself has is a shell
    from numba import cuda
except ImportError as error:
    raise DeviceError(
        f"CUDA needs the package numba-cuda, which is not installed here ({error}): {INSTALL}"
    ) from None

SIMULATED = "simulator" in cuda.jit.__module__
LANES = 128
"""Threads of a block."""
SHARED_UNASKED = 48 << 10
"""Bytes of shared memory that a block may have without asking, what its kernel has included."""


def obstacle() -> str | None:
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
    # Machine code runs under every driver of its major version (minor version compatibility).
    if driver is not None and driver[0] < toolkit[0]:
        older = "" if driver < OLDEST else f"install an older toolkit ({INSTALL_OLDER}), "
        return (
            f"the CUDA driver supports {_dotted(driver)}, older than the toolkit's "
            f"{_dotted(toolkit)}: update the driver, {older}or use --device cpu"
        )
    return None


def versions() -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """Return the CUDA versions of driver and toolkit as (major, minor), None if unknown."""
    driver = toolkit = None
    if SIMULATED:
        return driver, toolkit
    with contextlib.suppress(Exception):
        driver = tuple(cuda.cudadrv.driver.driver.get_version())
    with contextlib.suppress(Exception):
        toolkit = tuple(cuda.runtime.get_version())
    return driver, toolkit


def _dotted(version: tuple[int, ...] | None) -> str:
    return "unknown" if version is None else ".".join(map(str, version))


def describe() -> list[tuple[str, str]]:
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


def memory() -> tuple[int, int]:
    """Return (free, whole) memory of the device in bytes."""
    if SIMULATED:
        return 1 << 30, 1 << 30
    return tuple(cuda.current_context().get_memory_info())


def stream() -> Any:
    """Return a queue of copies and kernels."""
    return cuda.stream()


def pinned(size: int) -> np.ndarray:
    """Return so many bytes of the host's memory that do not move."""
    return np.empty(size, np.uint8) if SIMULATED else cuda.pinned_array(size, np.uint8)


def allocated(size: int) -> Any:
    """Return so many bytes of the device's memory."""
    return np.empty(size, np.uint8) if SIMULATED else cuda.device_array(size, np.uint8)


def send(there: Any, here: np.ndarray, size: int, queue: Any) -> None:
    """Put a copy of the first `size` bytes of pinned memory to the device into a queue."""
    if SIMULATED:
        there[:size] = here[:size]
    elif size:
        there[:size].copy_to_device(here[:size], stream=queue)


def fill(there: Any, first: int, last: int, queue: Any) -> None:
    """Put into a queue that bytes of the device become 0xFF: NaN in floats, -1 in integers."""
    if SIMULATED:
        there[first:last] = 0xFF
    elif last > first:
        cuda.cudadrv.driver.device_memset(there[first:last], 0xFF, last - first, stream=queue)


def fetch(here: np.ndarray, there: Any, first: int, last: int, queue: Any) -> None:
    """Put a copy of bytes of the device to the same place of pinned memory into a queue."""
    if SIMULATED:
        here[first:last] = there[first:last]
    elif last > first:
        there[first:last].copy_to_host(here[first:last], stream=queue)


def release() -> None:
    """Free the device's memory that nobody has any more, of which Numba keeps some for later."""
    if not SIMULATED:
        cuda.current_context().memory_manager.deallocations.clear()


def address(there: Any) -> int:
    """Return the address of memory on the device."""
    return int(there.device_ctypes_pointer.value)


def loaded(cubin: bytes, entry: str) -> Any:
    """Return a kernel of machine code, on the device."""
    from cuda.core import ObjectCode

    cuda.current_context()  # makes the device's context the thread's
    return ObjectCode.from_cubin(cubin, name=entry).get_kernel(entry)


def shared_limit() -> int:
    """Return how many bytes of shared memory a block may have if it asks for them."""
    if SIMULATED:
        return SHARED_UNASKED
    return int(cuda.get_current_device().MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)


def ask_for_shared(kernel: Any, near: int) -> None:
    """Allow a kernel that many bytes of shared memory beside those that it has of itself."""
    from cuda.bindings import driver
    from cuda.core._utils.cuda_utils import handle_return

    attribute = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    place = cuda.get_current_device().id
    handle_return(driver.cuKernelSetAttribute(attribute, near, kernel.handle, place))


def start(
    kernel: Any, words: Sequence[Any], blocks: int, threads: int, near: int, queue: Any
) -> None:
    """Put a kernel into a queue.

    Parameters
    ----------
    kernel : object
        What `loaded` returned.
    words : sequence
        Its arguments, one by one: integers, or numbers of `ctypes`.
    blocks, threads : int
        Threads are those of a block.
    near : int
        Bytes of shared memory beside those that the kernel has of itself.
    queue : stream
    """
    from cuda.core import LaunchConfig, Stream, launch

    if near > SHARED_UNASKED:
        ask_for_shared(kernel, near)
    config = LaunchConfig(grid=blocks, block=threads, shmem_size=near)
    launch(Stream.from_handle(int(queue)), config, kernel, *words)


def seconds(run: Callable[[], object], queue: Any) -> float:
    """Return how long the device works on what `run` puts into a queue, by its own clock."""
    begin, end = cuda.event(), cuda.event()
    begin.record(queue)
    run()
    end.record(queue)
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def processors() -> tuple[int, float, tuple[int, int]]:
    """Return (multiprocessors, clock in Hz, compute capability) of the device."""
    device = cuda.get_current_device()
    return device.MULTIPROCESSOR_COUNT, device.CLOCK_RATE * 1e3, tuple(device.compute_capability)


def capability() -> tuple[int, int]:
    """Return the compute capability of the device."""
    major, minor = cuda.get_current_device().compute_capability[:2]
    return int(major), int(minor)


def resident_threads() -> int:
    """Return how many threads the device holds at once, for each of which there is local memory."""
    if SIMULATED:
        return 0
    device = cuda.get_current_device()
    return int(device.MULTIPROCESSOR_COUNT * device.MAX_THREADS_PER_MULTI_PROCESSOR)


def is_failure(error: Exception) -> bool:
    """Say whether an error is the device's; True also where its memory is used up.

    Copies are Numba's, kernels are launched by `cuda.core`, and each has errors of its own.
    """
    from cuda.core._utils.cuda_utils import CUDAError

    return isinstance(error, (cuda.cudadrv.driver.CudaAPIError, CUDAError))


def is_out_of_memory(error: Exception) -> bool:
    """Say whether an error tells that the device's memory is used up."""
    return is_failure(error) and "OUT_OF_MEMORY" in str(error)


REFUSALS = ("LAUNCH_OUT_OF_RESOURCES", "INVALID_VALUE", "INVALID_IMAGE", "NO_BINARY_FOR_GPU")
"""What the driver says of a kernel that it does not start; the device is as it was."""


def is_refusal(error: Exception) -> bool:
    """Say whether an error tells that a kernel was not started, and never will be."""
    return is_failure(error) and any(name in str(error) for name in REFUSALS)
