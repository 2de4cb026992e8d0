"""exp, log, sin and the like on Vecs: at most 4 ulp, special values, and never lane by lane."""

import math
import re

import numpy as np
import pytest

from optbench.kernels.compiling import vector_library
from optbench.kernels.simd import avx512, polynomials
from optbench.kernels.sizes import WIDTHS
from tests.kernels.lanes import PRECISIONS, compiled, on_lanes, units

SOURCES = ("usual", "library", "polynomial")
NAMES = [function.__name__ for function in polynomials.FUNCTIONS]
WIDER = {"float64": np.longdouble, "float32": np.float64}
AUTHORS = {
    "exp": lambda x: math.exp(x), "log": lambda x: math.log(x), "sin": lambda x: math.sin(x),
    "cos": lambda x: math.cos(x), "tanh": lambda x: math.tanh(x),
    "expm1": lambda x: math.expm1(x), "log1p": lambda x: math.log1p(x),
}  # fmt: skip


@pytest.fixture(params=SOURCES)
def source(request, monkeypatch):
    """Where vector functions come from; without AVX-512 or the library some are the same."""
    if request.param != "usual":
        monkeypatch.setattr(avx512, "USED", False)
    if request.param == "polynomial":
        monkeypatch.setattr(vector_library, "_LIBRARY", None)
    return request.param


def width(dtype):
    return WIDTHS[np.dtype(dtype)]


def spread(rng, low, high, n):
    """Return numbers of both signs, log-uniform in size."""
    return np.exp(rng.uniform(math.log(low), math.log(high), n)) * rng.choice([-1, 1], n)


def arguments(name, dtype, n=60_000):
    """Return points of the whole range, dense where a function is delicate."""
    rng = np.random.default_rng(0)
    info = np.finfo(dtype)
    largest = math.log(float(info.max)) * (1 - 1e-6)
    near_0 = spread(rng, 1e-12, 1.0, n)
    if name in ("exp", "expm1"):
        least = math.log(float(info.tiny)) * (1 - 1e-6)
        return np.concatenate([rng.uniform(least, largest, n), rng.uniform(-2, 2, n), near_0])
    if name == "tanh":
        return np.concatenate([rng.uniform(-30, 30, n), rng.uniform(-2, 2, n), near_0])
    if name in ("log", "log1p"):
        least = math.log(float(info.tiny)) * (1 - 1e-6)
        wide, low = np.exp(rng.uniform(least, largest, n)), rng.uniform(0.5, 2, n)
        if name == "log":
            near_1 = 1 + spread(rng, float(info.eps), 0.5, n)
            return np.concatenate([wide, low, near_1])
        return np.concatenate([wide, low - 1.49, 0.9 * near_0])
    farthest = polynomials.constants(dtype).farthest
    turns = np.arange(1, int(farthest / math.pi), max(1, int(farthest / n)))
    multiples = (
        turns * (np.longdouble(math.pi) + np.longdouble(1.2246467991473532e-16)) / 2
    ).astype(dtype)
    near = [multiples, np.nextafter(multiples, dtype(0)), np.nextafter(multiples, dtype(np.inf))]
    wide = [rng.uniform(-farthest, farthest, n), rng.uniform(-10, 10, n)]
    return np.concatenate([*wide, spread(rng, 1e-12, farthest, n), *near])


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_errors_are_at_most_4_units_in_the_last_place(name, dtype, source):
    x = arguments(name, np.dtype(dtype).type).astype(dtype)
    computed = on_lanes(AUTHORS[name], dtype, width(dtype))(x)
    exact = getattr(np, name)(x.astype(WIDER[dtype]))
    errors = units(computed, exact, dtype)
    # Results below the normal range may be flushed to 0.
    worst = np.argmax(np.where(np.abs(exact) < np.finfo(dtype).tiny, 0, errors))
    assert errors[worst] <= 4, f"{name}({x[worst]!r}) is off by {errors[worst]} ulp"


@pytest.mark.skipif(not avx512.USED, reason="needs AVX-512")
@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", [function.__name__ for function in avx512.FUNCTIONS])
def test_what_avx512_computes_is_off_by_hardly_more_than_a_unit(name, dtype):
    x = arguments(name, np.dtype(dtype).type, 300_000).astype(dtype)
    exact = getattr(np, name)(x.astype(WIDER[dtype]))
    normal = (np.abs(exact) >= np.finfo(dtype).tiny) | (exact == 0)
    alone = on_lanes(AUTHORS[name], dtype, width(dtype))(x)
    assert units(alone, exact, dtype)[normal].max() <= 1.2
    np.testing.assert_array_equal(on_lanes(AUTHORS[name], dtype, 32)(x), alone)


