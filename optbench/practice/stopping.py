"""When to stop training, judged by the validation loss.

The criteria are those of Prechelt 1998, "Early stopping - but when?", and plain patience.
A criterion is a function of recorded losses that returns the index of the record at which training
stops, or None. `stopped` adds the record whose parameters to restore.
"""

from typing import NamedTuple

import numpy as np

STRIP = 5
"""Records in a training strip, `k` of the paper."""


class Stop(NamedTuple):
    """Record at which training stops (the last one if the criterion never holds), and the best.

    `best` is the first record of least validation loss up to `at`.
    """

    at: int
    best: int


def generalisation_loss(validation):
    """Return GL [T] in percent: by how much the loss exceeds its least value so far.

    ``GL(t) = 100 (E_va(t) / E_opt(t) - 1)`` (Prechelt 1998, sec. 2.2).
    """
    validation = np.asarray(validation, float)
    return 100.0 * (validation / np.minimum.accumulate(validation) - 1.0)


def progress(train, strip=STRIP):
    """Return P_k [T] in per mille: how much the mean training loss of a strip exceeds its least.

    ``P_k(t) = 1000 (sum of E_tr over the strip / (k min of E_tr over it) - 1)``; infinite before
    the first strip is full.
    """
    train = np.asarray(train, float)
    found = np.full(len(train), np.inf)
    if len(train) >= strip:
        windows = np.lib.stride_tricks.sliding_window_view(train, strip)
        found[strip - 1 :] = 1000.0 * (windows.mean(axis=1) / windows.min(axis=1) - 1.0)
    return found


def gl(validation, alpha=5.0):
    """Stop at the first record where ``GL > alpha`` percent."""
    return _first(generalisation_loss(validation) > alpha)


def pq(train, validation, alpha=0.5, strip=STRIP):
    """Stop at the first end of a strip where ``GL / P_k > alpha``: no progress makes up for GL."""
    # Multiplied out, so that a strip without progress stops if there is any loss at all.
    worse = generalisation_loss(validation) > alpha * progress(train, strip)
    return _first(worse & _ends(len(worse), strip))


def up(validation, rises=3, strip=STRIP):
    """Stop when the validation loss has risen from strip to strip `rises` times in a row."""
    ends = np.flatnonzero(_ends(len(validation), strip))
    row, values = 0, np.asarray(validation, float)[ends]
    for i in range(1, len(ends)):
        row = row + 1 if values[i] > values[i - 1] else 0
        if row == rises:
            return int(ends[i])
    return None


def patience(validation, records=10, least=0.0):
    """Stop when `records` records in a row have not brought the loss down by more than `least`."""
    best, since = np.inf, 0
    for t, value in enumerate(validation):
        if value < best - least:
            best, since = value, 0
        else:
            since += 1
            if since == records:
                return t
    return None


def _ends(count, strip):
    return np.arange(1, count + 1) % strip == 0


def _first(holds):
    found = np.flatnonzero(holds)
    return int(found[0]) if len(found) else None


def stopped(validation, at):
    """Return the `Stop` of a criterion's answer `at` (an index or None)."""
    validation = np.asarray(validation, float)
    last = len(validation) - 1 if at is None else at
    return Stop(last, int(np.nanargmin(validation[: last + 1])))


def restored(trajectory, validation, at):
    """Return the parameters of least validation loss up to the stop.

    Parameters
    ----------
    trajectory : array [T, P]
        Parameters at the records.
    validation : array [T]
    at : int or None
        What a criterion returned.
    """
    return np.asarray(trajectory)[stopped(validation, at).best]
