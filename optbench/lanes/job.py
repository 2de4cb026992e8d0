"""What lanes begin with, and what is done with them."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench.catalog.instance import Floats, Keys


@dataclass(frozen=True, eq=False)
class LaneInputs:
    """What n lanes differ in.

    Attributes
    ----------
    starts : ndarray [n, d]
    keys : ndarray [n] of uint64
        Of their streams of random numbers.
    lr : ndarray [n]
    """

    starts: Floats
    keys: Keys
    lr: Floats

    def __len__(self) -> int:
        return len(self.starts)

    def of_lanes(self, index: NDArray[np.intp]) -> "LaneInputs":
        """Return the inputs of the lanes with these numbers."""
        return LaneInputs(self.starts[index], self.keys[index], self.lr[index])


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """How long lanes run, what is looked for and recorded, and where they run.

    Attributes
    ----------
    steps : int
    dtype : {"float64", "float32"}
    records : ndarray of int64, optional
        Steps to record; by default about 64, of nets 20, log-spaced.
    store_x : bool
        Whether the points of records are kept.
    f_ref : float, optional
        Reference value of gaps; by default the problem's. Where it is NaN there are no targets.
    target : float, optional
        The goal, beside the grid of targets: see `targets.success`. By default the last of the
        grid that counts for a lane.
    stop_at_target : bool
        Whether a lane ends with its last target.
    device : {"cpu", "cuda"}
    threads : int
    switch : kernels.cuda.switch.Switch, optional
        A kernel that the pair shares with others.
    """

    steps: int
    dtype: DTypeLike = "float64"
    records: NDArray[np.int64] | None = None
    store_x: bool = False
    f_ref: float | None = None
    target: float | None = None
    stop_at_target: bool = False
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = 1
    switch: Any = None
