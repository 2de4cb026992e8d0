"""`optbench env --warm`: what everybody needs is compiled before anybody waits for it."""

import math
import time
from collections.abc import Iterator
from typing import Any

from optbench.errors import UserError, counted
from optbench.kernels.compiling import entries
from optbench.kernels.memory.capacity import processors
from optbench.lanes import net_units, units
from optbench.lanes.pool import Unit, compile_all
from optbench.study.compiling import units_of_pairs
from optbench.study.pairs import expand
from optbench.study.schema import read_study

STUDY = "quick"
"""The built-in study whose optimizers and problems are compiled."""
DTYPES = ("float64", "float32")


def warm_units() -> Iterator[Unit]:
    """Yield what studies and `minimize` begin with, in both dtypes, and all of `STUDY`."""
    for dtype in DTYPES:
        yield from (units.driver_unit(dtype, general) for general in (True, False))
        yield net_units.kernel_unit("problem", dtype)
        yield net_units.kernel_unit("metrics", dtype)
        yield from net_units.operation_units(("dense",), dtype)
        yield units.feeder_unit(dtype)
    study = read_study(STUDY)
    yield from units_of_pairs(expand(study)[0], study.space)


def warm() -> dict[str, Any]:
    """Compile what is not in the cache yet, on all processors.

    Returns
    -------
    dict
        "compiled": processor time of each unit by name, "failed": names, "kept": how many units
        were in the cache before, "seconds" altogether, "processes" at most.

    Raises
    ------
    UserError
        If there is no cache that could keep anything.
    """
    began = time.perf_counter()
    try:
        entries.usable()
    except entries.CacheOffError as reason:
        raise UserError(f"env --warm: nothing can be compiled ahead: {reason}") from None
    wanted = list(warm_units())
    seconds = compile_all(wanted, processors())
    return {
        "compiled": {name: spent for name, spent in seconds.items() if not math.isnan(spent)},
        "failed": [name for name, spent in seconds.items() if math.isnan(spent)],
        "kept": len({unit.key for unit in wanted}) - len(seconds),
        "seconds": time.perf_counter() - began,
        "processes": processors(),
    }


def lines(facts: dict[str, Any]) -> Iterator[str]:
    """Yield what `warm` did, a unit a line, the longest first."""
    for name, seconds in facts["compiled"].items():
        yield f"{seconds:6.1f} s  {name}"
    count, processes = len(facts["compiled"]), facts["processes"]
    by = f"up to {processes} processes" if processes > 1 else "one process"
    done = f"{counted(count, 'unit')} compiled by {by} in {facts['seconds']:.1f} s"
    total = sum(facts["compiled"].values())
    yield f"{done} ({total:.1f} s of processor time); {facts['kept']} were in the cache"
