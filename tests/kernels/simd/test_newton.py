"""Division and roots of rules: at most 2 ulp over the whole range, special values as IEEE has them.

Where the processor lacks the estimates, these are the hardware's units, and the same must hold.
"""

import math

import numpy as np
import pytest

from optbench.kernels.simd import newton
from tests.kernels.lanes import PRECISIONS, on_lanes, pairs, units

WIDER = {"float64": np.longdouble, "float32": np.float64}
WIDTH = {"float64": 16, "float32": 32}
flushing = pytest.mark.parametrize("flush", [False, True], ids=["", "flush"])
each_precision = pytest.mark.parametrize("dtype", PRECISIONS)


@pytest.fixture(autouse=True)
def division_by_estimates(monkeypatch):
    """Processors that divide fast can still divide by estimates."""
    monkeypatch.setattr(newton, "DIVIDES", newton.ROOTS)


def quotient(dtype, **options):
    return on_lanes(lambda x, y: x / y, dtype, WIDTH[dtype], **options)


def square_root(dtype, **options):
    return on_lanes(lambda x: math.sqrt(x), dtype, WIDTH[dtype], **options)


def spread(rng, dtype, n):
    """Return normal numbers of both signs whose sizes are log-uniform over the whole range."""
    info = np.finfo(dtype)
    exponents = rng.integers(info.minexp, info.maxexp, n)
    return np.ldexp(rng.uniform(1, 2, n) * rng.choice([-1, 1], n), exponents).astype(dtype)


def exact_quotient(x, y):
    """Return x / y with more digits, and where it is a normal number of the precision."""
    dtype = str(x.dtype)
    with np.errstate(all="ignore"):
        exact = x.astype(WIDER[dtype]) / y.astype(WIDER[dtype])
        size = np.abs(exact.astype(dtype))
    return exact, (size >= np.finfo(dtype).tiny) & (size < np.inf)


@flushing
@each_precision
def test_quotients_over_the_whole_range(dtype, flush):
    rng = np.random.default_rng(0)
    x, y = spread(rng, dtype, 400_000), spread(rng, dtype, 400_000)
    exact, normal = exact_quotient(x, y)
    computed = quotient(dtype, swift=True, flush=flush)(x, y)
    assert units(computed, exact, dtype)[normal].max() <= 2
    # Beyond the range: infinity, and below it a number that is no larger than the least.
    with np.errstate(over="ignore"):
        rounded = exact.astype(dtype)
    assert (computed[np.isinf(rounded)] == rounded[np.isinf(rounded)]).all()
    small = np.abs(exact) < np.finfo(dtype).tiny
    assert (np.abs(computed[small]) <= np.finfo(dtype).tiny).all()


@each_precision
def test_quotients_of_every_kind_of_mantissa(dtype):
    """Worst where the quotient is just below a power of 2: its unit is smallest."""
    rng = np.random.default_rng(1)
    n = 1 << 20
    y = (1 + (np.arange(n) + rng.uniform(0, 1, n)) / n).astype(dtype)
    for size in (1 - 1e-3 * rng.uniform(0, 1, n), 1 + rng.uniform(0, 1, n)):
        x = (y * size).astype(dtype)
        exact, _ = exact_quotient(x, y)
        assert units(quotient(dtype, swift=True)(x, y), exact, dtype).max() <= 2


@flushing
@each_precision
def test_roots_over_the_whole_range(dtype, flush):
    rng = np.random.default_rng(2)
    n = 1 << 20
    every_mantissa = (1 + 3 * (np.arange(n) + rng.uniform(0, 1, n)) / n).astype(dtype)
    v = np.concatenate([np.abs(spread(rng, dtype, 400_000)), every_mantissa])
    computed = square_root(dtype, swift=True, flush=flush)(v)
    assert units(computed, np.sqrt(v.astype(WIDER[dtype])), dtype).max() <= 2


def test_float32_roots_of_all_mantissas():
    v = np.arange(0x3F800000, 0x40800000, dtype=np.uint32).view(np.float32)
    assert v[0] == 1 and v[-1] < 4 and v.size == 1 << 24
    root = square_root("float32", swift=True)
    worst = max(units(root(p), np.sqrt(p.astype(float)), "float32").max() for p in np.split(v, 16))
    assert worst <= 2


