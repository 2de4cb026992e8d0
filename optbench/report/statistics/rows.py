"""Types of what a report is made from: stored cells, and the rows of frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Facts: TypeAlias = Mapping[str, Any]
"""Facts about a cell, its pair and its problem, as `study.results.Results.cells` yields them."""
Cell: TypeAlias = tuple[Facts, Mapping[str, NDArray[Any]]]
Frames: TypeAlias = "Mapping[str, pd.DataFrame]"
"""What `load.load` returns."""


class OfOptimizers(Mapping[str, "pd.DataFrame"]):
    """Frames with the rows of some optimizers alone; a frame that names none is left as it is.

    Parameters
    ----------
    frames : mapping of str to DataFrame
    optimizers : iterable of str
        Labels.
    """

    def __init__(self, frames: Frames, optimizers: Iterable[str]) -> None:
        self.frames, self.optimizers = frames, list(optimizers)

    def __getitem__(self, name: str) -> pd.DataFrame:
        frame = self.frames[name]
        if "optimizer" not in frame:
            return frame
        return frame[frame["optimizer"].isin(self.optimizers)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


class ProblemRow(Protocol):
    """A row of the frame of problems, as `DataFrame.itertuples` yields it."""

    label: str
    dim: int
    kind: str
    tags: str | None
    f_ref: float
    f_ref_source: str
    target: float | None
    target_text: str
    absolute_targets: bool


class ConvergenceRow(Protocol):
    """A row of the convergence table: an optimizer on a problem."""

    optimizer: str
    label: str
    lr: float
    at_edge: bool
    extended: int
    median_f: float
    median_gap: float
    gap_low: float
    gap_high: float
    lanes: int
    success_share: float
    success_low: float
    success_high: float
    ranked_by: str
    basin_share: float
    evaluations_to_target: float
    reached: int
    diverged: int
    touched: int
    canonical_f: float
    canonical_gap: float
    canonical_success: float
    canonical_ended: str
    default_success_share: float
    default_evaluations_to_target: float
    default_median_gap: float
    default_wins: bool

    def _asdict(self) -> dict[str, Any]:
        """Return all columns by name."""


def tuned_settings(row: ConvergenceRow) -> dict[str, float]:
    """Return the tuned hyperparameters of a pair by name, the rate as "lr"."""
    columns = {"lr": row.lr, **row._asdict()}
    names = {name: name.removeprefix("value_") for name in columns if name.startswith("value_")}
    return {
        word: columns[name]
        for name, word in {"lr": "lr", **names}.items()
        if not math.isnan(columns[name])
    }
