"""What lanes begin with, and what is done with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.catalog.instance import Floats, Keys

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LaneInputs:
    """What n lanes begin with: D draws of everything random, and each lane's hyperparameters.

    The lanes of a draw follow one another; they differ in hyperparameters alone.

    Attributes
    ----------
    starts : ndarray [D, d]
    keys : ndarray [D] of uint64
        Of the draws' streams of random numbers.
    lr : ndarray [n]
    values : dict of str to ndarray [n]
        Other hyperparameters that differ by lane.
    instance : ndarray [D] of int64
        Which of the instances that are run each draw is of; by default the first.
    draw : ndarray [n] of int64, ascending
        The draw of each lane; by default each lane has its own.
    """

    starts: Floats
    keys: Keys
    lr: Floats
    values: Mapping[str, Floats] = field(default_factory=dict)
    instance: Integers = None  # type: ignore[assignment]  # set below
    draw: Integers = None  # type: ignore[assignment]  # set below

    def __post_init__(self) -> None:
        if self.instance is None:
            object.__setattr__(self, "instance", np.zeros(len(self.starts), np.int64))
        if self.draw is None:
            object.__setattr__(self, "draw", np.arange(len(self.lr)))

    @classmethod
    def crossed(
        cls, starts: Floats, keys: Keys, instance: Integers, trials: Mapping[str, Floats]
    ) -> "LaneInputs":
        """Return the lanes of every trial on every draw: lane = draw * trials + trial.

        Parameters
        ----------
        starts, keys, instance : ndarray [D, d], [D], [D]
        trials : dict of str to ndarray [T]
            Hyperparameters, "lr" among them.
        """
        draws, count = len(starts), len(trials["lr"])
        values = {name: np.tile(column, draws) for name, column in trials.items()}
        draw = np.repeat(np.arange(draws), count)
        return cls(starts, keys, values.pop("lr"), values, instance, draw)

    def __len__(self) -> int:
        return len(self.lr)


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """How long lanes run, what is looked for and recorded, and where they run.

    Attributes
    ----------
    steps : int
    dtype : {"float64", "float32"}
    records : ndarray of int64, optional
        Steps to record; by default about 64, of nets 20, log-spaced.
    recorded : ndarray [n] of bool, optional
        The lanes that are recorded; by default all.
    metrics : bool
        Whether losses and accuracies are recorded, where there are any.
    store_x : bool or ndarray [n] of bool
        Whether the points of records are kept, or the lanes of which they are.
    f_ref : float, optional
        Reference value of gaps; by default the problem's. Where it is NaN there are no targets.
    target : float, optional
        The goal, beside the grid of targets: see `targets.success`. By default the last of the
        grid that counts for a lane.
    grid : bool
        Whether the grid of targets is looked at too; else the goal is the only target.
    stop_at_target : bool
        Whether a lane ends with its last target.
    device : {"cpu", "cuda"}
    idle : int or threading.Semaphore
        How many threads stand idle and may help; it may change as lanes run.
    switch : kernels.cuda.switch.Switch, optional
        A kernel that the pair shares with others.
    """

    steps: int
    dtype: DTypeLike = "float64"
    records: NDArray[np.int64] | None = None
    recorded: NDArray[np.bool_] | None = None
    metrics: bool = True
    store_x: bool | NDArray[np.bool_] = False
    f_ref: float | None = None
    target: float | None = None
    grid: bool = True
    stop_at_target: bool = False
    device: Literal["cpu", "cuda"] = "cpu"
    idle: Semaphore | int = 0
    switch: Any = None
