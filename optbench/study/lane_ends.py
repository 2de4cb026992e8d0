"""From the arrays of a scoring cell to why lanes failed, of the trials whose curves are kept."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.lanes.failures import failures
from optbench.lanes.standing import Ends

if TYPE_CHECKING:
    from optbench.study.cells import Cell
    from optbench.study.results import Arrays


def failure_arrays(cell: "Cell", arrays: "Arrays", x: NDArray[np.floating]) -> "Arrays":
    """Return the arrays `failure` [D, k] and `evidence` [D, k]; see `lanes.failures.failures`.

    Parameters
    ----------
    cell : Cell
        A scoring cell.
    arrays : dict of str to ndarray
        See `docs/runs.md`.
    x : ndarray [D * k, d]
        Where the kept lanes ended: draws, then trials.
    """
    kept, count = list(cell.kept), len(cell.kept)
    shape = len(cell.draws), count
    f_ref = np.zeros(shape[0]) if cell.problem.kind == "net" else arrays["f_ref"]
    nowhere_else = np.full(shape[0], np.nan)

    def of_lanes(name: str) -> NDArray[np.float64]:
        return arrays[name][:, kept].astype(float).ravel()

    ends = Ends(
        instance=np.repeat(cell.draws.position, count),
        x=x.astype(float),
        f_ref=np.repeat(f_ref, count),
        f_start=np.repeat(arrays["f_start"].astype(float), count),
        f_final=of_lanes("f_final"),
        status=arrays["status"][:, kept].ravel(),
        steps=arrays["steps"][:, kept].ravel(),
        asked=np.repeat(np.isfinite(arrays["goal"]), count),
        reached=arrays["reached"][:, kept].ravel(),
        fall=_fall(arrays, f_ref).ravel(),
        basin_gap=np.repeat(arrays.get("basin_gap", nowhere_else), count),
    )
    failure, evidence = failures(cell.draws.instances, ends)
    return {"failure": failure.reshape(shape), "evidence": evidence.reshape(shape)}


def _fall(arrays: "Arrays", f_ref: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by which share of its best gap a lane [D, k] fell in the second half of its budget."""
    evaluations = arrays["record_evaluations"]
    half = int(np.searchsorted(evaluations, evaluations[-1] / 2, side="right")) - 1
    best = arrays["record_best"].astype(float) - f_ref[:, None, None]
    with np.errstate(all="ignore"):
        fall: NDArray[np.float64] = 1.0 - best[:, :, -1] / best[:, :, half]
    return fall
