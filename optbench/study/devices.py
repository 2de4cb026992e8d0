"""Which pairs of a study run on the device, and why the others do not."""

from dataclasses import replace


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
    if not pair.optimizer.compiled:
        return "solvers run on the CPU only"
    if pair.problem.across:
        from optbench.kernels.cuda import net_launch

        return net_launch.unfit(pair.optimizer.parts[-1])
    if "g" not in pair.problem.definition.arguments:
        return "its gradient comes from dual numbers, which CUDA does not know yet"
    from optbench.kernels.cuda import launch

    return launch.too_long(pair.problem.dim)
