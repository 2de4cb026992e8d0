"""How far the blocks of a row of gates lie apart: see `steps`."""

from optbench.kernels.sizes import padded

LEAST_PITCH = 16
"""PITCH is a multiple of this, and so of the lanes of every Vec."""


def pitch_of(units: int) -> int:
    """Return PITCH for a number of units."""
    pitch: int = padded(units, LEAST_PITCH)
    return pitch
