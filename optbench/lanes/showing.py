"""What lanes show of themselves: their values against evaluations, and how they ended."""

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from optbench.define import markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 100
"""Lanes that are drawn: more cannot be told apart."""
ENDINGS = {
    "target": "hit the last target", "stationary": "are stationary", "budget": "spent the budget",
    "not finite": "are not finite", "stopped": "stopped early",
}  # fmt: skip
"""What is said of lanes with a status."""
QUANTILES = {"best": 0.0, "median": 0.5, "worst": 1.0}


def draw(
    evaluations: NDArray[np.floating], f: NDArray[np.floating], title: str, ax: "Axes | None"
) -> "Axes":
    """Draw values of lanes, and in bold their median, on axes or those of a new figure.

    Parameters
    ----------
    evaluations : ndarray [r]
    f : ndarray [lanes, r]
        A lane that is not finite ends there; its values count as the worst.
    title : str
    ax : Axes, optional
    """
    if ax is None:
        from matplotlib import pyplot  # it keeps the figure, and notebooks show it

        ax = pyplot.subplots(layout="constrained")[1]
    values = np.asarray(f, float)
    shown = np.where(np.isfinite(values), values, np.nan)
    chosen = np.linspace(0, len(values) - 1, min(MOST, len(values))).astype(int)
    style: dict[str, Any] = {"color": "#0072B2"}
    ax.plot(evaluations, shown[chosen].T, linewidth=0.7, alpha=0.35, **style)
    middle = np.sort(np.where(np.isnan(values), np.inf, values), axis=0)[(len(values) - 1) // 2]
    ax.plot(
        evaluations, np.where(np.isfinite(middle), middle, np.nan), linewidth=2.0,
        label=f"median of {len(values)} lanes", **style,
    )  # fmt: skip
    if np.nanmin(shown, initial=np.inf) > 0.0:
        ax.set_yscale("log")
    ax.set_xscale("symlog", linthresh=1.0)
    ax.set(xlabel="evaluations", ylabel="f", title=title, xlim=(0, evaluations[-1]))
    ax.legend(frameon=False)
    return ax


def endings(status: NDArray[np.str_]) -> str:
    """Return how many lanes ended in which way, the commonest first."""
    counts = Counter(status.tolist()).most_common()
    return ", ".join(f"{count} {ENDINGS[name]}" for name, count in counts)


def html(
    title: str, status: NDArray[np.str_], columns: dict[str, NDArray[Any]]
) -> str:  # fmt: skip
    """Return how lanes ended, and the quantiles of their numbers.

    Parameters
    ----------
    title : str
    status : ndarray [lanes]
    columns : dict of str to ndarray [lanes]
        What is not finite counts as the worst.
    """
    rows = [
        (name, *(f"{value:.4g}" for value in _quantiles(numbers)))
        for name, numbers in columns.items()
    ]
    return markup.paragraph(endings(status), title=title) + markup.table(("", *QUANTILES), rows)


def _quantiles(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Return numbers that lanes have, as `QUANTILES`: what is not finite is last."""
    ordered = np.sort(np.where(np.isfinite(numbers), np.asarray(numbers, float), np.inf))
    return ordered[[int(share * (len(ordered) - 1)) for share in QUANTILES.values()]]
