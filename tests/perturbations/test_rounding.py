"""Bits and steps, against NumPy's own narrow formats."""

import decimal

import numpy as np
import pytest

from tests.perturbations.steps import FAR, Steps

POINTS = np.random.default_rng(3).normal(size=(50, 6)) * 10.0 ** np.arange(-3, 3)


def bfloat16(values):
    """Round float32 numbers to their upper 16 bits, to even where it is a tie."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    kept = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return kept.astype(np.uint32).view(np.float32).astype(float)


@pytest.mark.parametrize(
    ("bits", "narrow"),
    [(24, lambda g: g.astype(np.float32)), (11, lambda g: g.astype(np.float16)), (8, bfloat16)],
)
def test_bits_are_those_of_narrow_formats(bits, narrow):
    steps, plain = Steps(f"sphere[gradient_bits={bits}]"), Steps("sphere")
    for x in POINTS:
        x = x.astype(np.float32).astype(float)  # no gradient is rounded twice
        f, g = steps(x, 0)
        assert f == plain(x, 0)[0]
        clean = plain(x, 0)[1]
        ordinary = np.abs(clean) > np.finfo(np.float16).smallest_normal
        expected = np.where(ordinary, narrow(clean).astype(float), g)
        np.testing.assert_array_equal(g, expected)
        assert ordinary.sum() > 3


def test_in_float32_eight_bits_are_bfloat16_too():
    steps, plain = (Steps(name, dtype="float32") for name in ("sphere[gradient_bits=8]", "sphere"))
    for x in POINTS:
        np.testing.assert_array_equal(steps(x, 0)[1], bfloat16(plain(x, 0)[1]))


@pytest.mark.parametrize("digits", [1, 3])
def test_digits_are_decimal_and_cut_off(digits):
    """As `decimal` quantises towards 0; a product with the unit may be off in the last bit."""
    steps, plain = Steps(f"sphere[gradient_digits={digits}]"), Steps("sphere")
    values = Steps(f"sphere[value_digits={digits}]")
    context = decimal.Context(prec=digits, rounding=decimal.ROUND_DOWN)
    for x in POINTS:
        f, g = plain(x, 0)
        expected = [float(context.create_decimal(own)) for own in (f, *g)]
        np.testing.assert_allclose(steps(x, 0)[1], expected[1:], rtol=1e-14)
        assert values(x, 0)[0] == pytest.approx(expected[0], rel=1e-14)
    assert not steps(np.zeros(6), 0)[1].any()


def test_values_have_their_bits():
    steps, plain = Steps("sphere[value_bits=24]"), Steps("sphere")
    for x in POINTS:
        f, g = steps(x, 0)
        assert f == np.float32(plain(x, 0)[0]) and np.array_equal(g, plain(x, 0)[1])
        assert steps(x, 0, full=True)[0] == plain(x, 0)[0]


def test_steps_of_gradients_are_whole_and_the_nearest():
    steps, plain = Steps("sphere[gradient_step=0.3]"), Steps("sphere")
    quantum = 0.3 * np.sqrt(np.mean((2.0 * steps.problem.definition.base.start) ** 2))
    for x in (FAR, *POINTS):
        g, clean = steps(x, 0)[1], plain(x, 0)[1]
        np.testing.assert_allclose(g / quantum, np.rint(g / quantum), atol=1e-9)
        assert np.abs(g - clean).max() <= quantum * 0.5 * (1 + 1e-9)


def test_steps_of_values_are_whole_and_not_above():
    steps, plain = Steps("sphere[value_step=0.1]"), Steps("sphere")
    for x in (FAR, *POINTS):
        f, clean = steps(x, 0)[0], plain(x, 0)[0]
        start = steps.problem.definition.base.start
        quantum = 0.1 * 2.0 * start * start * 6
        assert f / quantum == pytest.approx(round(f / quantum), abs=1e-9)
        assert 0.0 <= clean - f <= quantum * (1 + 1e-9)
