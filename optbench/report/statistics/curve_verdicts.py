"""The verdict on a training curve, with the evidence for it.

Losses may be 0 or negative: what is compared is a distance, never a quotient of two losses. Heights
are measured from 0, or from the lowest loss of the curve where that is below 0; distances are
measured with positive yardsticks. For losses above 0 that is what quotients would say.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONVERGING, TOO_HIGH, TOO_LOW = "converging well", "learning rate too high", "learning rate too low"
SATURATED, DIVERGED, OVERFITTING = "saturated", "diverged", "overfitting"
VERDICTS = (CONVERGING, TOO_HIGH, TOO_LOW, SATURATED, DIVERGED, OVERFITTING)

# docs/inside.md says with which runs these thresholds were chosen, and on which they were tested.
FEWEST = 4  # records that a curve must have
BLOWN = 9.0  # a rise by so many times the start's size, at the end, is divergence
SPIKE = 2.0  # a rise by so many times the start's size, not recovered, met too high a rate
RISES = 0.5  # of the yardstick: what upward moves of the last half may add up to
FAR = 0.5  # of the yardstick: a net that ends above this has learnt little
MATERIAL = 0.1  # of the yardstick: smaller differences of losses do not matter
FALLEN = 0.2  # of the yardstick: a curve that fell to this is not called slow
LATE = 0.03  # relative fall over the last half of the steps that is no longer negligible
HOLDS = 0.5  # where the validation loss falls less than this share of it, fitting more is no gain
HALF = 0.5  # share of a hidden layer that is saturated or dead
STILL = 1e-4  # relative change over the last half that is none


Floats: TypeAlias = NDArray[np.float64]


class Verdict(NamedTuple):
    """One of `VERDICTS`, and a sentence of numbers from the curve that says why."""

    name: str
    evidence: str


def judge(
    steps: ArrayLike,
    train: ArrayLike,
    validation: ArrayLike | None = None,
    saturated: tuple[float, float] | None = None,
    chance: float | None = None,
) -> Verdict:
    """Return the `Verdict` on the curve of one lane.

    The first that holds, in this order: diverged, saturated, learning rate too high, overfitting,
    learning rate too low; else converging well. Losses are measured with a yardstick: the loss of
    a net that gives every example the same answer, or the size of the loss at the start if that is
    less.

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
    not_finite = np.flatnonzero(~np.isfinite(train))
    if len(not_finite):
        step = steps[not_finite[0]]
        return Verdict(DIVERGED, f"training loss stopped being finite by step {step:g}")
    chance = chance if chance is not None and 0.0 < chance < np.inf else None
    curve = _Curve(steps, train, validation, chance)
    if train[-1] - train[0] > BLOWN * curve.size:
        return Verdict(DIVERGED, f"training loss ended at {curve.beside_start(train[-1])}")
    return (
        _saturated(curve, saturated)
        or _too_high(curve)
        or _overfitting(curve)
        or _too_low(curve)
        or Verdict(
            CONVERGING, f"training loss fell from {train[0]:.3g} to {train[-1]:.3g} and held"
        )
    )


class _Curve:
    """A curve and what it is measured with.

    Attributes
    ----------
    size : float
        The size of the loss at the start; where that is 0, of a constant answer's, or the largest.
    yardstick : float
        `size`, or the loss of a constant answer if that is less; 0 if all losses are 0.
    height : float
        The final loss, measured from 0 or from the lowest loss if that is below 0.
    half : int
        The first record of the last half of the steps.
    """

    def __init__(
        self, steps: Floats, train: Floats, validation: Floats | None, chance: float | None
    ) -> None:
        self.steps, self.train, self.chance = steps, train, chance
        has_validation = validation is not None and np.isfinite(validation[0])
        self.validation = validation if has_validation else None
        self.size = float(abs(train[0]) or chance or np.abs(train).max())
        self.yardstick = self.size if chance is None else min(self.size, chance)
        self.height = _heights(train)[-1]
        self.half = min(int(np.searchsorted(steps, 0.5 * steps[-1])), len(steps) - 2)

    def beside_start(self, loss: float) -> str:
        """Write a loss beside that of the start."""
        start = self.train[0]
        if start > 0.0:
            return f"{loss / start:.3g} times its start"
        return f"{loss:.3g}, from {start:.3g} at its start"


def _heights(losses: Floats) -> Floats:
    """Return losses measured from 0, or from the lowest one if that is below 0."""
    return losses - min(0.0, float(losses.min()))


