"""Which device runs the lanes: the CPU, or CUDA where it is asked for and there."""

from optbench.errors import SettingError, UserError

DEVICES = ("cpu", "cuda", "auto")


def obstacle():
    """Return why CUDA cannot be used here, with what to do, or None."""
    try:
        from optbench.kernels.cuda import device as cuda
    except UserError as error:
        return str(error)
    return cuda.obstacle()


def chosen(device):
    """Return "cpu" or "cuda": "auto" is CUDA where it can be used.

    Raises
    ------
    SettingError
        If the name is unknown.
    UserError
        If CUDA is asked for and cannot be used; the message says what is missing.
    """
    if device not in DEVICES:
        raise SettingError(f"device {device!r} is unknown; use one of {', '.join(DEVICES)}")
    if device == "cpu":
        return device
    missing = obstacle()
    if device == "auto":
        return "cpu" if missing else "cuda"
    if missing:
        raise UserError(missing)
    return device


def describe():
    """Return the state of CUDA as (name, text) pairs."""
    try:
        from optbench.kernels.cuda import device as cuda
    except UserError as error:
        return [("CUDA", f"off: {error}")]
    return cuda.describe()
