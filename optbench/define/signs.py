"""Signs and bounds that let NaN and infinity through: ``0 v`` is 0, and NaN where v is not finite.

A comparison with NaN is false and infinity has a sign, so a plain sign or bound turns a gradient
that broke into an ordinary step, and the lane looks well. What is not finite has to stay so.
"""

from optbench.define.primitives import where


def sign(v):
    """Return 1, 0 or -1, or NaN where v is not finite."""
    return where(v > 0.0, 1.0, where(v < 0.0, -1.0, 0.0)) + 0.0 * v


def bounded(v, bound):
    """Return v, but at most `bound` in size; NaN where v is not finite."""
    return where(v > bound, bound, where(v < -bound, -bound, v)) + 0.0 * v
