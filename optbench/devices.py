"""Which device runs the lanes: the CPU, or CUDA where it is asked for and there."""

from dataclasses import replace

from optbench.errors import SettingError, UserError

DEVICES = ("cpu", "cuda", "auto")


def obstacle():
    """Return why CUDA cannot be used here, with what to do, or None."""
    try:
        from optbench.kernels import cuda
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


def assigned(pairs, device, fallback):
    """Give pairs their device.

    Returns
    -------
    pairs : list of Pair
        What CUDA cannot run is left out, or with `fallback` stays on the CPU.
    skipped : list of (optimizer label, problem label, reason)
    """
    if device == "cpu":
        return pairs, []
    kept, skipped = [], []
    for pair in pairs:
        reason = _unfit(pair)
        if reason is None:
            kept.append(replace(pair, device=device, fallback=fallback))
        elif fallback:
            kept.append(pair)
        else:
            skipped.append((*pair.key, reason))
    return kept, skipped


def _unfit(pair):
    """Return why a pair cannot run on CUDA, or None."""
    if not hasattr(pair.optimizer, "layout"):
        return "solvers run on the CPU only"
    if pair.problem.across:
        from optbench.kernels import net_launch

        return net_launch.unfit(pair.optimizer.rule)
    if "g" not in pair.problem.definition.arguments:
        return "its gradient comes from dual numbers, which CUDA does not know yet"
    from optbench.kernels import cuda_launch

    return cuda_launch.too_long(pair.problem.dim)


def describe():
    """Return the state of CUDA as (name, text) pairs."""
    try:
        from optbench.kernels import cuda
    except UserError as error:
        return [("CUDA", f"off: {error}")]
    return cuda.describe()
