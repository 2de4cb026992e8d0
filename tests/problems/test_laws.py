"""What tags promise, of every surface: convexity, subgradients, separability, basins."""

import contextlib

import numpy as np
import pytest
from scipy.optimize import minimize

from optbench.define.definitions import NetDefinition
from optbench.define.tags import TAGS

from .helpers import DEFINITIONS, SURFACES, least_value, points, spread, value, value_and_gradient


def tagged(*wanted, without=()):
    return [
        pytest.param(d, id=d.name)
        for d in SURFACES
        if set(wanted) <= set(d.tags) and not set(without) & set(d.tags)
    ]


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_tags_are_of_the_vocabulary_and_fit_together(definition):
    tags = set(definition.tags)
    assert tags <= set(TAGS), "add new tags to optbench/define/tags.py, with their meaning"
    assert len(tags & {"convex", "nonconvex"}) == 1
    if tags & {"equal-minima", "many-minima"}:
        assert "several-basins" in tags
    if "several-basins" in tags:
        assert "nonconvex" in tags
    if not isinstance(definition, NetDefinition) and not definition.instance_function:
        assert definition.rotated == ("rotated" in tags)


def test_the_vocabulary_is_in_use():
    used = {tag for definition in DEFINITIONS.values() for tag in definition.tags}
    assert used == set(TAGS)


def corners(definition, dim):
    """Points where kinks meet: the minimum, the start, and points of small whole coordinates."""
    rng = np.random.default_rng(1)
    yield spread(definition.minimum, dim)
    yield spread(definition.start, dim)
    for x in rng.integers(-2, 3, (20, dim)):
        yield x.astype(float)


@pytest.mark.parametrize("definition", tagged("convex"))
def test_slopes_of_convex_surfaces_support_the_graph(definition):
    """f(y) >= f(x) + g(x) (y - x): also on kinks, where any subgradient will do."""
    dim = definition.dim
    xs = [*points(definition, dim, 15), *corners(definition, dim)]
    found = [value_and_gradient(definition, x) for x in xs]
    for x, (f, g) in zip(xs, found, strict=True):
        for y, (other, _) in zip(xs, found, strict=True):
            line = f + g @ (y - x)
            assert other >= line - 1e-12 * (abs(f) + np.abs(g) @ np.abs(y - x))


@pytest.mark.parametrize("definition", tagged("nonconvex"))
def test_nonconvex_surfaces_bend_downwards_somewhere(definition):
    dim = definition.dim
    minimum = spread(definition.minimum, dim)
    away = np.array([*points(definition, dim, 100)]) - minimum
    assert any(
        value(definition, 0.5 * (x + y)) > 0.5 * (value(definition, x) + value(definition, y))
        for scale in (1, 0.1, 10, 100)
        for x, y in chords(minimum + scale * away)
    )


def chords(xs):
    """Pairs of points: of all, and of neighbours along one coordinate."""
    rng = np.random.default_rng(0)
    yield from zip(xs, rng.permutation(xs), strict=True)
    for x in xs:
        i = rng.integers(x.size)
        for share in (0.3, 0.03):
            yield x, x + np.eye(x.size)[i] * share * x[i]


@pytest.mark.parametrize("definition", tagged("separable", without=["stochastic"]))
def test_the_slope_along_one_coordinate_depends_on_it_alone(definition):
    dim = max(2, definition.dim)
    for x in points(definition, dim, 5):
        _, g = value_and_gradient(definition, x)
        for i in range(dim):
            moved = x + 0.1
            moved[i] = x[i]
            slope = value_and_gradient(definition, moved)[1][i]
            assert slope == pytest.approx(g[i], rel=1e-12, abs=0)


def ends(definition, dim, count=25):
    """Values where a quasi-Newton method ends from random starts, as far as it converges."""
    low, high = (spread(side, dim) for side in definition.box)
    for start in np.random.default_rng(4).uniform(low, high, (count, dim)):
        with np.errstate(all="ignore"), contextlib.suppress(OverflowError):
            end = minimize(lambda x: value_and_gradient(definition, x), start, jac=True).fun
            yield end - least_value(definition, dim)


PLANAR = [p for p in tagged("several-basins", without=["nonsmooth"]) if p.values[0].dim == 2]


@pytest.mark.parametrize("definition", PLANAR)
def test_basins_are_there_and_none_is_lower(definition):
    gaps = np.array(list(ends(definition, definition.dim)))
    assert gaps.min() > -1e-10
    if "equal-minima" not in definition.tags and definition.name != "csendes":
        # the ripples of csendes are too fine for this method to see
        assert (gaps > 1e-4).any()
