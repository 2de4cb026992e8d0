"""The constants of `polynomials`: coefficients, ranges, and log 2 and pi/2 in parts, by precision.

The coefficients are minimax on the reduced intervals (Remez), for relative errors of the whole
function below 2^-57 (float64) and 2^-27 (float32).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Constants:
    """What depends on the precision.

    Attributes
    ----------
    smallest, largest : float
        The range of normal numbers.
    least, most : float
        exp is 0 below `least` and infinite above `most`.
    log2 : tuple of float
        log 2, the first part with so many zeros at its end as n has bits.
    half_pi : tuple of float
        pi/2, all parts but the last with so many zeros at their ends as n has bits.
    farthest : float
        Largest argument of sin and cos whose n has no more bits than that.
    exp, sin, cos, log : tuple of float
        Coefficients, highest power first: of (exp r - 1 - r) / r^2 in r, (sin r - r) / r^3 and
        (cos r - 1 + r^2 / 2) / r^4 in r^2, (2 artanh s - 2 s) / s^3 in s^2.
    """

    smallest: float
    largest: float
    least: float
    most: float
    log2: tuple[float, ...]
    half_pi: tuple[float, ...]
    farthest: float
    exp: tuple[float, ...]
    sin: tuple[float, ...]
    cos: tuple[float, ...]
    log: tuple[float, ...]


DOUBLE = Constants(
    smallest=2.0**-1022,
    largest=float.fromhex("0x1.fffffffffffffp1023"),
    least=-708.3964185322641,
    most=709.782712893384,
    log2=(0.6931471805601177, -1.7239444525614835e-13),
    half_pi=(
        1.5707963276654482,
        -8.705515692000731e-10,
        -3.503434396954818e-19,
        -1.1351118607522202e-28,
    ),  # fmt: skip
    farthest=1e7,
    exp=(
        2.08753295078125e-09,
        2.5108979286712705e-08,
        2.755740263942093e-07,
        2.7557244373042417e-06,
        2.4801587172553352e-05,
        0.00019841269885967052,
        0.0013888888888962353,
        0.008333333333321691,
        0.04166666666666651,
        0.16666666666666677,
        0.5,
    ),  # fmt: skip
    sin=(
        1.5894710582423263e-10,
        -2.5050734571083925e-08,
        2.7557313651853277e-06,
        -0.00019841269830144396,
        0.008333333333323662,
        -0.1666666666666664,
    ),  # fmt: skip
    cos=(
        -1.1367981883881827e-11,
        2.087589773875216e-09,
        -2.755731573861381e-07,
        2.4801587294628008e-05,
        -0.001388888888888284,
        0.04166666666666665,
    ),  # fmt: skip
    log=(
        0.1481067701749639,
        0.15313149504443252,
        0.18183572082674865,
        0.2222219908143156,
        0.28571428729365117,
        0.3999999999951953,
        0.666666666666671,
    ),  # fmt: skip
)
SINGLE = Constants(
    smallest=2.0**-126,
    largest=float.fromhex("0x1.fffffep127"),
    least=-87.33654022216797,
    most=88.72283172607422,
    log2=(0.693145751953125, 1.428606765330187e-06),
    half_pi=(1.57080078125, -4.454515874385834e-06, 6.076561476220377e-11, 5.390302953474238e-15),
    farthest=3e3,
    exp=(
        0.0001990758485,
        0.001394859278,
        0.008333286007,
        0.04166624054,
        0.1666666676,
        0.5000000081,
    ),  # fmt: skip
    sin=(-0.0001950389619, 0.008332100463, -0.1666665467),
    cos=(2.446377033e-05, -0.001388765389, 0.04166665464),
    log=(0.299257325, 0.39976073, 0.6666677833),
)


def constants(dtype: npt.DTypeLike) -> Constants:
    """Return the constants for a precision, "float64" or "float32"."""
    return {"float64": DOUBLE, "float32": SINGLE}[str(np.dtype(dtype))]
