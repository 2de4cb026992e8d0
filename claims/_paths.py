"""What is measured of the paths that lanes take."""

import numpy as np


def steps_for_good(run, level):
    """Return the first step from which f is at most a level to the end [T, n], else inf.

    Parameters
    ----------
    run : optbench.claims.experiment.Trained
        With a record a step.
    level : float or array_like, broadcast against [T, n]
    """
    above = ~(run.curve <= np.asarray(level)[..., None])
    last = above.shape[-1] - np.argmax(above[..., ::-1], axis=-1)  # the record after the last
    first = np.where(above.any(axis=-1), last, 0)
    return np.where(above[..., -1], np.inf, run.steps[np.minimum(first, len(run.steps) - 1)])


def cosines(points):
    """Return the cosine of the angle between each step and the next [..., k - 2].

    Parameters
    ----------
    points : ndarray [..., k, d]
        A path, a point a step.
    """
    steps = np.diff(points, axis=-2)
    a, b = steps[..., 1:, :], steps[..., :-1, :]
    sizes = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return (a * b).sum(axis=-1) / np.maximum(sizes, 1e-300)