def _saturated(curve: _Curve, shares: tuple[float, float] | None) -> Verdict | None:
    if shares is not None:
        return _stuck(curve, shares)
    train = curve.train
    late = train[curve.half :]
    still = np.ptp(late) <= STILL * abs(late[-1])
    moved = np.abs(train - train[0]).max() > 0.05 * curve.size
    if not (curve.height > FAR * curve.yardstick and still and moved):
        return None
    return Verdict(
        SATURATED, f"training loss moved from {train[0]:.3g}, then stood still at {train[-1]:.3g}"
    )


def _stuck(curve: _Curve, shares: tuple[float, float]) -> Verdict | None:
    first, last = shares
    change = f"training loss went from {curve.train[0]:.3g} to {curve.train[-1]:.3g}"
    if min(first, last) >= HALF and curve.height > FALLEN * curve.yardstick:
        return Verdict(
            SATURATED,
            f"{100 * first:.0f} % of a hidden layer is saturated or dead at the start, "
            f"{100 * last:.0f} % at the end; {change}",
        )
    if last >= HALF > first and curve.height > FAR * curve.yardstick:
        return Verdict(
            TOO_HIGH,
            f"training made {100 * last:.0f} % of a hidden layer saturated or dead, where it was "
            f"{100 * first:.0f} % at the start; {change}",
        )
    return None


def _too_high(curve: _Curve) -> Verdict | None:
    steps, train, validation = curve.steps, curve.train, curve.validation
    small = curve.height <= MATERIAL * curve.yardstick
    # A validation loss that is not finite any more is not below that of the start.
    hurt = validation is not None and not validation[-1] <= validation[0]
    if train.max() - train[0] > SPIKE * curve.size and (hurt or not small):
        spike, at = curve.beside_start(train.max()), steps[train.argmax()]
        return Verdict(TOO_HIGH, f"training loss rose to {spike} (step {at:g})")
    if small:
        return None
    moves = np.diff(train[curve.half :])
    rises = float(moves[moves > 0].sum())
    if rises > RISES * curve.yardstick:
        return Verdict(
            TOO_HIGH,
            f"in the last half of the steps training loss rose again and again, by {rises:.3g} in "
            f"all, and ended at {train[-1]:.3g}",
        )
    if train[-1] - train.min() > MATERIAL * curve.yardstick:
        at = steps[train.argmin()]
        return Verdict(
            TOO_HIGH,
            f"training loss ended at {train[-1]:.3g}, above its least value, {train.min():.3g} "
            f"(step {at:g})",
        )
    return None


def _overfitting(curve: _Curve) -> Verdict | None:
    steps, train, validation, chance = curve.steps, curve.train, curve.validation, curve.chance
    if validation is None or not np.isfinite(validation).all():
        return None
    best = int(validation.argmin())
    worse = validation[-1] - validation[best] > MATERIAL * curve.yardstick
    if worse and validation[-1] > train[-1] and train[-1] < train[best]:
        return Verdict(
            OVERFITTING,
            f"validation loss was least, {validation[best]:.3g}, at step {steps[best]:g} and ended "
            f"at {validation[-1]:.3g}, while training loss fell from {train[best]:.3g} to "
            f"{train[-1]:.3g}",
        )
    gap = validation[-1] - train[-1]
    if chance is not None and gap > FAR * chance > train[-1]:
        return Verdict(
            OVERFITTING,
            f"training loss fell to {train[-1]:.3g}, while validation loss ended at "
            f"{validation[-1]:.3g}, where a constant answer has {chance:.3g}",
        )
    return None


def _too_low(curve: _Curve) -> Verdict | None:
    last, height, yardstick = curve.train[-1], curve.height, curve.yardstick
    if height <= FALLEN * yardstick:
        return None
    late = _late_fall(curve.steps, curve.train)
    validation = curve.validation
    stands = (
        validation is not None
        and np.isfinite(validation).all()
        and _late_fall(curve.steps, validation) < HOLDS * late
    )
    if (late < LATE or stands) and height < (1.0 - MATERIAL) * yardstick:
        return None
    beside = "its start" if yardstick == curve.size else "what a constant answer loses"
    return Verdict(
        TOO_LOW,
        f"training loss is still {last:.3g}, {100 * height / yardstick:.0f} % of {beside}, "
        f"and fell by {100 * late:.2g} % in the last half of the steps",
    )


def _late_fall(steps: Floats, losses: Floats) -> float:
    """Return the relative fall over the last half of the steps: of heights, on a log scale."""
    heights, middle = _heights(losses), 0.5 * steps[-1]
    if heights.min() > 0.0:
        before = float(np.exp(np.interp(middle, steps, np.log(heights))))
    else:
        before = float(np.interp(middle, steps, heights))
    return 1.0 - float(heights[-1]) / before if before > 0.0 else 0.0
