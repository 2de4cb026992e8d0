"""Small problems with known answers, declared as an author would declare them."""

from optbench.define import normal, problem


@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), scalable=True)
def bowl(x, g):
    """f = sum x_i^2: gradient descent with rate lr gives x_t = (1 - 2 lr)^t x_0."""
    f = 0.0
    for i in range(x.shape[0]):
        f += x[i] * x[i]
        g[i] = 2.0 * x[i]
    return f


@problem(start=[0.0, 0.0], minimum=[1.0, 0.0], f_min=-0.25, box=(-1.0, 1.0))
def ridge(x, g):
    """f = -x^2/2 + x^4/4 + y^2/2: a saddle at the start, where the gradient is exactly 0."""
    g[0] = x[0] * x[0] * x[0] - x[0]
    g[1] = x[1]
    return 0.25 * x[0] * x[0] * x[0] * x[0] - 0.5 * x[0] * x[0] + 0.5 * x[1] * x[1]


@problem(start=[3.0], box=(-4.0, 4.0))
def unknown_minimum(x, g):
    """A bowl whose least value nobody declared."""
    g[0] = 2.0 * x[0]
    return x[0] * x[0] + 5.0


@problem(start=[1.0, 1.0], minimum=0.0, f_min=0.0, box=(-2.0, 2.0))
def shaking_bowl(x, g, key, full):
    """f = sum x_i^2 with noise in the gradient."""
    f = 0.0
    noise = 0.0 if full else 0.1
    for i in range(x.shape[0]):
        f += x[i] * x[i]
        g[i] = 2.0 * x[i] + noise * normal(key, i)
    return f


@problem(start=[1.0], minimum=0.0, f_min=0.0, box=(-2.0, 2.0))
def wall(x, g):
    """f = x^2 left of 100, infinite beyond: runs that jump over the wall are not finite."""
    g[0] = 2.0 * x[0]
    return x[0] * x[0] if x[0] < 100.0 else x[0] * 1e308 * 10.0
