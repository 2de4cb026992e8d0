"""The criteria of Prechelt 1998, "Early stopping - but when?", over whole curves in NumPy."""

import numpy as np


def generalisation_loss(validation):
    """Return GL [T] in percent (sec. 2.2)."""
    validation = np.asarray(validation, float)
    return 100.0 * (validation / np.minimum.accumulate(validation) - 1.0)


def progress(train, strip=5):
    """Return P_k [T] in per mille; infinite before the first strip is full."""
    quotients = np.full(len(train), np.inf)
    if len(train) >= strip:
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(train, float), strip)
        quotients[strip - 1 :] = 1000.0 * (windows.mean(axis=1) / windows.min(axis=1) - 1.0)
    return quotients


def gl(train, validation, alpha):
    """Stop at the first record where GL exceeds alpha percent."""
    return first(generalisation_loss(validation) > alpha)


def pq(train, validation, alpha, strip=5):
    """Stop at the first end of a strip where GL / P_k exceeds alpha."""
    with np.errstate(divide="ignore", invalid="ignore"):
        worse = generalisation_loss(validation) / progress(train, strip) > alpha
    ends = np.arange(len(train)) % strip == 0
    ends[0] = False  # the start: epochs are numbered from 1
    return first(worse & ends)


def up(train, validation, rises, strip=5):
    """Stop when the loss has risen from strip to strip `rises` times in a row."""
    ends = np.arange(0, len(validation), strip)
    rose = np.diff(np.asarray(validation)[ends]) > 0
    for i in range(rises, len(ends)):
        if rose[i - rises : i].all():
            return int(ends[i])
    return None


def patience(train, validation, records):
    """Stop when the best record is `records` records ago."""
    for t in range(len(validation)):
        if t - int(np.argmin(validation[: t + 1])) == records:
            return t
    return None


def first(holds):
    """Return the first index where a condition holds, or None."""
    records = np.flatnonzero(holds)
    return int(records[0]) if len(records) else None


CRITERIA = {
    "generalisation_loss": gl, "quotient": pq, "successive_rises": up, "patience": patience,
}  # fmt: skip
