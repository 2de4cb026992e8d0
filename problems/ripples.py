"""Small but rugged surfaces: dozens of local minima in two to four dimensions."""

import math

from optbench.define import problem, where

JAMIL = "Jamil and Yang 2013, A literature survey of benchmark functions, "


@problem(
    start=[70.0, -40.0],
    minimum=0.0,
    f_min=0.0,
    box=(-100.0, 100.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Bohachevsky, Johnson and Stein 1986, Generalized simulated annealing, function 1",
)
def bohachevsky(x, g):
    """x^2 + 2 y^2 - 0.3 cos(3 pi x) - 0.4 cos(4 pi y) + 0.7: ripples that matter near the end."""
    a = 3.0 * math.pi * x[0]
    b = 4.0 * math.pi * x[1]
    g[0] = 2.0 * x[0] + 0.9 * math.pi * math.sin(a)
    g[1] = 4.0 * x[1] + 1.6 * math.pi * math.sin(b)
    waves = 0.3 * (1.0 - math.cos(a)) + 0.4 * (1.0 - math.cos(b))
    return x[0] * x[0] + 2.0 * x[1] * x[1] + waves


@problem(
    start=[1.6, 1.1],
    minimum=0.0,
    f_min=-1.0,
    box=(-5.12, 5.12),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Molga and Smutnicki 2005, Test functions for optimization needs, eq. 24",
)
def drop_wave(x, g):
    """-(1 + cos(12 r)) / (r^2 / 2 + 2): rings about a hole."""
    squares = x[0] * x[0] + x[1] * x[1]
    r = math.sqrt(squares)
    depth = 1.0 / (0.5 * squares + 2.0)
    f = -(1.0 + math.cos(12.0 * r)) * depth
    slope = 12.0 * math.sin(12.0 * r) / where(r > 0.0, r, 1.0)
    pull = depth * (slope - f)
    g[0] = pull * x[0]
    g[1] = pull * x[1]
    return f


@problem(
    start=[2.0, -3.0],
    minimum=[-1.425128428319761, -0.8003211004719731],
    f_min=-186.73090883102384,
    box=(-10.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Shubert 1972, A sequential method seeking the global maximum of a function; " + JAMIL
    + "no. 133",
)  # fmt: skip
def shubert(x, g):
    """Product over x and y of sum over k = 1..5 of k cos((k + 1) v + k): 760 minima, 18 global."""
    a = 0.0
    b = 0.0
    slope_a = 0.0
    slope_b = 0.0
    for k in range(1, 6):
        inner_a = (k + 1.0) * x[0] + k
        inner_b = (k + 1.0) * x[1] + k
        a += k * math.cos(inner_a)
        b += k * math.cos(inner_b)
        slope_a -= k * (k + 1.0) * math.sin(inner_a)
        slope_b -= k * (k + 1.0) * math.sin(inner_b)
    g[0] = slope_a * b
    g[1] = a * slope_b
    return a * b


@problem(
    start=[3.0, 1.5],
    minimum=0.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Schaffer, Caruana, Eshelman and Das 1989, A study of control parameters, F6",
)
def schaffer_6(x, g):
    """1/2 + (sin(r)^2 - 1/2) / (1 + r^2 / 1000)^2: rings that rise towards 1/2."""
    squares = x[0] * x[0] + x[1] * x[1]
    r = math.sqrt(squares)
    sine = math.sin(r)
    fade = 1.0 / (1.0 + 0.001 * squares)
    wave = (sine * sine - 0.5) * fade * fade
    slope = 2.0 * sine * math.cos(r) / where(r > 0.0, r, 1.0)
    pull = fade * fade * slope - 0.004 * wave * fade
    g[0] = pull * x[0]
    g[1] = pull * x[1]
    # the same as 1/2 + wave, without its loss of digits near the minimum
    return (sine * sine + 0.0005 * squares * (2.0 + 0.001 * squares)) * fade * fade


@problem(
    start=[2.0, 1.0],
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source=JAMIL + "no. 114 (Schaffer 2)",
)
def schaffer_2(x, g):
    """1/2 + (sin(x^2 - y^2)^2 - 1/2) / (1 + (x^2 + y^2) / 1000)^2: hyperbolic ripples."""
    xx = x[0] * x[0]
    yy = x[1] * x[1]
    sine = math.sin(xx - yy)
    fade = 1.0 / (1.0 + 0.001 * (xx + yy))
    fade2 = fade * fade
    slope = 4.0 * sine * math.cos(xx - yy) * fade2
    pull = 0.004 * (sine * sine - 0.5) * fade2 * fade
    g[0] = (slope - pull) * x[0]
    g[1] = -(slope + pull) * x[1]
    return (sine * sine + 0.0005 * (xx + yy) * (2.0 + 0.001 * (xx + yy))) * fade2


@problem(
    start=[4.0, 3.0],
    minimum=[2.0029921199344654, 1.0060959402921887],
    f_min=-5.162126159963981,
    box=(0.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Bersini et al. 1996, Results of the first international contest on evolutionary "
    "optimisation; " + JAMIL + "no. 68",
)
def langermann(x, g, p):
    """-sum over 5 centres of c exp(-s / pi) cos(pi s), s the squared distance to the centre."""
    f = 0.0
    g[0] = 0.0 * x[0]
    g[1] = 0.0 * x[1]
    for k in range(5):
        a = x[0] - p[3 * k + 1]
        b = x[1] - p[3 * k + 2]
        s = a * a + b * b
        bell = p[3 * k] * math.exp(-s / math.pi)
        wave = bell * math.cos(math.pi * s)
        f -= wave
        slope = 2.0 * (wave / math.pi + math.pi * bell * math.sin(math.pi * s))
        g[0] = g[0] + slope * a
        g[1] = g[1] + slope * b
    return f


@langermann.constants
def langermann_data(rng, dim):
    """Return rows (c, a, b)."""
    return [1, 3, 5, 2, 5, 2, 5, 2, 1, 2, 1, 4, 3, 7, 9]


@problem(
    start=[0.5, -0.5],
    minimum=[-0.024403079694375173, 0.21061242715535575],
    f_min=-3.306868647475236,
    box=(-1.0, 1.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Trefethen 2002, A hundred-dollar, hundred-digit challenge, problem 4; Bornemann, "
    "Laurie, Wagon and Waldvogel 2004, ch. 4",
)
def trefethen(x, g):
    """exp(sin 50x) + sin(60 e^y) + sin(70 sin x) + sin(sin 80y) - sin 10(x + y) + r^2 / 4."""
    wiggle = math.exp(math.sin(50.0 * x[0]))
    up = 60.0 * math.exp(x[1])
    inner = 70.0 * math.sin(x[0])
    sine = math.sin(80.0 * x[1])
    both = 10.0 * (x[0] + x[1])
    common = 10.0 * math.cos(both)
    g[0] = (
        50.0 * math.cos(50.0 * x[0]) * wiggle
        + 70.0 * math.cos(x[0]) * math.cos(inner)
        - common
        + 0.5 * x[0]
    )
    g[1] = up * math.cos(up) + 80.0 * math.cos(80.0 * x[1]) * math.cos(sine) - common + 0.5 * x[1]
    waves = math.sin(up) + math.sin(inner) + math.sin(sine) - math.sin(both)
    return wiggle + waves + 0.25 * (x[0] * x[0] + x[1] * x[1])


@problem(
    start=[-4.3, 3.7],
    minimum=1.0,
    f_min=0.0,
    box=(-10.0, 10.0),
    tags=["nonconvex", "several-basins", "many-minima"],
    source="Levy and Montalvo 1985, The tunneling algorithm for global minimization; " + JAMIL
    + "(Levy 13)",
)  # fmt: skip
def levy_13(x, g):
    """sin(3 pi x)^2 + (x - 1)^2 (1 + sin(3 pi y)^2) + (y - 1)^2 (1 + sin(2 pi y)^2)."""
    a = x[0] - 1.0
    b = x[1] - 1.0
    sine_x = math.sin(3.0 * math.pi * x[0])
    sine_y = math.sin(3.0 * math.pi * x[1])
    double = math.sin(2.0 * math.pi * x[1])
    bend = 1.0 + sine_y * sine_y
    wave = 1.0 + double * double
    g[0] = 6.0 * math.pi * sine_x * math.cos(3.0 * math.pi * x[0]) + 2.0 * a * bend
    g[1] = (
        6.0 * math.pi * a * a * sine_y * math.cos(3.0 * math.pi * x[1])
        + 2.0 * b * wave
        + 4.0 * math.pi * b * b * double * math.cos(2.0 * math.pi * x[1])
    )
    return sine_x * sine_x + a * a * bend + b * b * wave


@problem(
    start=[4.0, -3.5],
    minimum=0.0,
    f_min=0.0,
    box=(-5.0, 5.0),
    tags=["nonconvex", "several-basins", "separable"],
    source="Courrieu 1997, The hyperbell algorithm for global optimization; " + JAMIL + "no. 53",
)
def egg_crate(x, g):
    """x^2 + y^2 + 25 (sin(x)^2 + sin(y)^2): a dent in every square of a bowl."""
    sine_x = math.sin(x[0])
    sine_y = math.sin(x[1])
    g[0] = 2.0 * x[0] + 50.0 * sine_x * math.cos(x[0])
    g[1] = 2.0 * x[1] + 50.0 * sine_y * math.cos(x[1])
    return x[0] * x[0] + x[1] * x[1] + 25.0 * (sine_x * sine_x + sine_y * sine_y)


@problem(
    start=[1.0, 5.0],
    minimum=[4.701043130249553, 3.15293850372493],
    f_min=-106.7645367492647,
    box=(-2.0 * math.pi, 2.0 * math.pi),
    tags=["nonconvex", "several-basins"],
    source="Mishra 2006, Some new test functions for global optimization; " + JAMIL + "no. 16",
)
def bird(x, g):
    """sin(x) exp((1 - cos y)^2) + cos(y) exp((1 - sin x)^2) + (x - y)^2.

    The minimum comes again at every step of 2 pi along the diagonal.
    """
    sine_x, cosine_x = math.sin(x[0]), math.cos(x[0])
    sine_y, cosine_y = math.sin(x[1]), math.cos(x[1])
    a = 1.0 - cosine_y
    b = 1.0 - sine_x
    first = math.exp(a * a)
    second = math.exp(b * b)
    d = x[0] - x[1]
    g[0] = cosine_x * first - 2.0 * b * cosine_x * cosine_y * second + 2.0 * d
    g[1] = 2.0 * a * sine_y * sine_x * first - sine_y * second - 2.0 * d
    return sine_x * first + cosine_y * second + d * d


@problem(
    start=[1.0, -1.0, 2.0, 0.0],
    minimum=[1.0, 2.0, 3.0, 4.0],
    f_min=0.0,
    box=(-4.0, 4.0),
    tags=["nonconvex", "valley", "ill-conditioned", "several-basins", "least-squares"],
    source="Neumaier 2006, Global optimization test problems: perm(d, beta) (beta = 1/2)",
)
def perm(x, g):
    """Sum over k = 1..4 of (sum over j of (j^k + 1/2) ((x_j / j)^k - 1))^2."""
    f = 0.0
    for j in range(4):
        g[j] = 0.0 * x[j]
    for k in range(1, 5):
        r = 0.0
        for j in range(1, 5):
            u = x[j - 1] / j
            power, weight = u, 1.0 * j
            for _ in range(1, k):
                power, weight = power * u, weight * j
            r += (weight + 0.5) * (power - 1.0)
        f += r * r
        for j in range(1, 5):
            u = x[j - 1] / j
            power, weight = 2.0 * k / j * r, 1.0 * j
            for _ in range(1, k):
                power, weight = power * u, weight * j
            g[j - 1] = g[j - 1] + (weight + 0.5) * power
    return f
