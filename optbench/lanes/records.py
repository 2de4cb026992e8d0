"""At which points lanes are recorded, and records completed after the end of a lane.

Records lie at evaluations, not at steps, where optimizers are compared: a record at e evaluations
takes the last point that cost at most e, so that rules which pay more a step (SAM, full batches)
are seen at the same costs as all others.
"""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.kernels.status import NOT_FINITE, PARTS

RECORDS = 64
"""About how many points are recorded."""
NET_RECORDS = 20
"""The same of nets, where each record evaluates all three parts of the data."""


class Recorded(Protocol):
    """The fields of `groups.Results` that records are made of; lanes come first."""

    @property
    def status(self) -> NDArray[np.int64]:
        """How lanes ended."""

    @property
    def f_final(self) -> NDArray[np.floating]:
        """The value at the end."""

    @property
    def f_best(self) -> NDArray[np.floating]:
        """The least value."""

    @property
    def record_f(self) -> NDArray[np.floating]:
        """The values [lanes, r], NaN after the end."""

    @property
    def record_best(self) -> NDArray[np.floating]:
        """The least values so far [lanes, r], NaN after the end."""

    @property
    def record_metrics(self) -> NDArray[np.floating]:
        """The metrics [lanes, r or 0, 6]."""


def records_of(kind: str) -> int:
    """Return about how many points are recorded on problems of a kind (see `Problem.kind`)."""
    return NET_RECORDS if kind == "net" else RECORDS


def record_evaluations(budget: int, count: int = RECORDS) -> NDArray[np.int64]:
    """Return 0, `budget` and log-spaced evaluations between, at most `count`.

    Parameters
    ----------
    budget : int
        Evaluations of a lane, at least 1.
    count : int
        Less than 3 means 3; there are fewer where whole numbers lie further apart than the spacing.

    Returns
    -------
    ndarray of int64, ascending
    """
    spaced = np.round(np.geomspace(1, budget, max(count - 1, 1))).astype(np.int64)
    # For np.unique NumPy imports its masked arrays.
    return np.array(sorted({0, *spaced.tolist(), budget}), np.int64)


def steps_at(evaluations: ArrayLike, per_step: float) -> NDArray[np.int64]:
    """Return the last step whose point cost at most so many evaluations.

    Parameters
    ----------
    evaluations : array_like of int [r]
    per_step : float
        Evaluations that a step costs: 1 of most rules, 2 of SAM, examples / batch of a full batch.

    Returns
    -------
    ndarray of int64 [r]
        Not distinct where a step costs more than the records lie apart: lanes are run with
        ``unique, inverse = np.unique(steps, return_inverse=True)``, and record i of the grid is
        record ``inverse[i]`` of the run.
    """
    # per_step is a rounded fraction: k steps' cost over it can come out just below k. Quotients
    # that are not whole are far further from one.
    exact_where_whole = 1.0 + 4.0 * np.finfo(np.float64).eps
    return np.floor(np.asarray(evaluations) / per_step * exact_where_whole).astype(np.int64)


def record_steps(steps: int, count: int = RECORDS) -> NDArray[np.int64]:
    """Return the records of a lane whose budget is counted in steps (see `record_evaluations`)."""
    return record_evaluations(steps, count)


def diverged(results: Recorded) -> NDArray[np.bool_]:
    """Say which lanes left the finite."""
    lost: NDArray[np.bool_] = results.status == NOT_FINITE
    return lost


def final_metrics(results: Recorded) -> NDArray[np.floating]:
    """Return the metrics of each lane at its end: [lanes, 6], or [lanes, 0] where there are none.

    They are those of its last record; where it diverged losses are +inf, and accuracies NaN.
    """
    metrics = fill_records(results)[2]
    if not metrics.size:
        return np.zeros((len(metrics), 0), metrics.dtype)
    return np.where(diverged(results)[:, None], _lost_metrics(metrics.dtype), metrics[:, -1])


def fill_records(
    results: Recorded,
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Return recorded f, best and metrics, completed after a lane's end.

    If it diverged, f and best are +inf from there on, losses too, and accuracies NaN.

    Returns
    -------
    f, best : ndarray [lanes, r]
    metrics : ndarray [lanes, r or 0, 6]
    """
    metrics = results.record_metrics
    f, best = results.record_f.copy(), results.record_best.copy()
    missing = np.isnan(f)
    lost = missing & diverged(results)[:, None]
    for array, last in ((f, results.f_final), (best, results.f_best)):
        array[missing] = np.broadcast_to(last[:, None], f.shape)[missing]
        array[lost] = np.inf
    if metrics.size:
        reached = np.maximum.accumulate(np.where(missing, 0, np.arange(f.shape[1])), axis=1)
        metrics = np.take_along_axis(metrics, reached[:, :, None], axis=1)
        metrics[lost] = _lost_metrics(metrics.dtype)
    return f, best, metrics


def _lost_metrics(dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    """Return the metrics of a lane that diverged: loss and accuracy of each part."""
    return np.array([np.inf, np.nan] * PARTS, dtype)
