"""What is proved of the lanes of a run: the lines that medians of tuned settings may not cross.

A gap of every lane is at most its bound, so the median gap is at most the median bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from optbench.report.bounds import which
from optbench.report.bounds.convex_starts import ConvexStarts
from optbench.report.bounds.which import Settings
from optbench.report.statistics.intervals import medians

Whole: TypeAlias = NDArray[np.integer]


@dataclass(frozen=True)
class Theory:
    """What problems and rules of a run are, as those who know them say.

    Attributes
    ----------
    starts : callable
        ``starts(label, instances[n], seeds[n]) -> ConvexStarts``, None where the problem is not
        smooth and convex, or its constants are not known.
    settings : callable
        ``settings(optimizer) -> (rule, hyperparameters)``, None where a wrapper or a schedule
        changes the rule.
    """

    starts: Callable[[str, Whole, Whole], ConvexStarts | None]
    settings: Callable[[str], tuple[str, Settings] | None]

    def median_bounds(
        self,
        label: str,
        draws: tuple[Whole, Whole],
        tuned: Mapping[str, Settings],
        steps: Mapping[str, NDArray[np.float64]],
    ) -> dict[str, NDArray[np.float64]]:
        """Return optimizer -> the median over lanes of its bound, [r] like its steps.

        Parameters
        ----------
        label : str
            Of the problem.
        draws : (ndarray [n], ndarray [n])
            Instances and seeds of the lanes.
        tuned : dict
            optimizer -> the hyperparameters that were tuned.
        steps : dict
            optimizer -> steps [r] of its records. Others than those of `tuned` are left out, and
            so are those whose median lane does not meet the conditions of any bound.
        """
        starts = self.starts(label, *draws)
        if starts is None:
            return {}
        curves = {}
        for name in tuned.keys() & steps.keys():
            values = self._bound(name, tuned[name], starts, steps[name])
            if values is not None and np.isfinite(values).any():
                curves[name] = values
        return dict(sorted(curves.items()))

    def _bound(
        self, optimizer: str, tuned: Settings, starts: ConvexStarts, steps: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        settings = self.settings(optimizer)
        if settings is None:
            return None
        rule, values = settings
        bounds = which.bound(rule, {**values, **tuned}, starts, steps)
        return None if bounds is None else medians(bounds.T)
