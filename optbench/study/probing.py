"""Looking into the nets of a study: what is kept of them besides losses and accuracies.

Of each optimizer on each net, seed 0 on the first scoring instance is run again at the tuned rate
and its layers are diagnosed at a few steps; seed 0 on the first tuning instance is run again at
every rate with a record of its losses, from which a rate can be called too high or too low. A lane
run again is the same lane to the last bit: its draws are keyed by what it is.
"""

import dataclasses
import json

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import entr, huber

from optbench.lanes.simulating import fill_records, record_steps
from optbench.nets import batches, diagnosis
from optbench.nets.packing import N_TRAIN

POINTS = 10
"""About how many points of training are diagnosed: log-spaced, both ends included."""
SWEPT = 12
"""About how many losses are recorded at every rate."""
EXAMPLES = 1024
"""How many training examples the statistics of layers are over, at most: the first ones."""
ASKED = 256
"""The same for the share of a layer that is saturated, which every lane is asked."""


def examples(problem, most=EXAMPLES):
    """Return (X [n, k], y) of up to `most` training examples, as `diagnose` takes them."""
    p, q = problem.placement.p, problem.placement.q
    X, Y = batches.examples(p, q, 0, q[N_TRAIN])
    y = Y[:, 0] if problem.net.net.loss == "cross_entropy" else Y
    return X[:most], y[:most]


def chance(problem):
    """Return the training loss, without penalties, of the best constant answer."""
    net, (_, y) = problem.net.net, examples(problem, None)
    if net.loss == "cross_entropy":
        shares = np.bincount(y.astype(int), minlength=net.sizes[-1]) / len(y)
        smoothed = (1.0 - net.label_smoothing) * shares + net.label_smoothing / len(shares)
        return float(entr(smoothed).sum())
    if net.loss == "binary_cross_entropy":
        return float(np.mean(entr(y.mean(axis=0)) + entr(1.0 - y.mean(axis=0))))
    size = {"mse": np.square, "mae": np.abs, "huber": lambda r: huber(1.0, r)}[net.loss]

    def loss(answer, column):
        return size(column - answer).mean()

    ends = np.stack([y.min(axis=0), y.max(axis=0)], axis=1)
    found = [
        minimize_scalar(loss, bounds=(low, high + 1e-12), args=(column,), method="bounded").fun
        for column, (low, high) in zip(y.T, ends, strict=True)
    ]
    return float(np.mean(found))


def of_dtype(problem, dtype):
    """Return the net in the dtype of a study, whose kernels are compiled anyway."""
    return dataclasses.replace(problem.net.net, dtype=dtype)


def saturated(problem, dtype, *points):
    """Return the saturated share [lanes, points] of nets at several `points` [lanes, P].

    Over fewer examples than the statistics of layers, since every lane is asked.
    """
    net, (X, _) = of_dtype(problem, dtype), examples(problem, ASKED)
    known = {}  # all rates start from the same weights

    def share(x):
        key = x.tobytes()
        if key not in known:
            known[key] = diagnosis.saturated_share(net, x, X)
        return known[key]

    return np.array([[share(x) for x in lane] for lane in zip(*points, strict=True)])


def sweep_steps(steps):
    """Return when the losses of every rate are recorded: half of them in the last half."""
    late = np.round(np.linspace(0.5 * steps, steps, SWEPT // 2)).astype(np.int64)
    return np.union1d(record_steps(max(1, steps // 2), SWEPT // 2), late)


def swept(problem, dtype, steps, run):
    """Return the arrays that tell what training is like at each of the lanes' rates.

    Parameters
    ----------
    problem : Problem
    dtype : str
    steps : int
    run : callable
        ``run(records, store_x) -> groups.Results`` of one lane a rate.

    Returns
    -------
    dict of array
        sweep_steps [r], sweep_metrics [rates, r, 6] and sweep_saturated [rates, 2]: at the start
        and the end.
    """
    recorded = sweep_steps(steps)
    made = run(recorded, False)
    shares = saturated(problem, dtype, run.starts, made.x)
    return {
        "sweep_steps": recorded,
        "sweep_metrics": fill_records(made._asdict())[2],
        "sweep_saturated": shares,
    }


def layers(problem, dtype, steps, run):
    """Return the rows of the store's table ``layers`` for one lane.

    Points that the lane did not reach, because it diverged or was stopped before, are left out. The
    parameters are those of `swept`; ``update_ratio`` is that of the one step that led to a point,
    NaN where early stopping put the best parameters back.
    """
    net, (X, y) = of_dtype(problem, dtype), examples(problem)
    at = record_steps(steps, POINTS)
    recorded = np.union1d(at, np.maximum(at - 1, 0))
    made = run(recorded, True)
    points = dict(zip(recorded.tolist(), made.record_x[0], strict=True))
    last, restored = int(made.steps[0]), bool(problem.net.training.stopping)
    rows = []
    for step in at.tolist():
        if step > last or not np.isfinite(points[step]).all():
            break
        first = step == 0 or (restored and step == last)
        before = None if first else points[step - 1]
        for one in diagnosis.diagnose(net, points[step], X, y, before):
            row = {"step": step, **dataclasses.asdict(one)}
            counts, edges = row.pop("histogram"), row.pop("edges")
            row.update(weight_low=float(edges[0]), weight_high=float(edges[-1]))
            rows.append({**row, "weight_counts": json.dumps(counts.tolist())})
    return rows