def close_or_same(computed, expected):
    """Equal within 2 units, with signs of zeros, infinities and NaN."""
    nan = np.isnan(expected)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(computed - expected) <= 2 * np.spacing(np.abs(expected))
    near |= computed == expected
    signs = np.signbit(computed) == np.signbit(expected)
    return (near & signs & ~nan) | (nan & np.isnan(computed))


def special_pairs(dtype):
    info = np.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    below = [tiny / 2, 0.75 * tiny, -tiny / 4, float(info.smallest_subnormal)]
    # None whose quotient is the least normal number: half a unit less may be flushed.
    extra = [largest / 2, -largest / 4, largest / 8, 2 * tiny, -5 * tiny, 2.0**-60, 3e20, *below]
    return pairs(dtype, extra)


@flushing
@each_precision
def test_special_quotients(dtype, flush):
    """Infinities, NaN, zeros and huge or tiny divisors, each alone in all lanes and together."""
    x, y = special_pairs(dtype)
    # The hardware's unit in the same mode; in flushing mode what is below the range counts as 0.
    expected = quotient(dtype, flush=flush)(x, y)
    divide = quotient(dtype, swift=True, flush=flush)
    assert close_or_same(divide(x, y), expected).all()
    lanes = WIDTH[dtype]
    alone = divide(np.repeat(x, lanes), np.repeat(y, lanes)).reshape(-1, lanes)
    wrong = ~close_or_same(alone, np.repeat(expected, lanes).reshape(-1, lanes)).all(axis=1)
    assert not wrong.any(), list(zip(x[wrong], y[wrong], alone[wrong, 0], strict=True))


@each_precision
def test_a_lane_does_not_see_what_its_neighbours_divide_by(dtype):
    """A zero, an infinity or a huge divisor beside it does not change a lane's last place."""
    lanes = WIDTH[dtype]
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0.5, 2, (2, 1000 * lanes)).astype(dtype)
    divide = quotient(dtype, swift=True)
    alone = divide(x, y)
    beside = np.arange(y.size) % lanes == 3
    for divisor in (0.0, np.inf, np.nan, np.finfo(dtype).max):
        computed = divide(x, np.where(beside, divisor, y))
        np.testing.assert_array_equal(computed[~beside], alone[~beside])


@flushing
@each_precision
def test_special_roots(dtype, flush):
    v = np.unique(special_pairs(dtype)[0])
    v = np.concatenate([v, [0.0, -0.0]]).astype(dtype)
    expected = square_root(dtype, flush=flush)(v)
    root = square_root(dtype, swift=True, flush=flush)
    assert close_or_same(root(v), expected).all()
    lanes = WIDTH[dtype]
    alone = root(np.repeat(v, lanes)).reshape(-1, lanes)
    wrong = ~close_or_same(alone, np.repeat(expected, lanes).reshape(-1, lanes)).all(axis=1)
    assert not wrong.any(), list(zip(v[wrong], alone[wrong, 0], expected[wrong], strict=True))


@each_precision
def test_the_second_half_of_adam(dtype):
    """m / (sqrt(v) c + eps), with v from 0 to overflow."""

    def author(m, v):
        return m / (math.sqrt(v) * 1.25 + 1e-8)

    rng = np.random.default_rng(3)
    v = np.abs(spread(rng, dtype, 100_000))
    v[:3] = 0.0, np.inf, 1e-30
    m = rng.normal(size=v.size).astype(dtype)
    computed = on_lanes(author, dtype, WIDTH[dtype], swift=True)(m, v)
    c, eps = WIDER[dtype](1.25), WIDER[dtype](np.dtype(dtype).type(1e-8))
    exact = m.astype(WIDER[dtype]) / (np.sqrt(v.astype(WIDER[dtype])) * c + eps)
    normal = np.abs(exact) >= np.finfo(dtype).tiny
    assert units(computed, exact, dtype)[normal].max() <= 5.5
    assert computed[1] == 0 and np.isfinite(computed).all()


@each_precision
def test_widths_that_are_no_whole_registers_use_the_units(dtype):
    x, y = np.random.default_rng(4).uniform(0.5, 2, (2, 64)).astype(dtype)
    for width in (1, 2):
        assert (on_lanes(lambda x, y: x / y, dtype, width, swift=True)(x, y) == x / y).all()
        assert (on_lanes(lambda x: math.sqrt(x), dtype, width, swift=True)(x) == np.sqrt(x)).all()
