"""Which lanes reached the target that was asked for, and after how many evaluations."""

import numpy as np

from optbench.kernels.groups import NOT_FINITE

REACHED = "reached"
"""How a lane ended that reached its target."""


def reached(facts, arrays):
    """Return for each lane of a stored cell 1 where it reached its target, 0 where not.

    Parameters
    ----------
    facts, arrays : dict
        A stored cell. ``arrays["hit"]`` holds the step at which the target was first met, exactly
        as it was asked for; -1 where it was not.

    Returns
    -------
    ndarray [lanes]
        NaN where there is no target: no reference value is known. A lane that later diverged counts
        as a failure.
    """
    met = (arrays["hit"] >= 0) & (arrays["status"] != NOT_FINITE)
    without = np.isnan(arrays["f_ref"]) & (facts["kind"] != "net")
    return np.where(without, np.nan, met.astype(float))


def evaluations_to_target(facts, arrays):
    """Return the evaluations of each lane up to its target [lanes], NaN where it was not reached.

    Evaluations are numbered from 1: a target that is met at the start is met at evaluation 1.
    """
    spent = arrays["hit"] * facts["evaluations_per_step"] + 1.0
    return np.where(reached(facts, arrays) == 1.0, spent, np.nan)
