"""From a cell to its arrays: its lanes are run, and nets are diagnosed on the way."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.basins import basin_gap
from optbench.catalog.net import NetInstance
from optbench.catalog.references import reference
from optbench.kernels.memory.groups import Results
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.records import fill_records, final_metrics, record_steps, records_of
from optbench.lanes.simulating import simulate
from optbench.lanes.starts import start_points
from optbench.lanes.targets import success
from optbench.study import probing

if TYPE_CHECKING:
    from optbench.kernels.cuda.switch import Switch
    from optbench.study.cells import Cell
    from optbench.study.results import Arrays, Facts


def compute(cell: "Cell", switch: "Switch | None" = None) -> "tuple[Arrays, Facts, list[Facts]]":
    """Run the lanes of a cell.

    Parameters
    ----------
    cell : cells.Cell
    switch : cuda.switch.Switch, optional
        A kernel that the cell's pair shares with others on CUDA.

    Returns
    -------
    arrays : dict of str to ndarray
        Lanes come first. f_ref is NaN where the reference value is unknown.
    facts : dict
        The reference value and where it is from; the gap below which a lane is in the global basin.
    layers : list of dict
        Rows of the table ``layers``.
    """
    problem, scoring = cell.problem, cell.scoring
    lanes = CellLanes(cell, switch=switch)
    f_ref, source = reference(problem)
    every = record_steps(cell.pair.steps, records_of(problem.kind))
    recorded = every if scoring else np.array([0, cell.pair.steps])
    outcome = lanes(recorded, scoring and problem.dim == 2)
    arrays = {
        "lr": lanes.lr,
        "seed": lanes.seeds,
        "status": outcome.status,
        "steps": outcome.steps,
        "f_start": outcome.f_start,
        "f_final": outcome.f_final,
        "f_best": outcome.f_best,
        "f_ref": np.full(len(lanes.lr), f_ref),
        "hits": outcome.hits,
        "hit": outcome.hit,
    }
    if outcome.record_metrics.size:
        arrays["metrics"] = final_metrics(outcome)
    if scoring:
        f, best, metrics = fill_records(outcome)
        arrays.update(record_steps=recorded, record_f=f, record_best=best)
        if outcome.record_metrics.size:
            arrays["record_metrics"] = metrics
        if outcome.record_x.size:
            arrays["record_x"] = outcome.record_x
    layers: list[Facts] = []
    if isinstance(problem, NetInstance):
        layers = _diagnose(problem, lanes, outcome, arrays)
    facts = {
        "f_ref": None if math.isnan(f_ref) else f_ref,
        "f_ref_source": source,
        "basin_gap": basin_gap(problem) if scoring else None,
    }
    return arrays, facts, layers


class CellLanes:
    """The lanes of a cell, or one seed of them; a call runs them: ``(records, store_x)``.

    All seeds of the first rate come first, then those of the next.
    """

    def __init__(
        self, cell: "Cell", seed: int | None = None, switch: "Switch | None" = None
    ) -> None:  # fmt: skip
        seeds = list(range(cell.seeds)) if seed is None else [seed]
        rates, problem = cell.rates, cell.problem
        self.cell, self.switch = cell, switch
        self.seeds = np.tile(seeds, len(rates))
        self.lr = np.repeat(np.array(rates), len(seeds))
        self.starts = np.tile(start_points(problem, seeds, cell.study_seed), (len(rates), 1))
        self.keys = np.tile(problem.keys(seeds, cell.study_seed), len(rates))

    def __call__(self, records: NDArray[np.int64], store_x: bool) -> Results:
        """Run them with `records` (steps, int64) and with the recorded points, if wanted."""
        cell, pair = self.cell, self.cell.pair
        job = Job(
            steps=pair.steps, dtype=cell.dtype, records=records, store_x=store_x,
            target=success(cell.problem, cell.target).target, stop_at_target=cell.stop_at_target,
            device=pair.device, switch=self.switch,
        )  # fmt: skip
        lanes = LaneInputs(self.starts, self.keys, self.lr)
        return simulate(cell.problem, pair.optimizer, lanes, job)


def _diagnose(
    net: NetInstance, lanes: CellLanes, outcome: Results, arrays: "Arrays"
) -> "list[Facts]":  # fmt: skip
    """Add to the `arrays` of a net those of `probing`; return rows of the table of layers."""
    cell, dtype = lanes.cell, lanes.cell.dtype
    arrays["chance"] = np.array(probing.chance(net))
    if cell.scoring:
        arrays["saturated"] = probing.saturated(net, dtype, lanes.starts, outcome.x)
    if not cell.watched:
        return []
    first = CellLanes(cell, seed=0)
    if cell.scoring:
        return probing.layer_rows(net, dtype, cell.pair.steps, first)
    arrays.update(probing.rate_sweep(net, dtype, cell.pair.steps, first))
    return []
