"""Initial parameters of a net; biases start at zero."""

import math

import numpy as np

from optbench.nets.layout import LANES, row_offsets


def he_normal(rng, n_in, n_out):
    """Draw normals of variance 2 / n_in (He et al. 2015, "Delving deep into rectifiers")."""
    return rng.standard_normal((n_in, n_out)) * math.sqrt(2.0 / n_in)


def xavier_uniform(rng, n_in, n_out):
    """Draw uniforms of variance 2 / (n_in + n_out) (Glorot and Bengio 2010)."""
    bound = math.sqrt(6.0 / (n_in + n_out))
    return rng.uniform(-bound, bound, (n_in, n_out))


def zeros(rng, n_in, n_out):
    """Return zeros: every unit of a layer then stays equal to its neighbours."""
    return np.zeros((n_in, n_out))


SCHEMES = {"he_normal": he_normal, "xavier_uniform": xavier_uniform, "zeros": zeros}
"""Name -> function that draws W [n_in, n_out]."""


def initial(sizes, key, scheme, dtype):
    """Return ``params[P]``.

    Parameters
    ----------
    sizes : sequence of int
    key : int or uint64
        Key of the random stream. Draws are float64 and rounded to `dtype`, so both precisions
        start at the same point.
    scheme : str
        One of `SCHEMES`.
    dtype : numpy dtype
    """
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}; choose from {', '.join(SCHEMES)}")
    rng = np.random.Generator(np.random.Philox(key=int(key)))
    offsets = row_offsets(sizes) * LANES
    params = np.zeros(offsets[-1], dtype)
    for layer, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        start = offsets[2 * layer]
        params[start : start + n_in * n_out] = SCHEMES[scheme](rng, n_in, n_out).ravel()
    return params
