"""A label for a run's training curve, with the evidence for it."""

from typing import NamedTuple

import numpy as np

CONVERGING, TOO_HIGH, TOO_LOW = "converging well", "learning rate too high", "learning rate too low"
SATURATED, DIVERGED, OVERFITTING = "saturated", "diverged", "overfitting"
LABELS = (CONVERGING, TOO_HIGH, TOO_LOW, SATURATED, DIVERGED, OVERFITTING)

FEWEST = 4  # records that a curve must have
BLOWN = 10.0  # a final loss of so many times the start is divergence
SPIKE = 3.0  # a loss that was so many times the start, and did not recover, met too high a rate
RISES = 0.5  # of the yardstick: what upward moves of the last half may add up to
FAR = 0.5  # of the yardstick: a net that ends above this has learnt little
MATERIAL = 0.1  # of the yardstick: smaller differences of losses do not matter
FALLEN = 0.2  # of the yardstick: a curve that fell to this is not called slow
LATE = 0.03  # relative fall over the last half of the steps that is no longer negligible
HOLDS = 0.5  # where the validation loss falls less than this share of it, fitting more is no gain
HALF = 0.5  # share of a hidden layer that is saturated or dead
STILL = 1e-4  # relative change over the last half that is none


class Label(NamedTuple):
    """One of `LABELS`, and a sentence of numbers from the curve that says why."""

    name: str
    evidence: str


def label(steps, train, validation=None, saturated=None, chance=None):
    """Return the `Label` of one run.

    The first that holds, in this order: diverged, saturated, learning rate too high, overfitting,
    learning rate too low; else converging well. Losses are measured with a yardstick: the loss of
    a net that gives every example the same answer, or the loss at the start if that is less.

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
    chance : float, optional
        The training loss of the best constant answer.

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
    yardstick = train[0] if chance is None else min(train[0], chance)
    found = (
        _saturated(steps, train, saturated, yardstick)
        or _too_high(steps, train, validation, yardstick)
        or _overfitting(steps, train, validation, yardstick, chance)
        or _too_low(steps, train, validation, yardstick)
    )
    return found or Label(
        CONVERGING, f"training loss fell from {train[0]:.3g} to {train[-1]:.3g} and held"
    )


def _half(steps):
    """Return the place of the first record of the last half of the steps."""
    return min(int(np.searchsorted(steps, 0.5 * steps[-1])), len(steps) - 2)


def _saturated(steps, train, shares, yardstick):
    if shares is not None:
        return _stuck(train, shares, yardstick)
    high = train[-1] > FAR * yardstick
    late = train[_half(steps) :]
    still = np.ptp(late) <= STILL * late[-1]
    moved = np.abs(train - train[0]).max() > 0.05 * train[0]
    if not (high and still and moved):
        return None
    return Label(
        SATURATED, f"training loss moved from {train[0]:.3g}, then stood still at {train[-1]:.3g}"
    )


def _stuck(train, shares, yardstick):
    first, last = shares
    went = f"training loss went from {train[0]:.3g} to {train[-1]:.3g}"
    if min(first, last) >= HALF and train[-1] > FALLEN * yardstick:
        return Label(
            SATURATED,
            f"{100 * first:.0f} % of a hidden layer is saturated or dead at the start, "
            f"{100 * last:.0f} % at the end; {went}",
        )
    if last >= HALF > first and train[-1] > FAR * yardstick:
        return Label(
            TOO_HIGH,
            f"training made {100 * last:.0f} % of a hidden layer saturated or dead, where it was "
            f"{100 * first:.0f} % at the start; {went}",
        )
    return None


def _too_high(steps, train, validation, yardstick):
    small = train[-1] <= MATERIAL * yardstick
    hurt = validation is not None and validation[-1] > validation[0]
    if train.max() > SPIKE * train[0] and (hurt or not small):
        at, spike = steps[train.argmax()], train.max() / train[0]
        return Label(TOO_HIGH, f"training loss rose to {spike:.3g} times its start (step {at:g})")
    if small:
        return None
    moves = np.diff(train[_half(steps) :])
    rises = float(moves[moves > 0].sum())
    if rises > RISES * yardstick:
        return Label(
            TOO_HIGH,
            f"in the last half of the steps training loss rose again and again, by {rises:.3g} in "
            f"all, and ended at {train[-1]:.3g}",
        )
    if train[-1] - train.min() > MATERIAL * yardstick:
        at = steps[train.argmin()]
        return Label(
            TOO_HIGH,
            f"training loss ended at {train[-1]:.3g}, above its least value, {train.min():.3g} "
            f"(step {at:g})",
        )
    return None


def _overfitting(steps, train, validation, yardstick, chance):
    if validation is None or not np.isfinite(validation).all():
        return None
    best = int(validation.argmin())
    worse = validation[-1] - validation[best] > MATERIAL * yardstick
    if worse and validation[-1] > train[-1] and train[-1] < train[best]:
        return Label(
            OVERFITTING,
            f"validation loss was least, {validation[best]:.3g}, at step {steps[best]:g} and ended "
            f"at {validation[-1]:.3g}, while training loss fell from {train[best]:.3g} to "
            f"{train[-1]:.3g}",
        )
    gap = validation[-1] - train[-1]
    if chance is not None and gap > FAR * chance > train[-1]:
        return Label(
            OVERFITTING,
            f"training loss fell to {train[-1]:.3g}, while validation loss ended at "
            f"{validation[-1]:.3g}, where a constant answer has {chance:.3g}",
        )
    return None


def _too_low(steps, train, validation, yardstick):
    if train[-1] <= FALLEN * yardstick:
        return None
    late = _late_fall(steps, train)
    held = None if validation is None else _late_fall(steps, validation)
    settled = late < LATE or (held is not None and held < HOLDS * late)
    if settled and train[-1] < (1.0 - MATERIAL) * yardstick:
        return None
    beside = "its start" if yardstick == train[0] else "what a constant answer loses"
    return Label(
        TOO_LOW,
        f"training loss is still {train[-1]:.3g}, {100 * train[-1] / yardstick:.0f} % of {beside}, "
        f"and fell by {100 * late:.2g} % in the last half of the steps",
    )


def _late_fall(steps, losses):
    """Return the relative fall over the last half of the steps."""
    return 1.0 - losses[-1] / np.exp(np.interp(0.5 * steps[-1], steps, np.log(losses)))
