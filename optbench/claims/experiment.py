"""What experiments of claims are made of: lanes in one launch, and rates that are tuned apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from optbench.catalog import finding
from optbench.catalog.blas import one_blas_thread_of_nets
from optbench.catalog.references import reference
from optbench.claims.draws import Draw, Lanes
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.kernels.status import rounding_floor
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.lane_settings import settings_apart, with_lane_values
from optbench.lanes.records import fill_records, final_metrics, record_steps
from optbench.lanes.simulating import compile_functions, simulate
from optbench.lanes.starts import start_points
from optbench.rules import compose
from optbench.rules.compose import Optimizer

Floats = NDArray[np.float64]
_ONLY = 1
"""The seed of every lane: lanes differ in their instance."""


@dataclass(frozen=True, eq=False)
class Trained:
    """Lanes of one optimizer on one problem: T trials (rates) on n lanes.

    Attributes
    ----------
    f, best : ndarray [T, n]
        Noise-free value at the end (+inf of a lane that diverged), and the least.
    gap : ndarray [T, n]
        f less the reference value, at least what rounding hides; NaN where that is unknown, as of
        nets.
    x : ndarray [T, n, d]
    metrics : ndarray [T, n, 6]
        See `Trajectories`: loss and accuracy on the training, validation and test part; or [T, n,
        0] without data.
    hits : ndarray [T, n, targets]
        Steps to the targets of `Trajectories`, inf where they were not met.
    steps : ndarray [r]
    curve : ndarray [T, n, r]
        f at the recorded steps.
    curve_metrics : ndarray [T, n, r or 0, 6]
    points : ndarray [T, n, r or 0, d]
        The parameters at the recorded steps, where they were asked for; NaN after a lane diverged.
    """

    f: Floats
    best: Floats
    gap: Floats
    x: Floats
    metrics: Floats
    hits: Floats
    steps: NDArray[np.int64]
    curve: Floats
    curve_metrics: Floats
    points: Floats

    @property
    def train_loss(self) -> Floats:
        """Loss on the training part at the end [T, n]."""
        return self.metrics[..., 0]

    @property
    def train_error(self) -> Floats:
        """Share of training examples that are taken for another class [T, n]."""
        return _error(self.metrics[..., 1])

    @property
    def val_loss(self) -> Floats:
        """Loss on the validation part at the end [T, n]."""
        return self.metrics[..., 2]

    @property
    def val_error(self) -> Floats:
        """The same of the validation part; 1 of a lane that diverged."""
        return _error(self.metrics[..., 3])

    @property
    def test_loss(self) -> Floats:
        """Loss on the test part at the end [T, n]."""
        return self.metrics[..., 4]

    @property
    def test_error(self) -> Floats:
        """The same of the test part."""
        return _error(self.metrics[..., 5])


def _error(accuracy: Floats) -> Floats:
    """Return the error, 1 where a lane diverged."""
    return np.where(np.isnan(accuracy), 1.0, 1.0 - accuracy)


def train(
    problem: str | ProblemDefinition | NetDefinition,
    optimizer: str | Optimizer,
    lanes: Lanes,
    *,
    steps: int,
    lr: ArrayLike,
    dim: int | None = None,
    records: int = 3,
    dtype: DTypeLike | None = None,
    points: bool = False,
    **hyper: ArrayLike | str,
) -> Trained:
    """Run every trial on every lane in one launch: all meet the same data, starts and draws.

    Parameters
    ----------
    problem : str or definition
    optimizer : str or Optimizer
        As in `optbench.minimize`.
    lanes : draws.Lanes
        Each is an instance of its own, with one seed.
    steps : int
    lr : float or array_like [T]
    dim : int, optional
    records : int
        About how many steps are recorded. Nets are evaluated on all data at each: take few.
    dtype : numpy dtype, optional
        float32 of nets, float64 of all else.
    points : bool
        Whether the parameters at the recorded steps are kept: of small ones, and few steps.
    **hyper : float, array_like [T] or str
        Hyperparameters by trial; text, as the name of a schedule, for all.

    Returns
    -------
    Trained
    """
    instances = [finding.problem(problem, dim, number) for number in lanes.instances]
    first = instances[0]
    dtype = np.dtype(dtype or ("float32" if first.kind == "net" else "float64"))
    rates = np.atleast_1d(np.asarray(lr, float))
    optimizer, values = with_lane_values(
        compose.optimizer(optimizer), {**hyper, "lr": rates}, len(rates), dtype.name
    )
    column = values.pop("lr")
    optimizer, values = settings_apart(optimizer, values)
    seeds = [_ONLY]
    inputs = LaneInputs.crossed(
        np.concatenate([start_points(one, seeds, lanes.study_seed) for one in instances]),
        np.concatenate([one.keys(seeds, lanes.study_seed) for one in instances]),
        np.arange(len(instances)),
        {"lr": column, **values},
    )
    job = Job(
        steps=steps, dtype=dtype.name, records=record_steps(steps, records), store_x=points
    )  # fmt: skip
    compile_functions(first, optimizer, dtype.name, by_lane=bool(values))
    with one_blas_thread_of_nets(first):
        results = simulate(instances, optimizer, inputs, job)
    shape = len(instances), len(rates)

    def by_trial(values: NDArray[Any]) -> Floats:
        by_draw = values.astype(float).reshape(*shape, *values.shape[1:])
        return np.swapaxes(by_draw, 0, 1)

    curve, _, curve_metrics = fill_records(results)
    kept = results.record_x if points else np.empty((len(results.x), 0, first.dim))
    known = np.array([reference(one).value for one in instances])
    floor = rounding_floor(known, dtype)
    return Trained(
        f=by_trial(results.f_final), best=by_trial(results.f_best),
        gap=np.maximum(by_trial(results.f_final) - known, floor), x=by_trial(results.x),
        metrics=by_trial(final_metrics(results)),
        hits=by_trial(np.where(results.hits < 0, np.inf, results.hits)),
        steps=record_steps(steps, records), curve=by_trial(curve),
        curve_metrics=by_trial(curve_metrics), points=by_trial(kept),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Scores:
    """What an experiment returns of one arm, where there is more than an array of measures.

    Attributes
    ----------
    scoring : ndarray [R, n] or [n]
        The measure of each rate on each lane that is scored on.
    tuning : ndarray [R, m], optional
        The same on the lanes that the rate is chosen on, by the best median.
    curve : (ndarray [k], ndarray [k]), optional
        x and y for the figure of the claim.
    arrows : ndarray [k, 2], optional
        Points in the plane that a path leads through, for a picture of it.
    """

    scoring: Floats
    tuning: Floats | None = None
    curve: tuple[ArrayLike, ArrayLike] | None = None
    arrows: ArrayLike | None = None


def tuned(
    problem: str | ProblemDefinition | NetDefinition,
    optimizer: str | Optimizer,
    draw: Draw,
    score: Callable[[Trained], Floats],
    *,
    lr: ArrayLike,
    **options: Any,
) -> Scores:
    """Run every rate on the lanes to tune on and on those to score on.

    The curve is the median of f on the scoring lanes at the rate that is chosen where less is
    better.

    Parameters
    ----------
    problem, optimizer, lr, **options
        See `train`.
    draw : draws.Draw
    score : callable
        From `Trained` to the measure [T, n].
    """
    tuning = score(train(problem, optimizer, draw.tuning, lr=lr, **options))
    scored = train(problem, optimizer, draw.scoring, lr=lr, **options)
    with np.errstate(over="ignore"):  # of lanes on their way to infinity
        curve = np.median(scored.curve[best_rate(tuning)], axis=0)
    return Scores(score(scored), tuning, (scored.steps, curve))


def best_rate(tuning: Floats) -> int:
    """Return the number of the rate of least median over the tuning lanes [R, m]; NaN is worst."""
    with np.errstate(over="ignore"):
        return int(np.argmin(np.median(np.where(np.isnan(tuning), np.inf, tuning), axis=1)))


def steps_until(trained: Trained, level: ArrayLike) -> Floats:
    """Return the first recorded step at which f is at most a level [T, n], inf if it never is.

    Parameters
    ----------
    trained : Trained
        With as many records as the answer is to be exact.
    level : float or array_like, broadcast against [T, n]
    """
    below = trained.curve <= np.asarray(level)[..., None]
    return np.where(below.any(axis=-1), trained.steps[below.argmax(axis=-1)], np.inf)
