"""The lanes of a cell, or some of them, ready to run."""

import math
from threading import Semaphore
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.memory.groups import Results
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.study.trials import RATE

if TYPE_CHECKING:
    from optbench.kernels.cuda.switch import Switch
    from optbench.study.cells import Cell


class CellLanes:
    """The lanes of a cell, or some of them; a call runs them."""

    def __init__(
        self,
        cell: "Cell",
        *,
        which: NDArray[np.bool_] | None = None,
        idle: Semaphore | int = 0,
        switch: "Switch | None" = None,
    ) -> None:
        self.cell, self.idle, self.switch = cell, idle, switch
        self.which = cell.runs if which is None else which
        draw, self.trial = np.nonzero(self.which)
        values = {name: column[self.trial] for name, column in cell.trials.values.items()}
        draws = cell.draws
        self.inputs = LaneInputs(
            draws.starts, draws.keys, values.pop(RATE), values, draws.position, draw
        )

    @property
    def starts(self) -> NDArray[np.float64]:
        """Where the lanes start."""
        return self.inputs.starts[self.inputs.draw]

    def by_draw(self, array: NDArray[Any], fill: float = math.nan) -> NDArray[Any]:
        """Return an array of lanes [n, ...] as [D, T, ...], with `fill` where no lane runs."""
        shape = (*self.which.shape, *array.shape[1:])
        if len(array) == self.which.size:
            return array.reshape(shape)
        table = np.full(shape, fill, array.dtype)
        table[self.which] = array
        return table

    def by_target(self, hits: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return hits [m, n] as [m, D, T], 0 where no lane runs."""
        shape = (len(hits), *self.which.shape)
        if hits.shape[1] == self.which.size:
            return hits.reshape(shape)
        table = np.zeros((len(hits), self.which.size), np.int32)
        table[:, np.flatnonzero(self.which)] = hits  # a mask would take twice as long
        return table.reshape(shape)

    def __call__(
        self,
        records: NDArray[np.int64],
        points: NDArray[np.bool_] | bool,
        /,
        *,
        recorded: NDArray[np.bool_] | None = None,
        metrics: bool = True,
    ) -> Results:
        """Run them; see `lanes.job.Job` for what is recorded."""
        cell, pair = self.cell, self.cell.pair
        job = Job(
            steps=pair.steps, dtype=pair.dtype, records=records, recorded=recorded, metrics=metrics,
            store_x=points, target=cell.goal, stop_at_target=cell.stop_at_target,
            device=pair.device, idle=self.idle, switch=self.switch,
        )  # fmt: skip
        return simulate(cell.draws.instances, pair.optimizer, self.inputs, job)
