"""Nonlinear regressions of NIST's reference data sets, whose least values are certified.

Source: NIST/ITL, Statistical reference datasets: nonlinear regression, 1998. Starts are the second
of the two that NIST gives, which is nearer.
"""

import math

from optbench.define import problem

NIST = "NIST/ITL 1998, Statistical reference datasets: nonlinear regression, "


@problem(
    start=[1.5, 5.0, 450.0],
    minimum=[1.5543827177526135, 4.088832175423007, 451.54121843614496],
    f_min=0.0014635887487274733,
    box=([1.0, 2.0, 445.0], [2.0, 8.0, 458.0]),
    tags=["nonconvex", "plateau", "least-squares"],
    source=NIST + "Eckerle4 (Eckerle 1979, circular interference transmittance)",
)
def eckerle_4(x, g, p):
    """Sum over 35 data of (r - x / y exp(-(t - z)^2 / 2 y^2))^2: a peak, flat around it."""
    f = 0.0
    for i in range(3):
        g[i] = 0.0 * x[0]
    inverse = 1.0 / x[1]
    for i in range(35):
        u = (p[2 * i] - x[2]) * inverse
        bell = math.exp(-0.5 * u * u) * inverse
        r = x[0] * bell - p[2 * i + 1]
        f += r * r
        slope = 2.0 * r * bell
        g[0] = g[0] + slope
        slope = slope * x[0] * inverse
        g[1] = g[1] + slope * (u * u - 1.0)
        g[2] = g[2] + slope * u
    return f


@eckerle_4.constants
def eckerle_4_data(rng, dim):
    """Return pairs (t, r)."""
    t = [400.0 + 5.0 * i for i in range(8)]
    t += [436.5 + 1.5 * i for i in range(20)]
    t += [470.0 + 5.0 * i for i in range(7)]
    r = (
        1.5750e-4, 1.6990e-4, 2.3500e-4, 3.1020e-4, 4.9170e-4, 8.7100e-4, 1.7418e-3, 4.6400e-3,
        6.5895e-3, 9.7302e-3, 1.49002e-2, 2.37310e-2, 4.01683e-2, 7.12559e-2, 1.264458e-1,
        2.073413e-1, 2.902366e-1, 3.445623e-1, 3.698049e-1, 3.668534e-1, 3.106727e-1, 2.078154e-1,
        1.164354e-1, 6.16764e-2, 3.37200e-2, 1.94023e-2, 1.17831e-2, 7.4357e-3, 2.2732e-3,
        8.8000e-4, 4.5790e-4, 2.3450e-4, 1.5860e-4, 1.1430e-4, 7.1000e-5,
    )  # fmt: skip
    return [v for pair in zip(t, r, strict=True) for v in pair]


@problem(
    start=[75.0, 2.5, 0.07],
    minimum=[72.46223757556919, 2.6180768402084964, 0.067359200066105],
    f_min=8.056522933811292,
    box=([50.0, 1.0, 0.02], [100.0, 4.0, 0.12]),
    tags=["nonconvex", "valley", "plateau", "ill-conditioned", "least-squares"],
    source=NIST + "Rat42 (Ratkowsky 1983, pasture yield)",
)
def ratkowsky_42(x, g, p):
    """Sum over 9 data of (r - x / (1 + exp(y - z t)))^2: the growth of a pasture."""
    f = 0.0
    for i in range(3):
        g[i] = 0.0 * x[0]
    for i in range(9):
        share = 1.0 / (1.0 + math.exp(x[1] - x[2] * p[2 * i]))
        r = x[0] * share - p[2 * i + 1]
        f += r * r
        slope = 2.0 * r * share
        g[0] = g[0] + slope
        slope = slope * x[0] * (1.0 - share)
        g[1] = g[1] - slope
        g[2] = g[2] + slope * p[2 * i]
    return f


@ratkowsky_42.constants
def ratkowsky_42_data(rng, dim):
    """Return pairs (t, r)."""
    return [
        9.0, 8.93, 14.0, 10.80, 21.0, 18.59, 28.0, 22.33, 42.0, 39.35, 57.0, 56.11, 63.0, 61.73,
        70.0, 64.62, 79.0, 67.08,
    ]  # fmt: skip


