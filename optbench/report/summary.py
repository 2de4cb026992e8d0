"""The best optimizers on each problem of a run, as lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame


def summary(frames: "Mapping[str, DataFrame]", best: int = 3) -> Iterator[str]:
    """Yield lines that name the best optimizers on each problem of a run.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        What `optbench.load` returns; "convergence" alone is asked for.
    best : int
        How many optimizers to name on a problem.
    """
    from optbench.report.statistics.ranking import ranked

    for label, rows in frames["convergence"].groupby("label", sort=False):
        yield label
        for row in ranked(rows).head(best).itertuples():
            if row.success_share != row.success_share:
                end = f"no target is known, median final f {row.median_f:.3g}"
            else:
                spent = row.evaluations_to_target
                after = f" after {spent:g} evaluations" if spent < float("inf") else ""
                end = (
                    f"{row.success_share:4.0%} of {row.lanes} lanes reached the target{after}, "
                    f"median gap {row.median_gap:.3g}"
                )
            rate = f"lr {row.lr:<9.3g}" if row.lr == row.lr else " " * 12  # solvers have none
            yield f"  {row.optimizer:24s} {rate} {end}"
