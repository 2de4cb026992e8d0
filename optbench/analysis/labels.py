"""A label for a run's training curve, with the evidence for it."""

from typing import NamedTuple

import numpy as np

CONVERGING, TOO_HIGH, TOO_LOW = "converging well", "learning rate too high", "learning rate too low"
SATURATED, DIVERGED, OVERFITTING = "saturated", "diverged", "overfitting"
LABELS = (CONVERGING, TOO_HIGH, TOO_LOW, SATURATED, DIVERGED, OVERFITTING)

FEWEST = 4  # records that a curve must have
BLOWN = 10.0  # a final loss of so many times the start is divergence
RISES = 1.0  # natural log: upward moves of the last half that add up to a factor of e
RISEN = 1.5  # ending so far above the best value seen is not convergence
SPIKE = 3.0  # a loss that was so many times the start, and did not recover, met too high a rate
SMALL = 0.02  # below this share of the start, wobbles do not matter
LATE = 0.05  # relative fall in the last quarter of the steps that is no longer negligible
FALLEN = 0.2  # down to this share of the start, a falling curve is not called slow
WORSE = 1.1  # validation loss so far above its least value is overfitting
HALF = 0.5  # share of saturated activations; share of the start at which a loss stands still
STILL = 1e-4  # relative change over the last half that is none


class Label(NamedTuple):
    """One of `LABELS`, and a sentence of numbers from the curve that says why."""

    name: str
    evidence: str


def label(steps, train, validation=None, saturated=None):
    """Return the `Label` of one run.

    The first that holds, in this order: diverged, saturated, learning rate too high, overfitting,
    learning rate too low; else converging well.

    Parameters
    ----------
    steps : array [T]
        When losses were recorded, ascending from 0; at least 4.
    train : array [T]
        Training loss, on all training data.
    validation : array [T], optional
        Validation loss.
    saturated : (float, float), optional
        How much of the worst hidden layer is saturated or dead at the start and at the end (see
        `optbench.nets.diagnosis.saturated_share`). A net that was so from the start is saturated;
        one that became so met too high a rate. Without it a net counts as saturated only if its
        loss moved, and then stood still far above zero.

    Raises
    ------
    ValueError
        If there are fewer than 4 records.
    """
    steps, train = np.asarray(steps, float), np.asarray(train, float)
    validation = None if validation is None else np.asarray(validation, float)
    if len(train) < FEWEST or len(steps) != len(train):
        raise ValueError(
            f"a curve of {len(train)} records cannot be judged; record at least {FEWEST}"
        )
    bad = np.flatnonzero(~np.isfinite(train))
    if len(bad):
        return Label(DIVERGED, f"training loss stopped being finite by step {steps[bad[0]]:g}")
    if train[-1] > BLOWN * train[0]:
        return Label(DIVERGED, f"training loss ended at {train[-1] / train[0]:.3g} times its start")
    found = (
        _saturated(steps, train, saturated)
        or _too_high(steps, train, validation)
        or (_overfitting(steps, train, validation) if validation is not None else None)
        or _too_low(steps, train)
    )
    return found or Label(
        CONVERGING, f"training loss fell from {train[0]:.3g} to {train[-1]:.3g} and held"
    )


def _half(steps):
    """Return the place of the first record of the last half of the steps."""
    return min(int(np.searchsorted(steps, 0.5 * steps[-1])), len(steps) - 2)


def _saturated(steps, train, shares):
    high = train[-1] > HALF * train[0]
    if shares is not None:
        first, last = shares
        if last < HALF or not high:
            return None
        if first >= HALF:
            return Label(
                SATURATED,
                f"{100 * first:.0f} % of a hidden layer is saturated or dead at the start, "
                f"{100 * last:.0f} % at the end; training loss went from {train[0]:.3g} to "
                f"{train[-1]:.3g}",
            )
        return Label(
            TOO_HIGH,
            f"training made {100 * last:.0f} % of a hidden layer saturated or dead, where it was "
            f"{100 * first:.0f} % at the start; training loss {train[-1]:.3g} after {train[0]:.3g}",
        )
    late = train[_half(steps) :]
    still = np.ptp(late) <= STILL * late[-1]
    moved = np.abs(train - train[0]).max() > 0.05 * train[0]
    if not (high and still and moved):
        return None
    return Label(
        SATURATED, f"training loss moved from {train[0]:.3g}, then stood still at {train[-1]:.3g}"
    )


def _too_high(steps, train, validation):
    small = train[-1] <= SMALL * train[0]
    hurt = validation is not None and validation[-1] > validation[0]
    if train.max() > SPIKE * train[0] and (hurt or not small):
        at, spike = steps[train.argmax()], train.max() / train[0]
        return Label(TOO_HIGH, f"training loss rose to {spike:.3g} times its start (step {at:g})")
    if small:
        return None
    logs = np.log(np.maximum(train, np.finfo(float).tiny))
    moves = np.diff(logs[_half(steps) :])
    rises = float(moves[moves > 0].sum())
    if rises > RISES:
        return Label(
            TOO_HIGH,
            f"in the last half of the steps training loss rose again and again, by a factor of "
            f"{np.exp(rises):.3g} in all",
        )
    if train[-1] > RISEN * train.min():
        at = steps[train.argmin()]
        return Label(
            TOO_HIGH,
            f"training loss ended at {train[-1]:.3g}, {train[-1] / train.min():.3g} times its "
            f"least value (step {at:g})",
        )
    return None


def _overfitting(steps, train, validation):
    if not np.isfinite(validation).all():
        return None
    best = int(validation.argmin())
    worse = validation[-1] > max(WORSE * validation[best], train[-1])
    if not worse or train[-1] >= train[best]:
        return None
    return Label(
        OVERFITTING,
        f"validation loss was least, {validation[best]:.3g}, at step {steps[best]:g} and ended at "
        f"{validation[-1]:.3g}, while training loss fell from {train[best]:.3g} to {train[-1]:.3g}",
    )


def _too_low(steps, train):
    if train[-1] <= FALLEN * train[0]:
        return None
    earlier = np.exp(np.interp(0.75 * steps[-1], steps, np.log(train)))
    fall, late = 1.0 - train[-1] / train[0], 1.0 - train[-1] / earlier
    if late < LATE < fall:
        return None
    return Label(
        TOO_LOW,
        f"training loss is still {100 * train[-1] / train[0]:.0f} % of its start, and fell by "
        f"{100 * late:.2g} % in the last quarter of the steps",
    )
