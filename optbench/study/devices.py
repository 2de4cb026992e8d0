"""Which pairs of a study run on the device, and why the others do not."""

from collections.abc import Sequence
from dataclasses import replace

from optbench.define.definitions import NetDefinition
from optbench.lanes.runnable import CPU_ALONE, NOT_COMPILED
from optbench.study.pairs import Device, LeftOut, Pair


def assigned(
    pairs: Sequence[Pair], device: Device, fallback: bool
) -> tuple[list[Pair], list[LeftOut]]:
    """Give pairs their device.

    Returns
    -------
    pairs : list of Pair
        What CUDA cannot run is left out, or with `fallback` stays on the CPU.
    skipped : list of pairs.LeftOut
    """
    if device == "cpu":
        return list(pairs), []
    runnable, skipped = [], []
    for pair in pairs:
        reason = _unfit(pair)
        if reason is None:
            runnable.append(replace(pair, device=device, fallback=fallback))
        elif fallback:
            runnable.append(pair)
        else:
            skipped.append(LeftOut(*pair.key, reason))
    return runnable, skipped


def _unfit(pair: Pair) -> str | None:
    """Return why a pair cannot run on CUDA, or None."""
    if not pair.optimizer.compiled:
        return f"{pair.optimizer.name}: {NOT_COMPILED}"
    if pair.optimizer.hessian_every:
        return f"{pair.optimizer.name}: {CPU_ALONE}"
    from optbench.kernels.cuda import launch, net_launch

    definition = pair.problem.definition
    unfit: str | None = net_launch.unfit(pair.optimizer.parts[-1])
    if unfit or isinstance(definition, NetDefinition):
        return unfit

    too_long: str | None = launch.too_long(definition.function, pair.problem.dim)
    return too_long
