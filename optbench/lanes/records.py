"""At which steps lanes are recorded, and records completed after the end of a lane."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optbench.kernels.status import NOT_FINITE, PARTS

RECORDS = 64
"""About how many steps are recorded."""


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


def record_steps(steps: int, count: int = RECORDS) -> NDArray[np.int64]:
    """Return 0, `steps` and log-spaced steps between, about `count` in all, int64 ascending."""
    spaced = np.round(np.geomspace(1, steps, max(count - 1, 1))).astype(np.int64)
    return np.unique(np.concatenate([[0], spaced, [steps]]))


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
