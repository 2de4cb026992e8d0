"""Diagnoses of the nets of a study: what is stored of them besides losses and accuracies.

Of each optimizer on each net, seed 0 on the first scoring instance is run again at the tuned rate
and its layers are diagnosed at a few steps; seed 0 on the first tuning instance is run again at
every rate with a record of its losses, from which a rate can be called too high or too low. A lane
run again is the same lane to the last bit: its draws are keyed by what it is.
"""

import dataclasses
import json
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, huber

from optbench.catalog.instance import Floats
from optbench.catalog.net import NetInstance
from optbench.kernels.memory.groups import Results
from optbench.lanes.records import fill_records, record_steps
from optbench.nets import batches, diagnosis
from optbench.nets.any_net import AnyNet
from optbench.nets.packing import N_TRAIN
from optbench.study.recording import LAYER_EXAMPLES

POINTS = 10
"""About how many points of training are diagnosed: log-spaced, both ends included."""
SWEPT = 12
"""About how many losses are recorded at every rate."""
SATURATION_EXAMPLES = 256
"""Those of the share of a layer that is saturated, which is computed for every lane."""


class Lanes(Protocol):
    """Lanes of a net with a rate each: they start at `starts` [lanes, P], and a call runs them."""

    @property
    def starts(self) -> Floats:
        """Where they start."""

    def __call__(self, records: NDArray[np.int64], points: bool, /) -> Results:
        """Run them, recording the steps `records`, and if wanted the points there."""
        ...


def examples(
    problem: NetInstance, most: int | None = LAYER_EXAMPLES
) -> tuple[Floats, NDArray[Any]]:
    """Return (X [n, k], y) of up to `most` training examples, as `diagnose` takes them.

    Labels are [n], or [n, time] where each step has one, -1 where there is none.
    """
    p, q = problem.placement.p, problem.placement.q
    X, Y = batches.examples(p, q, 0, q[N_TRAIN])
    y = Y.reshape(len(X), -1)
    if problem.net.net.loss == "cross_entropy" and y.shape[1] == 1:
        y = y[:, 0]
    return X[:most], y[:most]


def chance(problem: NetInstance) -> float:
    """Return the training loss, without penalties, of the best constant answer."""
    net, (_, y) = problem.net.net, examples(problem, None)
    if net.loss == "cross_entropy":
        labels = y[y >= 0].astype(int)
        shares = np.bincount(labels, minlength=net.n_out) / labels.size
        smoothed = (1.0 - net.label_smoothing) * shares + net.label_smoothing / len(shares)
        return float(entr(smoothed).sum())
    if net.loss == "binary_cross_entropy":
        return float(np.mean(entr(y.mean(axis=0)) + entr(1.0 - y.mean(axis=0))))
    return float(np.mean([_least(net.loss, column) for column in y.T]))


SIZES: dict[str, Callable[[Floats], Floats]] = {
    "mse": np.square, "mae": np.abs, "huber": lambda r: huber(1.0, r),
}  # fmt: skip
"""Losses by what is left of an answer."""


def _least(loss: str | Callable[..., float], column: Floats) -> float:
    """Return the least mean loss of a constant answer where those of `column` are right."""
    from scipy.optimize import minimize_scalar  # which takes a third of a second to import

    def mean(answer: float) -> float:
        if isinstance(loss, str):
            return float(SIZES[loss](column - answer).mean())
        return float(np.mean([loss(answer, right) for right in column.tolist()]))

    ends = column.min(), column.max() + 1e-12
    return float(minimize_scalar(mean, bounds=ends, method="bounded").fun)


def probed(problem: NetInstance, dtype: str) -> AnyNet:
    """Return the net in the dtype of a study, whose kernels are compiled anyway."""
    net: AnyNet = dataclasses.replace(problem.net.net, dtype=dtype)
    return net


def saturated(problem: NetInstance, dtype: str, *points: Floats) -> Floats:
    """Return the saturated share [lanes, points] of nets at several `points` [lanes, P].

    Over fewer examples than the statistics of layers, since it is computed for every lane.
    """
    net, (X, _) = probed(problem, dtype), examples(problem, SATURATION_EXAMPLES)
    shares: dict[bytes, float] = {}  # all rates start from the same weights

    def share(x: Floats) -> float:
        key = x.tobytes()
        if key not in shares:
            shares[key] = diagnosis.saturated_share(net, x, X)
        return shares[key]

    return np.array([[share(x) for x in lane] for lane in zip(*points, strict=True)])


def sweep_steps(steps: int) -> NDArray[np.int64]:
    """Return when the losses of every rate are recorded: half of them in the last half."""
    late = np.round(np.linspace(0.5 * steps, steps, SWEPT // 2)).astype(np.int64)
    return np.union1d(record_steps(max(1, steps // 2), SWEPT // 2), late)


def rate_sweep(
    problem: NetInstance, dtype: str, steps: int, lanes: Lanes
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Return the arrays from which verdicts on each of the lanes' rates are made.

    Parameters
    ----------
    problem : Problem
    dtype : {"float64", "float32"}
    steps : int
    lanes : Lanes
        One of each rate.

    Returns
    -------
    dict of array
        sweep_steps [r], sweep_metrics [rates, r, 6] and sweep_saturated [rates, 2]: at the start
        and the end.
    """
    recorded = sweep_steps(steps)
    outcome = lanes(recorded, False)
    return {
        "sweep_steps": recorded,
        "sweep_metrics": fill_records(outcome)[2],
        "sweep_saturated": saturated(problem, dtype, lanes.starts, outcome.x),
    }


class Track(NamedTuple):
    """The points of a lane that are looked into.

    Attributes
    ----------
    steps : array of int64 [r]
        Of all points that were to be.
    points : list of (step, before, x)
        Those that the lane reached; `before` is the point one step earlier, None at the start and
        where early stopping put the best parameters back.
    start : array [P]
    """

    steps: NDArray[np.int64]
    points: list[tuple[int, Floats | None, Floats]]
    start: Floats


def track(problem: NetInstance, steps: int, lane: Lanes) -> Track:
    """Return the points of one lane, which is run again for it.

    Points that the lane did not reach, because it diverged or was stopped before, are left out.
    """
    at = record_steps(steps, POINTS)
    recorded = np.union1d(at, np.maximum(at - 1, 0))
    outcome = lane(recorded, True)
    points = dict(zip(recorded.tolist(), outcome.record_x[0], strict=True))
    last, restored = int(outcome.steps[0]), bool(problem.net.training.stopping)
    reached: list[tuple[int, Floats | None, Floats]] = []
    for step in at.tolist():
        if step > last or not np.isfinite(points[step]).all():
            break
        first = step == 0 or (restored and step == last)
        reached.append((step, None if first else points[step - 1], points[step]))
    return Track(at, reached, points[0])


def layer_rows(problem: NetInstance, dtype: str, lane: Track) -> list[dict[str, Any]]:
    """Return the rows of the store's table ``layers`` for one lane, with the `name` of each layer.

    ``update_ratio`` is that of the one step that led to a point.
    """
    net, (X, y) = probed(problem, dtype), examples(problem)
    rows: list[dict[str, Any]] = []
    for step, before, point in lane.points:
        for layer in diagnosis.diagnose(net, point, X, y, before):
            row = {"step": step, **dataclasses.asdict(layer)}
            counts, edges = row.pop("histogram"), row.pop("edges")
            row.update(weight_low=float(edges[0]), weight_high=float(edges[-1]))
            rows.append({**row, "weight_counts": json.dumps(counts.tolist())})
    return rows
