"""Many minima on a bounded domain, which classical suites search in a box.

The box never constrains a search here, and beyond it these functions fall without end, or to other
minima. So the square of the distance to the domain is added, with a weight where one is needed.
"""

import math

from optbench.define import problem, where


def beyond(v, low, high):
    """Signed distance to [low, high], 0 inside."""
    return min(v - low, 0.0) + max(v - high, 0.0)


@problem(
    start=[250.0, -350.0],
    minimum=420.96874635998205,
    f_min=lambda dim: (418.982887 - 418.98288727243374) * dim,
    box=(-500.0, 500.0),
    tags=["nonconvex", "several-basins", "many-minima", "separable"],
    source="Schwefel 1981, Numerical optimization of computer models, problem 2.26 (with a wall)",
    dims=(2, 10),
    scalable=True,
)
def schwefel(x, g):
    """418.982887 d - sum of x_i sin(sqrt(|x_i|)): the second best minimum is far from the best.

    Beyond 500 a wall of (|x_i| - 500)^2 is added: without it f has no least value.
    """
    f = 0.0
    for i in range(len(x)):
        root = math.sqrt(abs(x[i]))
        sine = math.sin(root)
        out = beyond(x[i], -500.0, 500.0)
        f += (418.982887 - x[i] * sine) + out * out
        g[i] = 2.0 * out - sine - 0.5 * root * math.cos(root)
    return f


def michalewicz_valley(i):
    """Return (place, value) of the least value of -sin(x) sin(i x^2 / pi)^20 on [0, pi]."""

    def value(x):
        return -math.sin(x) * math.sin(i * x * x / math.pi) ** 20

    def slope(x):
        sine, inner = math.sin(x), i * x * x / math.pi
        wave = 20.0 * math.sin(inner) ** 19 * math.cos(inner) * 2.0 * i * x / math.pi
        return -math.cos(x) * math.sin(inner) ** 20 - sine * wave

    count = 400 * i
    best = min((math.pi * k / count for k in range(count + 1)), key=value)
    low, high = best - math.pi / count, best + math.pi / count
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if slope(middle) < 0.0 else (low, middle)
    return low, value(low)


@problem(
    start=[1.7, 1.2],
    minimum=lambda dim: [michalewicz_valley(i + 1)[0] for i in range(dim)],
    f_min=lambda dim: sum(michalewicz_valley(i + 1)[1] for i in range(dim)),
    box=(0.0, math.pi),
    tags=["nonconvex", "several-basins", "many-minima", "plateau", "separable"],
    source="Michalewicz 1992, Genetic algorithms + data structures = evolution programs (with a "
    "wall)",
    dims=(2, 5),
    scalable=True,
)
def michalewicz(x, g):
    """-sum of sin(x_i) sin(i x_i^2 / pi)^20: narrow ravines that cross a plateau.

    Outside of [0, pi] the square of the distance is added: without it deeper ravines follow.
    """
    f = 0.0
    for i in range(len(x)):
        scale = (i + 1.0) / math.pi
        inner = scale * x[i] * x[i]
        sine = math.sin(x[i])
        wave = math.sin(inner)
        square = wave * wave
        fourth = square * square
        power = fourth * fourth * square * wave  # 11
        power = power * fourth * fourth  # 19
        out = beyond(x[i], 0.0, math.pi)
        f += out * out - sine * power * wave
        slope = math.cos(x[i]) * wave + 40.0 * scale * x[i] * sine * math.cos(inner)
        g[i] = 2.0 * out - power * slope
    return f


@problem(
    start=[300.0, 200.0],
    minimum=[512.1665521049076, 404.3809587603716],
    f_min=-959.9226004638967,
    box=(-512.0, 512.0),
    tags=["nonconvex", "several-basins", "many-minima", "nonsmooth"],
    source="Whitley, Mathias, Rana and Dzubera 1996, Evaluating evolutionary algorithms (F101, "
    "with a wall)",
)
def eggholder(x, g):
    """-(y + 47) sin(sqrt|x / 2 + y + 47|) - x sin(sqrt|x - y - 47|), in two dimensions.

    The classical minimum, -959.64, lies on the edge x = 512 of the domain; the wall of weight 10
    lets it slip a little beyond. The slopes are infinite where a root is 0.
    """
    y = x[1] + 47.0
    a = 0.5 * x[0] + y
    b = x[0] - y
    root_a = math.sqrt(abs(a))
    root_b = math.sqrt(abs(b))
    sine_a = math.sin(root_a)
    sine_b = math.sin(root_b)
    slope_a = y * math.cos(root_a) * inverse(a, root_a)
    slope_b = x[0] * math.cos(root_b) * inverse(b, root_b)
    left = beyond(x[0], -512.0, 512.0)
    low = beyond(x[1], -512.0, 512.0)
    g[0] = 20.0 * left - 0.5 * slope_a - sine_b - slope_b
    g[1] = 20.0 * low - sine_a - slope_a + slope_b
    return 10.0 * (left * left + low * low) - y * sine_a - x[0] * sine_b


def inverse(v, root):
    """The slope of sqrt|v|, and 0 where v is 0."""
    return where(v == 0.0, 0.0, math.copysign(0.5, v) / where(v == 0.0, 1.0, root))


@problem(
    start=[3.0, 3.0],
    minimum=[0.5 - math.pi / 3.0, -0.5 - math.pi / 3.0],
    f_min=-math.sqrt(0.75) - math.pi / 3.0,
    box=([-1.5, -3.0], [4.0, 4.0]),
    tags=["nonconvex", "several-basins"],
    source="Adorio 2005, MVF: multivariate test functions library (with a wall)",
)
def mccormick(x, g):
    """sin(x + y) + (x - y)^2 - 1.5 x + 2.5 y + 1: a corrugated trough along the diagonal.

    It falls from one corrugation to the next; the domain is [-1.5, 4] x [-3, 4], and the wall has
    weight 10.
    """
    s = x[0] + x[1]
    d = x[0] - x[1]
    wave = math.cos(s)
    left = beyond(x[0], -1.5, 4.0)
    low = beyond(x[1], -3.0, 4.0)
    g[0] = wave + 2.0 * d - 1.5 + 20.0 * left
    g[1] = wave - 2.0 * d + 2.5 + 20.0 * low
    wall = 10.0 * (left * left + low * low)
    return math.sin(s) + d * d - 1.5 * x[0] + 2.5 * x[1] + 1.0 + wall
