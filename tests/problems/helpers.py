"""The catalog's formulas as plain Python, and points to try them at."""

import numpy as np

import optbench
from optbench.define.definitions import ProblemDefinition

DEFINITIONS = optbench.problems()
SURFACES = [
    found
    for found in DEFINITIONS.values()
    if isinstance(found, ProblemDefinition)
    and not found.data
    and not found.instance_function
    and "game" not in found.tags
]
"""Those with instances of their own have tests of their own; slopes of games are of no value."""


def spread(value, dim):
    """A declared number, sequence or function of the dimension as a vector; sequences repeat."""
    value = value(dim) if callable(value) else value
    return np.resize(np.asarray(value, dtype=float), dim)


def constants(definition, dim):
    if definition.constants_function is None:
        return np.zeros(0)
    return np.asarray(definition.constants_function(np.random.default_rng(5), dim), dtype=float)


def value_and_gradient(definition, x, garbage=np.nan, key=0, full=1, t=0):
    """f and g; `g` holds garbage on entry, and `x` must survive."""
    x = np.array(x, dtype=float)
    before = x.copy()
    g = np.full(x.size, garbage)
    given = dict(
        x=x, g=g, p=constants(definition, x.size), q=np.zeros(0, np.int64),
        key=np.uint64(key), stream=np.uint64(0), t=t, full=full,
        z=np.full(definition.scratch * x.size, garbage),
    )  # fmt: skip
    f = definition(*(given[name] for name in definition.arguments))
    np.testing.assert_array_equal(x, before)
    return float(f), g


def value(definition, x):
    return value_and_gradient(definition, x)[0]


def least_value(definition, dim):
    return definition.f_min(dim) if callable(definition.f_min) else definition.f_min


def points(definition, dim, count=20):
    """Random points of the box, and as many around the minimum, away from kinks."""
    rng = np.random.default_rng(dim)
    low, high = (spread(end, dim) for end in definition.box)
    yield from rng.uniform(low, high, (count, dim))
    near = np.minimum(1.0, high - low)
    yield from spread(definition.minimum, dim) + near * rng.uniform(0.1, 1.0, (count, dim))


def central_difference(f, x, i, h):
    """Slope along coordinate i, of order h^8."""
    weights = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))
    step = np.zeros(x.size)
    step[i] = h
    return sum(w * (f(x + k * step) - f(x - k * step)) for k, w in weights) / h


def slope_errors(f, x, g, tolerance):
    """|g - differences| by coordinate: the least over steps, as surfaces differ in their scale."""
    errors = np.full(x.size, np.inf)
    for h in (1e-3, 1e-4, 1e-5, 1e-2):
        for i in np.flatnonzero(errors > tolerance):
            errors[i] = min(errors[i], abs(g[i] - central_difference(f, x, i, h)))
    return errors
