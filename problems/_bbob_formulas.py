"""What the BBOB functions share: transformations with their slopes, linear maps, the penalty.

The linear maps lie row by row in `p`. They carry `g`, a point or a slope, to the rows of `z` from
`row` on, and back.
"""

import math

from optbench.define import where


def oscillated(x):
    """T_osz(x) and its slope: x exp(0.049 (sin t1 + sin t2)), t1 and t2 shares of 10 log|x|."""
    t = 10.0 * math.log(max(abs(x), 1e-37))  # at 0 any number will do; this one is also a float32
    a = where(x > 0.0, 1.0, 0.55) * t
    b = where(x > 0.0, 0.79, 0.31) * t
    stretch = math.exp(0.049 * (math.sin(a) + math.sin(b)))
    turn = where(x > 0.0, math.cos(a) + 0.79 * math.cos(b), 0.55 * math.cos(a) + 0.31 * math.cos(b))
    return x * stretch, stretch * (1.0 + 0.49 * turn)


def asymmetric(x, beta):
    """T_asy(x) and its slope: x^(1 + beta sqrt(x)) where x > 0, else x; beta grows with i."""
    a = where(x > 0.0, x, 1.0)
    root, log = math.sqrt(a), math.log(a)
    stretch = math.exp(beta * root * log)
    slope = stretch * (1.0 + beta * root * (1.0 + 0.5 * log))
    return x * stretch, where(x > 0.0, slope, 1.0)


def penalty(x, g, factor):
    """Return factor times the sum of (|x_i| - 5)^2 outside the box; add its slope to g."""
    total = 0.0
    for i in range(len(x)):
        beyond = max(abs(x[i]) - 5.0, 0.0)
        total += beyond * beyond
        g[i] += 2.0 * factor * math.copysign(beyond, x[i])
    return factor * total


def recentred(x, p, g):
    """Write x - x_opt into g."""
    for i in range(len(x)):
        g[i] = x[i] - p[1 + i]


def mapped(p, at, g, z, row):
    """Write M g into z, from `row` on; M begins at p[at]."""
    d = len(g)
    for i in range(d):
        total = p[at] * g[0]
        for j in range(1, d):
            total += p[at + j] * g[j]
        z[row + i] = total
        at += d


def mapped_back(p, at, z, row, g):
    """Write M' z into g: slopes by M g become slopes by g."""
    d = len(g)
    for j in range(d):
        total = p[at + j] * z[row]
        for i in range(1, d):
            total += p[at + i * d + j] * z[row + i]
        g[j] = total


def rastrigin(z, row, d):
    """Return 10 (d - sum cos 2 pi z_i) + |z|^2; the slopes take the place of z."""
    f = 0.0
    for i in range(row, row + d):
        angle = 2.0 * math.pi * z[i]
        f += 10.0 * (1.0 - math.cos(angle)) + z[i] * z[i]
        z[i] = 20.0 * math.pi * math.sin(angle) + 2.0 * z[i]
    return f


def rosenbrock(z, d):
    """Return Rosenbrock's function of z; the slopes take the place of z."""
    f = 0.0
    carried = 0.0  # what the term before adds to this coordinate's slope
    for i in range(d - 1):
        a = z[i] * z[i] - z[i + 1]
        b = z[i] - 1.0
        f += 100.0 * a * a + b * b
        z[i] = carried + 400.0 * a * z[i] + 2.0 * b
        carried = -200.0 * a
    z[d - 1] = carried
    return f
