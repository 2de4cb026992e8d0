"""What goes wrong on a device, as messages."""

import contextlib
from collections.abc import Iterator

from optbench.errors import DeviceError, DeviceLostError, UnfitError
from optbench.kernels.cuda import compiling, device
from optbench.kernels.driver.tasks import Program


@contextlib.contextmanager
def failures(program: Program) -> Iterator[None]:
    """Turn errors of the device into messages; others, and that memory is used up, pass.

    Raises
    ------
    DeviceError
        If the device does not start the kernel.
    DeviceLostError
        If it failed.
    """
    try:
        yield
    except Exception as error:
        if not device.is_failure(error) or device.is_out_of_memory(error):
            raise
        if device.is_refusal(error):
            raise DeviceError(
                f"the CUDA device does not start the kernel of {_pair(program)}: {error}; use "
                "--device cpu"
            ) from error
        raise DeviceLostError(
            f"the CUDA device failed under {_pair(program)}, or before: {error}; what had been "
            "stored is kept, and running the same command again goes on from there"
        ) from error


@contextlib.contextmanager
def named(program: Program) -> Iterator[None]:
    """Turn a failure to compile into a message that names the problem and the rule."""
    try:
        yield
    except compiling.failures() as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        telling = [line for line in lines if not line.startswith(("Failed in", "During:"))]
        text = " ".join(telling[:4])
        raise UnfitError(f"{_pair(program)} cannot be compiled for CUDA: {text}") from error


def _pair(program: Program) -> str:
    return f"{program.layout.parts[-1].name} on {program.problem.__name__}"
