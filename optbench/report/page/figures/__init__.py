"""What the browser draws figures from: a file a figure, each with ``data(contents)``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from optbench.report.page.contents import Contents

NAMES = (
    "levels", "radar", "success", "ratios", "profiles", "data_profiles", "ecdf",
    "critical_difference", "endings",
    "regret", "convergence", "rates", "space", "tuning_curves", "trajectories", "parts", "layers",
    "instruments",
)  # fmt: skip
"""In the order of the page; ``js/figures/NAME.js`` draws what ``NAME.data`` returns."""


def all_data(contents: Contents) -> dict[str, Any]:
    """Return name -> what the browser draws the figure from, of figures that show something."""
    data = {name: import_module(f"{__name__}.{name}").data(contents) for name in NAMES}
    return {name: own for name, own in data.items() if own is not None}
