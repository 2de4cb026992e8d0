"""What is found out about the nets of a cell, beside how its lanes fare."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.net import NetInstance
from optbench.kernels.memory.groups import Results
from optbench.rules import schedules
from optbench.study import instruments, probing
from optbench.study.cell_lanes import CellLanes
from optbench.study.trials import RATE

if TYPE_CHECKING:
    from optbench.study.cells import Cell
    from optbench.study.results import Arrays, Facts


def diagnose(lanes: CellLanes, outcome: Results, arrays: "Arrays") -> "list[Facts]":
    """Add to the `arrays` of a net what is found out about it; return rows of its layers."""
    cell, dtype, steps = lanes.cell, lanes.cell.pair.dtype, lanes.cell.pair.steps
    nets = cell.draws.instances
    first = nets[0]
    assert isinstance(first, NetInstance)
    arrays["chance"] = np.array(probing.chance(first))
    if not cell.scoring:
        swept = CellLanes(cell, which=_only(cell, slice(None)))
        arrays.update(probing.rate_sweep(first, dtype, steps, swept))
        return []
    points = zip(
        cell.draws.position, lanes.by_draw(lanes.starts), lanes.by_draw(outcome.x), strict=True
    )
    arrays["saturated"] = np.stack(
        [probing.saturated(nets[position], dtype, *own) for position, *own in points]
    )
    tracks = [
        probing.track(first, steps, CellLanes(cell, which=_only(cell, trial)))
        for trial in cell.kept
    ]
    factors = schedules.factors(cell.pair.optimizer.schedule, steps)
    arrays["instrument_steps"] = tracks[0].steps
    arrays["instruments"] = np.stack(
        [
            instruments.readings(first, dtype, lane, factors * cell.trials.values[RATE][trial])
            for trial, lane in zip(cell.kept, tracks, strict=True)
        ]
    )
    return probing.layer_rows(first, dtype, tracks[0])


def _only(cell: "Cell", trials: int | slice) -> NDArray[np.bool_]:
    """Return which lanes are of some trials on the first draw [D, T]."""
    which = np.zeros_like(cell.runs)
    which[0, trials] = True
    return which
