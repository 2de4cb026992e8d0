"""The names of what instruments read, in the order in which it is stored."""

READINGS = ("rate", "sharpness", "distance", "noise_scale", "alpha")
"""The rate of the step from a point (at the end, of the last one); the largest eigenvalue of the
Hessian; the distance from the start; the gradient noise scale; `alpha` of the step that led there.
"""
