"""The targets of lanes, on each of the instances that they meet."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.instance import Problem
from optbench.catalog.references import reference
from optbench.lanes.targets import Targets, targets_of


class AskedTargets(NamedTuple):
    """The targets on each instance.

    Attributes
    ----------
    targets : tuple of Targets
    most : Targets
        Of an instance whose reference value is known, if there is one.
    f_ref : ndarray [P]
    values : ndarray [P, m]
        NaN where there is no target, since the reference value is unknown.
    """

    targets: tuple[Targets, ...]
    most: Targets
    f_ref: NDArray[np.float64]
    values: NDArray[np.float64]


@functools.lru_cache(maxsize=64)  # all optimizers of a study ask for the same
def asked_targets(
    instances: tuple[Problem, ...],
    dtype: np.dtype,
    target: float | None,
    f_ref: float | None,
    grid: bool,
) -> AskedTargets:
    """Return the targets of lanes; `f_ref` is what gaps are measured from, None for their own."""
    targets = tuple(
        targets_of(
            problem, reference(problem).value if f_ref is None else f_ref, dtype, target, grid
        )
        for problem in instances
    )
    most = max(targets, key=lambda those: those.values.size)
    unknown = np.full(most.values.size, np.nan)
    values = [those.values if len(those.values) == len(unknown) else unknown for those in targets]
    return AskedTargets(
        targets, most, np.array([those.f_ref for those in targets]), np.stack(values)
    )
