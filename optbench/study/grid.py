"""Grids of learning rates, as studies and the command line write them."""

import math
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, model_validator

from optbench import gate
from optbench.errors import SettingError
from optbench.study.fields import FIELD, Positive, Strict, StudyError, whole_number

MOST_RATES = 10_000
"""Rates of a grid, and of a decade of it."""


class Grid(Strict):
    """A log-spaced grid of learning rates, both ends included."""

    low: Positive = 1e-5
    high: Positive = 10.0
    count: Annotated[int, whole_number(1, MOST_RATES)] = 31

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.high < self.low or (self.count > 1) != (self.high > self.low):
            raise ValueError(
                f"{FIELD} needs low < high, and low = high exactly when count is 1; "
                f"got {self.low:g}:{self.high:g}:{self.count}"
            )
        if self.count > 1 and not 10 ** (1 / MOST_RATES) < self._ratio() < math.inf:
            raise ValueError(
                f"{FIELD} has rates too close together or too far apart; "
                f"got {self.low!r}:{self.high!r}:{self.count}"
            )
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``LOW:HIGH:COUNT``, or one rate."""
        try:
            numbers = map(float, text.split(":") if ":" in text else (text, text, "1"))
            fields: dict[str, Any] = dict(zip(("low", "high", "count"), numbers, strict=True))
        except ValueError:
            raise StudyError(
                f"--lr {text}: expected LOW:HIGH:COUNT, such as 1e-5:10:25, or one rate"
            ) from None
        try:
            return cls(**fields)
        except StudyError as error:
            raise StudyError(f"--lr {text}: {error}") from None

    def _ratio(self) -> float:
        """Return how many times as large a rate is as the one before."""
        if self.count == 1:
            return 10.0
        return float((self.high / self.low) ** (1 / (self.count - 1)))

    def rates(self) -> NDArray[np.float64]:
        """Return the rates, ascending."""
        if self.count == 1:
            return np.array([self.low])
        return np.geomspace(self.low, self.high, self.count)

    def widened(self, factor: float) -> "Grid":
        """Return the grid with the rates that make it at least `factor` times as wide.

        Both ends move out by the square root of it, rounded up to whole steps: the spacing stays,
        and the rates of this grid are rates of the wider one.
        """
        if self.count == 1 or factor == 1.0:
            return self
        ratio = self._ratio()
        steps = math.ceil(math.log(factor) / 2 / math.log(ratio) - 1e-9)
        beyond = ratio**steps
        return Grid(low=self.low / beyond, high=self.high * beyond, count=self.count + 2 * steps)

    def decade(self, side: int, beyond: float) -> NDArray[np.float64]:
        """Return the rates of one more decade beyond the rate `beyond`, ascending.

        The spacing is the grid's own; `side` is -1 (smaller rates) or +1 (larger ones).
        """
        ratio = self._ratio()
        steps = max(1, round(math.log(10) / math.log(ratio)))
        more = beyond * ratio ** (side * np.arange(1, steps + 1))
        return np.sort(more)


def _as_grid(value: object) -> object:
    """Read a number as a grid of one rate."""
    if isinstance(value, (Grid, dict)):
        return value
    try:
        rate = gate.real(FIELD, value)
    except SettingError:
        raise ValueError(
            f"{FIELD} = {gate.shown(value)} must be a table {{ low, high, count }} or one rate"
        ) from None
    return {"low": rate, "high": rate, "count": 1}


Rates = Annotated[Grid, BeforeValidator(_as_grid)]
