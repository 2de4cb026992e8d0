"""Curved valleys: descending into them is easy, following them to the minimum is not."""

from optbench.define import problem


@problem(
    start=[-1.2, 1.0],
    minimum=1.0,
    f_min=0.0,
    box=(-2.0, 2.0),
    tags=["nonconvex", "valley", "ill-conditioned"],
    source="Rosenbrock 1960, An automatic method for finding the greatest or least value",
    dims=(2, 10, 100),
    scalable=True,
)
def rosenbrock(x, g):
    """Sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2: the chained form beyond two dimensions."""
    f = 0.0
    carried = 0.0  # what the term before adds to this coordinate's slope
    last = len(x) - 1
    for i in range(last):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        f += 100.0 * a * a + b * b
        g[i] = carried - 400.0 * a * x[i] - 2.0 * b
        carried = 200.0 * a
    g[last] = carried
    return f


@problem(
    start=[1.0, 1.0],
    minimum=[3.0, 0.5],
    f_min=0.0,
    box=(-4.5, 4.5),
    tags=["nonconvex", "valley"],
    source="Moré, Garbow and Hillstrom 1981, Testing unconstrained optimization software, no. 5",
)
def beale(x, g):
    """Sum over k = 1, 2, 3 of (c_k - x (1 - y^k))^2: steep at the edges, nearly flat inside."""
    y1 = x[1]
    y2 = y1 * y1
    y3 = y2 * y1
    a = 1.5 - x[0] * (1.0 - y1)
    b = 2.25 - x[0] * (1.0 - y2)
    c = 2.625 - x[0] * (1.0 - y3)
    g[0] = -2.0 * (a * (1.0 - y1) + b * (1.0 - y2) + c * (1.0 - y3))
    g[1] = 2.0 * x[0] * (a + 2.0 * b * y1 + 3.0 * c * y2)
    return a * a + b * b + c * c
