"""What is shown of the instruments along training."""

from __future__ import annotations

from typing import NamedTuple


class Panel(NamedTuple):
    """A panel.

    Attributes
    ----------
    column : str
        Of the frame of instruments.
    words : str
    limits : (float, float)
        What lies outside is drawn at the edge.
    logarithmic : bool
    lines : tuple of float
        Where a dashed line is drawn.
    """

    column: str
    words: str
    limits: tuple[float, float]
    logarithmic: bool = True
    lines: tuple[float, ...] = ()


PANELS = (
    Panel("sharpness_times_rate", "sharpness\n× rate", (1e-6, 1e6), lines=(2.0,)),
    Panel("distance", "distance\nfrom start", (1e-9, 1e9)),
    Panel("noise_scale", "noise scale,\nexamples", (1e-3, 1e9)),
    Panel("alpha", "alpha", (-3.0, 5.0), logarithmic=False, lines=(-1.0, 0.0, 1.0)),
)
NOTE = (
    "One lane (instance 0, seed 0). Sharpness: largest eigenvalue of the Hessian of the training "
    "loss; above 2 (dashed) gradient descent leaves a parabola of that curvature, rules that scale "
    "coordinates have other bounds. Noise scale: batches much smaller are mostly noise. Alpha: "
    "where the one step that led to the point ends in the parabola below it; -1: did not move, "
    "0: in the minimum, 1: as high on the other side."
)
