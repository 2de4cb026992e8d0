"""The device: whether there is one, what it is, and what lies on it.

Here `numba.cuda` is imported; other modules take it from here. It may be Numba's simulator
(``NUMBA_ENABLE_CUDASIM=1``), where kernels are plain Python.
"""

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from optbench.errors import DeviceError

Group = TypeVar("Group", bound=NamedTuple)
INSTALL = "pip install 'optbench[cuda]'"


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
    if driver is not None and driver < toolkit:
        return (
            f"the CUDA driver supports {_dotted(driver)}, older than the toolkit's "
            f"{_dotted(toolkit)}: update the driver, or use --device cpu"
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


def to_device(array: np.ndarray, queue: Any) -> Any:
    """Send an array to the device, through memory that does not move."""
    if SIMULATED:
        return array
    pinned = cuda.pinned_array(array.shape, array.dtype) if array.size else array
    pinned[...] = array
    return cuda.to_device(pinned, stream=queue)


def sent(group: Group, queue: Any) -> Group:
    """Return a group whose arrays are on the device."""
    return type(group)(*(to_device(v, queue) if isinstance(v, np.ndarray) else v for v in group))


def room(shape: tuple[int, ...], dtype: np.dtype, queue: Any) -> Any:
    """Return an array on the device that holds nothing yet."""
    if SIMULATED:
        return np.full(shape, np.nan, dtype)
    return cuda.device_array(shape, dtype, stream=queue)


def to_host(array: Any, queue: Any) -> np.ndarray:
    """Take an array from the device; it is there when the queue is through."""
    if SIMULATED:
        return array
    pinned = cuda.pinned_array(array.shape, array.dtype) if array.size else None
    return array.copy_to_host(pinned, stream=queue)


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


def is_failure(error: Exception) -> bool:
    """Say whether an error is the device's; True also where its memory is used up."""
    return isinstance(error, cuda.cudadrv.driver.CudaAPIError)


def is_out_of_memory(error: Exception) -> bool:
    """Say whether an error tells that the device's memory is used up."""
    return is_failure(error) and "OUT_OF_MEMORY" in str(error)