INF, NAN = math.inf, math.nan
SPECIAL = {
    "exp": [(0.0, 1), (-0.0, 1), (INF, INF), (-INF, 0), (1e5, INF), (-1e5, 0)],
    "log": [(1.0, 0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (INF, INF), (-INF, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)],
    "cos": [(0.0, 1), (-0.0, 1), (INF, NAN), (-INF, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1), (-INF, -1), (1e30, 1), (1e-30, 1e-30)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1), (1e5, INF), (-1e5, -1)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (-1.5, NAN), (INF, INF), (1e-30, 1e-30)],
}


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_special_values(name, dtype, source):
    table = [*SPECIAL[name], (NAN, NAN)]
    function = on_lanes(AUTHORS[name], dtype, width(dtype))
    together = function(np.array([x for x, _ in table], dtype))
    for number, (x, y) in enumerate(table):
        alone = function(np.full(width(dtype), x, dtype))  # no other lane leads elsewhere
        expected = np.dtype(dtype).type(y)
        for computed in (together[number], *alone):
            assert computed == expected or np.isnan([computed, expected]).all(), x
            if x == 0 and y == 0:
                assert np.signbit(computed) == np.signbit(expected)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_log_of_numbers_below_the_normal_range_is_not_garbage(dtype, source):
    tiny = np.finfo(dtype).tiny
    x = np.array([tiny, tiny / 2, tiny / 1024, tiny * np.finfo(dtype).eps], dtype)
    computed = on_lanes(AUTHORS["log"], dtype, width(dtype))(x)
    exact = np.log(x.astype(WIDER[dtype])).astype(dtype)
    near = np.isclose(computed, exact, rtol=1e-6, atol=0)
    assert (near | np.isneginf(computed)).all()
    assert np.isfinite(computed[0])


@pytest.mark.parametrize("name", ["sin", "cos"])
@pytest.mark.parametrize("dtype", PRECISIONS)
def test_far_arguments_in_single_lanes(name, dtype, source):
    farthest = polynomials.constants(np.dtype(dtype).type).farthest
    x = np.linspace(-3, 3, 2 * width(dtype)).astype(dtype)
    x[3], x[-1], x[-2] = 1.5 * farthest, 1e30, np.inf
    computed = on_lanes(AUTHORS[name], dtype, width(dtype))(x)
    with np.errstate(invalid="ignore"):
        exact = getattr(np, name)(x.astype(WIDER[dtype]))
    assert (units(computed, exact, dtype)[:-2] <= 4).all() and np.isnan(computed[-2])
    assert computed[-1] == pytest.approx(float(exact[-1]), rel=1e-6)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_no_function_is_called_lane_by_lane(name, dtype, source):
    block = compiled(AUTHORS[name], dtype, width(dtype))
    x = np.ones(width(dtype), dtype)
    block(x, np.empty((1, x.size), dtype))
    (code,) = block.inspect_llvm().values()
    scalar = re.findall(rf"call [^@\n]*\b(?:double|float) @[\w.]*\b{name}f?(?:\.f\d+)?\(", code)
    # What remains is the loop over lanes with far arguments, one a group of registers.
    assert len(scalar) <= (2 if name in ("sin", "cos") else 0), scalar
    assert "<" in code


def every_function(x, y):
    return (
        math.exp(x), math.log(x), math.sin(x), math.cos(x), math.tan(x), math.tanh(x), math.sinh(x),
        math.cosh(x), math.asin(x), math.acos(x), math.atan(x), math.asinh(x), math.acosh(x + 1),
        math.atanh(x), math.expm1(x), math.log1p(x), math.log2(x), math.log10(x), math.erf(x),
        math.erfc(x), math.gamma(x), math.lgamma(x), math.atan2(x, y), math.hypot(x, y),
        math.fmod(y, x), math.pow(x, y), math.hypot(x, 2),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_every_function_that_authors_may_call(dtype, source):
    used = {name for name in every_function.__code__.co_names if name != "math"}
    offered = {f.__name__ for group in vector_library.FUNCTIONS.values() for f in group}
    assert used == offered | {"pow", "fmod"}
    x, y = np.random.default_rng(0).uniform(0.1, 0.9, (2, 100)).astype(dtype)
    computed = on_lanes(every_function, dtype, width(dtype), 27)(x, y).T
    expected = [every_function(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(computed, expected, rtol=30 * np.finfo(dtype).eps)
