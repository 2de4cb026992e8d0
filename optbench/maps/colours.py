"""The colours of outcomes: three scales that follow one another in lightness, best to worst.

Dark blue has converged at once, light blue late; greys are in between, the darker the smaller the
gap; orange left the finite late, cream at once. So the order survives on paper without colours, and
blue and orange are told apart by whoever confuses red and green (Okabe and Ito 2008). That both
sides have scales of their own is after Sohl-Dickstein 2024, "The boundary of neural network
trainability is fractal".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.maps.computing import DIVERGED, ENDED_THERE, NAMES, WENT_ON, Outcomes
from optbench.report.figures.palette import OUTCOMES

SHADES = 256
STOPS = {outcome: OUTCOMES[NAMES[outcome]] for outcome in (ENDED_THERE, WENT_ON, DIVERGED)}
"""From the best to the worst of each outcome."""
ENDS = 0.01, 0.99
"""Quantiles at which a scale ends: a few pixels are many decades away."""
RISE = 100.0
"""How many times the start's value greys tell apart: lanes beyond are about to overflow."""


@dataclass(frozen=True)
class ColourScale:
    """The colours of one outcome, over a logarithm of what tells its pixels apart.

    Attributes
    ----------
    outcome : int
    low, high : float
        The values at its ends, beyond which colours do not change; equal where all pixels have one
        value, NaN where there are none.
    share : float
        Of the map's pixels.
    """

    outcome: int
    low: float
    high: float
    share: float

    @property
    def colours(self) -> NDArray[np.uint8]:
        """The colours from `low` to `high` [SHADES, 3]; late is worse, but of what diverges."""
        colours = _between(STOPS[self.outcome])
        return colours[::-1] if self.outcome == DIVERGED else colours

    def shades(self, values: NDArray[np.floating]) -> NDArray[np.intp]:
        """Return the number of the colour of each value."""
        if not self.low < self.high:
            return np.zeros(values.shape, np.intp)
        logs = np.log(values.astype(np.float64))
        share = (logs - np.log(self.low)) / (np.log(self.high) - np.log(self.low))
        shades: NDArray[np.intp] = (np.clip(share, 0.0, 1.0) * (SHADES - 1)).astype(np.intp)
        return shades


def scales(outcomes: Outcomes, floor: float, start: float) -> dict[int, ColourScale]:
    """Return the scale of each outcome over the pixels that have it.

    Parameters
    ----------
    outcomes : Outcomes
    floor : float
        The smallest gap that rounding does not hide.
    start : float
        The value that lanes start with, measured like those of `outcomes`.
    """
    made = {}
    for outcome in STOPS:
        which = outcomes.outcome == outcome
        low, high = np.nan, np.nan
        if which.any():
            values = measured(outcomes, outcome, which, floor)
            low, high = (float(end) for end in np.quantile(values, ENDS, method="nearest"))
            if outcome == WENT_ON and start > 0.0:
                high = max(low, min(high, RISE * start))
        made[outcome] = ColourScale(outcome, low, high, float(which.mean()))
    return made


def pixels(
    outcomes: Outcomes, by_outcome: dict[int, ColourScale], floor: float
) -> NDArray[np.uint8]:
    """Return the picture of a map as red, green and blue [rows, columns, 3]."""
    picture = np.empty((*outcomes.outcome.shape, 3), np.uint8)
    for outcome, scale in by_outcome.items():
        which = outcomes.outcome == outcome
        if which.any():
            values = measured(outcomes, outcome, which, floor)
            picture[which] = scale.colours[scale.shades(values)]
    return picture


def measured(
    outcomes: Outcomes, outcome: int, which: NDArray[np.bool_], floor: float
) -> NDArray[np.floating]:
    """Return what tells pixels of one outcome apart: the gap, or the step numbered from 1."""
    if outcome == WENT_ON:
        return np.clip(outcomes.value[which], floor, np.finfo(np.float32).max)
    return outcomes.steps[which] + 1.0


def _between(stops: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return `SHADES` colours from the first stop to the last."""
    rgb = [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops]
    at = np.linspace(0, len(stops) - 1, SHADES)
    channels = [np.interp(at, range(len(stops)), channel) for channel in zip(*rgb, strict=True)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return colours
