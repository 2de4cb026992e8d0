"""Initial parameters of a net; biases start at zero, gamma at 1, beta at 0."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from optbench import gate
from optbench.define.draws import mixed
from optbench.errors import SettingError
from optbench.nets.activations import PRELU_START
from optbench.nets.architecture import Layer
from optbench.nets.checks import check_choice
from optbench.nets.packing import ROW_WIDTH, places, row_offsets, tensors

Generator: TypeAlias = np.random.Generator
Weights: TypeAlias = NDArray[np.float64]

SMALL = 0.01
"""Standard deviation of the scheme "normal"."""


def zeros(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Return zeros: every unit of a layer then stays equal to its neighbours."""
    return np.zeros((n_in, n_out))


def constant(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Return ones: with a gain, any constant."""
    return np.ones((n_in, n_out))


def normal(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw normals of standard deviation 0.01, whatever the widths."""
    return SMALL * rng.standard_normal((n_in, n_out))


def uniform(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw uniforms up to 1 / sqrt(n_in) (the usual one of Glorot and Bengio 2010, eq. 1)."""
    return _uniform(rng, 1.0 / (3.0 * n_in), n_in, n_out)


def xavier_uniform(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw uniforms of variance 2 / (n_in + n_out) (Glorot and Bengio 2010, eq. 16)."""
    return _uniform(rng, 2.0 / (n_in + n_out), n_in, n_out)


def xavier_normal(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw normals of variance 2 / (n_in + n_out)."""
    return rng.standard_normal((n_in, n_out)) * math.sqrt(2.0 / (n_in + n_out))


def lecun_normal(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw normals of variance 1 / n_in (LeCun, Bottou, Orr and Mueller 1998, sect. 4.6)."""
    return rng.standard_normal((n_in, n_out)) * math.sqrt(1.0 / n_in)


def he_normal(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw normals of variance 2 / n_in (He et al. 2015, "Delving deep into rectifiers")."""
    return rng.standard_normal((n_in, n_out)) * math.sqrt(2.0 / n_in)


def he_uniform(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw uniforms of variance 2 / n_in."""
    return _uniform(rng, 2.0 / n_in, n_in, n_out)


def orthogonal(rng: Generator, n_in: int, n_out: int) -> Weights:
    """Draw a matrix whose shorter side is orthonormal (Saxe, McClelland and Ganguli 2014)."""
    q, r = np.linalg.qr(rng.standard_normal((max(n_in, n_out), min(n_in, n_out))))
    q *= np.sign(np.diag(r))  # else it is not spread evenly (Mezzadri 2007)
    return q if n_in >= n_out else q.T


def _uniform(rng: Generator, variance: float, n_in: int, n_out: int) -> Weights:
    """Draw uniforms of a variance."""
    bound = math.sqrt(3.0 * variance)
    return rng.uniform(-bound, bound, (n_in, n_out))


SCHEMES: dict[str, Callable[[Generator, int, int], Weights]] = {
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "xavier_normal": xavier_normal,
    "xavier_uniform": xavier_uniform,
    "xavier2": he_normal,
    "lecun_normal": lecun_normal,
    "orthogonal": orthogonal,
    "uniform": uniform,
    "normal": normal,
    "constant": constant,
    "zeros": zeros,
}
"""Name -> function that draws W [n_in, n_out] for a gain of 1; ``xavier2`` is He's."""


def checked_gain(gain: float) -> float:
    """Return the factor of weights, which is a positive number."""
    checked = gate.real("gain", gain)
    if checked <= 0:
        raise SettingError(f"gain is {checked}; it must be a positive number")
    return checked


def initial(
    layers: Sequence[Layer],
    key: int | np.uint64,
    *,
    scheme: str,
    gain: float,
    dtype: DTypeLike,
) -> NDArray[Any]:
    """Return ``params[P]``.

    Parameters
    ----------
    layers : sequence of architecture.Layer
    key : int or uint64
        Key of the random stream. Each tensor draws from one of its own, so that nets which differ
        in some layers start alike in the others. Draws are float64 and rounded to `dtype`, so both
        precisions start at the same point.
    scheme : str
        One of `SCHEMES`.
    gain : float
        Factor of the weights, so ``lecun_normal`` has variance gain^2 / n_in.
    dtype : numpy dtype

    Raises
    ------
    SettingError
        If the scheme is unknown or the gain not a positive number.
    """
    check_choice("scheme", scheme, tuple(SCHEMES))
    gain = checked_gain(gain)
    at = places(layers)
    params = np.zeros(row_offsets(layers)[-1] * ROW_WIDTH, dtype)
    for number, name, length in tensors(layers):
        start = at[number, name]
        if name == "W":
            layer = layers[number - 1]
            rng = np.random.Generator(np.random.Philox(key=int(mixed(int(key), number))))
            weights = gain * SCHEMES[scheme](rng, layer.n_in, layer.n_out)
            params[start : start + length] = weights.ravel()
        else:
            value = {"gamma": 1.0, "slope": PRELU_START}.get(name, 0.0)
            params[start : start + length] = value
    return params
