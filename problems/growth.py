"""Least squares: exponential models of the classical tests whose parameters differ in size."""

import math

from optbench.define import problem

from .systems import MGH


@problem(
    start=[0.02, 4000.0, 250.0],
    minimum=[0.005609636471029376, 6181.346346286167, 345.2236346241293],
    f_min=87.94585517110059,
    box=([0.001, 3000.0, 200.0], [0.05, 8000.0, 500.0]),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 10 (Meyer 1970)",
)
def meyer(x, g, p):
    """Sum over t = 50, 55, .., 125 of (x exp(y / (t + z)) - r_t)^2: a thermistor's resistance.

    Coordinates differ by six orders in their size, and curvatures by far more.
    """
    f = 0.0
    for i in range(3):
        g[i] = 0.0 * x[0]
    for i in range(16):
        inverse = 1.0 / (50.0 + 5.0 * i + x[2])
        rate = x[1] * inverse
        e = math.exp(rate)
        r = x[0] * e - p[i]
        f += r * r
        slope = 2.0 * r * e
        g[0] = g[0] + slope
        slope = slope * x[0] * inverse
        g[1] = g[1] + slope
        g[2] = g[2] - slope * rate
    return f


@meyer.constants
def meyer_data(rng, dim):
    """Return the resistances."""
    return [
        34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0, 8261.0, 7030.0,
        6005.0, 5147.0, 4427.0, 3820.0, 3307.0, 2872.0,
    ]  # fmt: skip


@problem(
    start=[5.0, 2.5, 0.15],
    minimum=[50.0, 25.0, 1.5],
    f_min=0.0,
    box=([5.0, 0.0, 0.1], [60.0, 25.5, 3.0]),
    tags=["nonconvex", "plateau", "valley", "ill-conditioned", "least-squares"],
    source=MGH + "no. 11 (Cox 1969; 99 equations, |y_i - x_2| without the factor m i)",
)
def gulf(x, g, p):
    """Sum over t = 0.01, .., 0.99 of (exp(-|u_t - y|^z / x) - t)^2: Weibull's distribution.

    u_t = 25 + (-50 log t)^(2/3). Where all exponentials are 0 or 1 the surface is flat.
    """
    f = 0.0
    for i in range(3):
        g[i] = 0.0 * x[0]
    inverse = 1.0 / x[0]
    for i in range(99):
        gap = p[i] - x[1]
        log = math.log(max(abs(gap), 1e-30))
        power = math.exp(x[2] * log) * inverse
        e = math.exp(-power)
        r = e - 0.01 * (i + 1.0)
        f += r * r
        slope = 2.0 * r * e * power
        g[0] = g[0] + slope * inverse
        g[1] = g[1] + slope * x[2] * math.copysign(1.0, gap) / max(abs(gap), 1e-30)
        g[2] = g[2] - slope * log
    return f


@gulf.constants
def gulf_data(rng, dim):
    """Return u_t."""
    return [25.0 + (-50.0 * math.log(0.01 * i)) ** (2.0 / 3.0) for i in range(1, 100)]


@problem(
    start=[25.0, 5.0, -5.0, -1.0],
    minimum=[-11.594439904762162, 13.203630051207202, -0.4034394881768595, 0.23677877445573622],
    f_min=85822.20162635633,
    box=([-25.0, -5.0, -10.0, -5.0], [25.0, 20.0, 10.0, 5.0]),
    tags=["convex", "ill-conditioned", "least-squares"],
    source=MGH + "no. 16",
)
def brown_dennis(x, g):
    """Sum over t = 0.2, 0.4, .., 4 of ((x_1 + t x_2 - e^t)^2 + (x_3 + x_4 sin t - cos t)^2)^2."""
    f = 0.0
    for i in range(4):
        g[i] = 0.0 * x[0]
    for i in range(20):
        t = 0.2 * (i + 1.0)
        sine = math.sin(t)
        a = x[0] + t * x[1] - math.exp(t)
        b = x[2] + sine * x[3] - math.cos(t)
        r = a * a + b * b
        f += r * r
        g[0] = g[0] + 4.0 * r * a
        g[1] = g[1] + 4.0 * r * a * t
        g[2] = g[2] + 4.0 * r * b
        g[3] = g[3] + 4.0 * r * b * sine
    return f


@problem(
    start=[-1.0, -0.5],
    minimum=[0.8647872863320524, 1.2357484987520928],
    f_min=16.08173013296039,
    box=(-2.0, 3.0),
    tags=["nonconvex", "several-basins", "valley", "least-squares"],
    source="Judge, Griffiths, Hill, Lütkepohl and Lee 1985, The theory and practice of "
    "econometrics, p. 956",
)
def judge(x, g, p):
    """Sum over 20 data of (x + a y + b y^2 - c)^2: a fit with one parameter twice.

    The other minimum, 20.4823, is at (2.35, -0.319).
    """
    f = 0.0
    g[0] = 0.0 * x[0]
    g[1] = 0.0 * x[0]
    for i in range(20):
        a, b = p[3 * i + 1], p[3 * i + 2]
        r = x[0] + x[1] * (a + b * x[1]) - p[3 * i]
        f += r * r
        g[0] = g[0] + 2.0 * r
        g[1] = g[1] + 2.0 * r * (a + 2.0 * b * x[1])
    return f


@judge.constants
def judge_data(rng, dim):
    """Return rows (c, a, b)."""
    c = (
        4.284, 4.149, 3.877, 0.533, 2.211, 2.389, 2.145, 3.231, 1.998, 1.379,
        2.106, 1.428, 1.011, 2.179, 2.858, 1.388, 1.651, 1.593, 1.046, 2.152,
    )  # fmt: skip
    a = (
        0.286, 0.973, 0.384, 0.276, 0.973, 0.543, 0.957, 0.948, 0.543, 0.797,
        0.936, 0.889, 0.006, 0.828, 0.399, 0.617, 0.939, 0.784, 0.072, 0.889,
    )  # fmt: skip
    b = (
        0.645, 0.585, 0.310, 0.058, 0.455, 0.779, 0.259, 0.202, 0.028, 0.099,
        0.142, 0.296, 0.175, 0.180, 0.842, 0.039, 0.103, 0.620, 0.158, 0.704,
    )  # fmt: skip
    return [v for row in zip(c, a, b, strict=True) for v in row]