@problem(
    start=[700.0, 5.0, 0.75, 1.3],
    minimum=[699.6415126964456, 5.2771253024500435, 0.7596293832941344, 1.2792483859097135],
    f_min=8786.404907963144,
    box=([600.0, 4.0, 0.5, 0.9], [800.0, 7.0, 1.0, 1.8]),
    tags=["nonconvex", "valley", "plateau", "ill-conditioned", "least-squares"],
    source=NIST + "Rat43 (Ratkowsky 1983, onion growth)",
)
def ratkowsky_43(x, g, p):
    """Sum over 15 data of (r - x_1 / (1 + exp(x_2 - t x_3))^(1 / x_4))^2: the growth of onions."""
    f = 0.0
    for i in range(4):
        g[i] = 0.0 * x[0]
    power = 1.0 / x[3]
    for i in range(15):
        e = math.exp(x[1] - x[2] * (i + 1.0))
        log = math.log1p(e)
        bend = math.exp(-power * log)
        r = x[0] * bend - p[i]
        f += r * r
        slope = 2.0 * r * bend
        g[0] = g[0] + slope
        slope = slope * x[0] * power
        tilt = slope * e / (1.0 + e)
        g[1] = g[1] - tilt
        g[2] = g[2] + tilt * (i + 1.0)
        g[3] = g[3] + slope * power * log
    return f


@ratkowsky_43.constants
def ratkowsky_43_data(rng, dim):
    """Return r at t = 1, 2, .."""
    return [
        16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56,
        689.96, 637.56, 717.41,
    ]  # fmt: skip


@problem(
    start=[1300.0, 1500.0, 500.0, 75.0, 1.0, 0.4, 0.05],
    minimum=[
        1288.1396799537592, 1491.0792535421933, 583.2383687666533, 75.4166442910081,
        0.9662950286446014, 0.3979728579739005, 0.049727297348846074,
    ],
    f_min=5642.708239666994,
    box=([1200.0, 1400.0, 500.0, 60.0, 0.93, 0.39, 0.0485],
         [1400.0, 1600.0, 650.0, 90.0, 1.0, 0.41, 0.051]),
    tags=["nonconvex", "valley", "ill-conditioned", "least-squares"],
    source=NIST + "Thurber (Thurber 1979, semiconductor electron mobility)",
)  # fmt: skip
def thurber(x, g, p):
    """Sum over 37 data of (r - a cubic of t over another one)^2: electron mobility by density.

    The lower cubic is x_5 t + x_6 t^2 + x_7 t^3 + 1: where it vanishes among the data are poles.
    """
    f = 0.0
    for i in range(7):
        g[i] = 0.0 * x[0]
    for i in range(37):
        t = p[2 * i]
        top = x[0] + t * (x[1] + t * (x[2] + t * x[3]))
        inverse = 1.0 / (1.0 + t * (x[4] + t * (x[5] + t * x[6])))
        model = top * inverse
        r = model - p[2 * i + 1]
        f += r * r
        up = 2.0 * r * inverse
        down = t * model * up
        g[0] = g[0] + up
        g[1] = g[1] + t * up
        g[2] = g[2] + t * t * up
        g[3] = g[3] + t * t * t * up
        g[4] = g[4] - down
        g[5] = g[5] - t * down
        g[6] = g[6] - t * t * down
    return f


@thurber.constants
def thurber_data(rng, dim):
    """Return pairs (t, r): the logarithm of the density and the mobility."""
    t = (
        -3.067, -2.981, -2.921, -2.912, -2.840, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363,
        -2.322, -1.501, -1.460, -1.274, -1.212, -1.100, -1.046, -0.915, -0.714, -0.566, -0.545,
        -0.400, -0.309, -0.109, -0.103, 0.010, 0.119, 0.377, 0.790, 0.963, 1.006, 1.115, 1.572,
        1.841, 2.047, 2.200,
    )  # fmt: skip
    r = (
        80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696,
        101.060, 401.672, 390.724, 567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109,
        1080.914, 1122.643, 1178.351, 1260.531, 1273.514, 1288.339, 1327.543, 1353.863, 1414.509,
        1425.208, 1421.384, 1442.962, 1464.350, 1468.705, 1447.894, 1457.628,
    )  # fmt: skip
    return [v for pair in zip(t, r, strict=True) for v in pair]
