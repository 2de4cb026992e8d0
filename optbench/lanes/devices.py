"""Which device runs the lanes: the CPU, or CUDA where it can be used."""

from typing import Literal

from optbench.errors import SettingError, UserError

DEVICES = ("cpu", "cuda", "auto")


def obstacle() -> str | None:
    """Return why CUDA cannot be used here, with what to do, or None."""
    try:
        from optbench.kernels.cuda import device as cuda
    except UserError as error:
        return str(error)
    reason: str | None = cuda.obstacle()
    return reason


def resolve(device: str) -> Literal["cpu", "cuda"]:
    """Return "cpu" or "cuda": "auto" is CUDA where it can be used.

    Raises
    ------
    SettingError
        If the name is unknown.
    UserError
        If the device is "cuda", which cannot be used; the message says what is missing.
    """
    if device not in DEVICES:
        raise SettingError(f"device {device!r} is unknown; use one of {', '.join(DEVICES)}")
    if device == "cpu":
        return "cpu"
    missing = obstacle()
    if device == "auto":
        return "cpu" if missing else "cuda"
    if missing:
        raise UserError(missing)
    return "cuda"


def describe() -> list[tuple[str, str]]:
    """Return the state of CUDA as (name, text) pairs."""
    try:
        from optbench.kernels.cuda import device as cuda
    except UserError as error:
        return [("CUDA", f"off: {error}")]
    state: list[tuple[str, str]] = cuda.describe()
    return state
