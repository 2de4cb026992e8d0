"""What `minimize` returns: the ends of lanes and their records, as users read them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.memory.groups import Results
from optbench.kernels.status import STATUS_NAMES
from optbench.lanes import showing
from optbench.lanes.job import Job
from optbench.lanes.records import fill_records
from optbench.lanes.runnable import evaluations_of
from optbench.rules.compose import Optimizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Records:
    """Lanes at about 64 log-spaced steps, of nets at about 20.

    Attributes
    ----------
    steps : ndarray [r] of int64
    f, best : ndarray [lanes, r]
        Noise-free value at the reported point, and the least so far; +inf after a lane diverged.
    x : ndarray [lanes, r, d]
        The reported points; r = 0 unless d = 2.
    metrics : ndarray [lanes, r, 6]
        Loss and accuracy on the training, validation and test part; r = 0 without data. After
        a lane diverged losses are +inf and accuracies NaN.
    """

    steps: NDArray[np.int64]
    f: NDArray[np.floating]
    best: NDArray[np.floating]
    x: NDArray[np.floating]
    metrics: NDArray[np.floating]


@dataclass(frozen=True, repr=False)
class Trajectories:
    """What `minimize` returns; lanes come first.

    Attributes
    ----------
    x : ndarray [lanes, d]
        The reported point at the end (the last finite one).
    f, best : ndarray [lanes]
        Noise-free value at the end, +inf for a lane that is not finite, and the least value seen.
    f_start : ndarray [lanes]
    status : ndarray [lanes] of str
        "target" (last target hit), "stationary", "budget", "not finite" or "stopped" (early, by
        a net that declares `stopping`).
    steps : ndarray [lanes] of int64
        Steps taken.
    hits : ndarray [lanes, 19] of int64
        Steps until f - f_ref fell to 10^-1, 10^-1.5, ... 10^-10 of the start's; -1 where it did
        not, or where there is no target: f_ref is unknown, or rounding hides a gap as small as
        that. Problems with absolute targets have 21: f - f_ref at 10^2, 10^1.5, ... 10^-8. Nets
        have one: their declared training loss. Absolute targets that are met at the start are hits
        after 0 steps.
    evaluations_per_step : float
        Gradients, and products with the Hessian, which cost as much.
    records : Records
    title : str
        The optimizer and the problem.
    """

    x: NDArray[np.floating]
    f: NDArray[np.floating]
    best: NDArray[np.floating]
    f_start: NDArray[np.floating]
    status: NDArray[np.str_]
    steps: NDArray[np.int64]
    hits: NDArray[np.int64]
    evaluations_per_step: float
    records: Records
    title: str = ""

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the values of lanes at their records against evaluations, and their median.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            By default one of a new figure of pyplot's.

        Returns
        -------
        matplotlib.axes.Axes
        """
        evaluations = self.records.steps * self.evaluations_per_step
        return showing.draw(evaluations, self.records.f, self.title, ax)

    def __repr__(self) -> str:
        endings = showing.endings(self.status)
        least = f"{self.best.min():.4g}"
        return f"Trajectories({self.title}: {len(self.f)} lanes, {endings}; best {least})"

    def _repr_html_(self) -> str:
        """Return how lanes ended and what they reached, for notebooks."""
        columns = {"f at the end": self.f, "least f": self.best, "steps": self.steps}
        return showing.html(f"{self.title}: {len(self.f)} lanes", self.status, columns)


def trajectories_of(
    results: Results, optimizer: Optimizer, job: Job, title: str = ""
) -> Trajectories:
    """Return results as users read them."""
    assert job.records is not None
    f, best, metrics = fill_records(results)
    lanes, d = results.x.shape
    points = results.record_x if len(results.record_x) else np.empty((lanes, 0, d), f.dtype)
    return Trajectories(
        x=results.x,
        f=results.f_final,
        best=results.f_best,
        f_start=results.f_start,
        status=np.array(STATUS_NAMES)[results.status],
        steps=results.steps,
        hits=results.hits,
        evaluations_per_step=evaluations_of(optimizer),
        records=Records(steps=job.records, f=f, best=best, x=points, metrics=metrics),
        title=title,
    )
