"""When lanes reached a target: in steps from the exact hitting times, or from the records."""

import math

import numpy as np

from optbench.lanes import ABSOLUTE_TARGETS, TARGETS


def target_index(tau, targets=TARGETS):
    """Return the index in `targets` of the hardest target that is not harder than `tau`."""
    reached = np.flatnonzero(tau * (1 - 1e-9) <= targets)
    return int(reached[-1]) if len(reached) else 0


def steps_to_target(facts, arrays):
    """Return the steps each lane took to its target, NaN where it was not reached or ended badly.

    Parameters
    ----------
    facts, arrays : dict
        A stored cell; ``facts["target"]`` is the share of the initial gap that counts as success,
        or the gap where targets are absolute (nets have one target, their declared loss).

    Notes
    -----
    A lane that later diverged counts as a failure. Targets that do not count (below the rounding of
    f_ref) are replaced by the hardest one that does: the driver marks a lane that hit its last
    target with status "target".
    """
    hits = arrays["hits"]
    if not hits.shape[1]:
        return np.full(len(hits), math.nan)
    # Runs from before targets could be absolute do not say so.
    targets = ABSOLUTE_TARGETS if facts.get("absolute_targets") else TARGETS
    index = 0 if facts["kind"] == "net" else target_index(facts["target"], targets)
    column = min(index, hits.shape[1] - 1)
    steps = hits[:, column].astype(float)
    last = hits.max(axis=1)
    easier = (steps < 0) & (arrays["status"] == 0)
    steps = np.where(easier, last, steps)
    steps[steps < 0] = math.nan
    steps[arrays["status"] == 3] = math.nan
    return steps
