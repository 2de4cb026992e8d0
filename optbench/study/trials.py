"""The settings that a pair is tried at: a grid of rates, and the rule's own default."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEFAULT = -1
"""The number of the trial of the rule's default setting."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Settings of an optimizer.

    Attributes
    ----------
    number : ndarray [T] of int64
        In the space of the study; `DEFAULT` for the rule's own setting.
    values : dict of str to ndarray [T]
        Hyperparameters, "lr" first.
    """

    number: NDArray[np.int64]
    values: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.number)
