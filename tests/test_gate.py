"""What passes the gate for numbers, as what, and what is said of the rest."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optbench import gate
from optbench.errors import DefinitionError, SettingError

INTEGERS = [int, np.int64, np.int32, np.uint16, np.float32, np.float64, float, Fraction, np.array]


@given(st.integers(0, 2**15), st.sampled_from(INTEGERS))
@settings(max_examples=60)
def test_whole_numbers_of_every_type_are_one(number, kind):
    passed = gate.whole("n", kind(number))
    assert type(passed) is int and passed == number and repr(passed) == str(number)


@pytest.mark.parametrize(
    "value",
    [2.7, "3", b"3", True, np.True_, None, math.nan, math.inf, -math.inf, [3], np.array([3]), 3j,
     np.float32(2.5), {}, lambda: 3, Fraction(1, 2)],
)  # fmt: skip
def test_what_is_not_whole_is_named(value):
    with pytest.raises(SettingError, match=r"^steps = .* must be a whole number of at least 1$"):
        gate.whole("steps", value, low=1)


def test_ranges_are_said():
    with pytest.raises(SettingError, match=r"^n = 0 is out of range: a whole number from 1 to 5$"):
        gate.whole("n", 0, 1, 5)
    with pytest.raises(
        DefinitionError, match=r"^n = 6 is out of range: a whole number from 1 to 5$"
    ):
        gate.whole("n", np.int64(6), 1, 5, DefinitionError)
    for huge in (2**63, 2.0**63, 10**400, 10**5000):
        with pytest.raises(SettingError, match="n = .* is too large: at most 9223372036854775807"):
            gate.whole("n", huge)
    assert gate.whole("n", 2**63 - 1) == 2**63 - 1


def test_arrays_of_whole_numbers():
    for values in (
        range(3),
        [0, 1.0, np.int8(2)],
        np.arange(3),
        np.arange(3.0),
        (n for n in range(3)),
    ):
        passed = gate.wholes("seed", values)
        assert passed.dtype == np.int64 and passed.tolist() == [0, 1, 2]
    assert gate.wholes("seed", []).shape == (0,)
    for values in ([0.5], [True], ["1"], np.array([-1]), np.array([2**63], np.uint64), 3, None):
        with pytest.raises(SettingError, match="seed = "):
            gate.wholes("seed", values)


def test_reals():
    for value in (0.5, np.float32(0.5), np.array(0.5), Fraction(1, 2)):
        passed = gate.real("lr", value)
        assert type(passed) is float and passed == 0.5
    assert math.copysign(1.0, gate.real("lr", -0.0)) == 1.0
    assert gate.real("lr", -(10**400), finite=False) == -math.inf
    for value in (math.nan, math.inf, 10**400):
        with pytest.raises(SettingError, match="must be a finite number"):
            gate.real("lr", value)
    for value in ("0.9", None, True, [0.5], 1j):
        with pytest.raises(SettingError, match="lr = .* must be a number"):
            gate.real("lr", value)


def test_arrays_of_reals():
    passed = gate.reals("start", [[1, 2.5], [np.float32(3), math.nan]])
    np.testing.assert_array_equal(passed, [[1.0, 2.5], [3.0, math.nan]])
    assert passed.dtype == np.float64 and gate.reals("start", np.array([1], object))[0] == 1.0
    with pytest.raises(SettingError, match="start has rows of different lengths"):
        gate.reals("start", [[1.0], [1.0, 2.0]])
    for value in (["1", "2"], [1, "2"], [1j], [True], [None], "12", None, {}):
        with pytest.raises(SettingError, match="start = .* must be"):
            gate.reals("start", value)


def test_dtypes_by_name_and_by_numpy():
    for value in ("float32", np.float32, np.dtype("float32"), np.str_("float32")):
        assert gate.precision(value) == "float32" and type(gate.precision(value)) is str
    assert gate.precision(float) == "float64"
    for value in (None, "f4", "float16", np.int32, np.float16, int, 32, [], np.dtype("float16")):
        with pytest.raises(SettingError, match="dtype .* is unknown; use 'float64' or 'float32'"):
            gate.precision(value)


def test_what_a_dtype_cannot_hold():
    gate.check_fits("adam: eps", 1e-60, "float32")  # 0 is as good
    gate.check_fits("adam: lr", [1e-30, math.inf], "float32")
    gate.check_fits("adam: lr", 1e-60, "float64")
    with pytest.raises(SettingError, match=r"adam: lr = 1e-60 is 0.0 in float32; use float64"):
        gate.check_fits("adam: lr", [0.1, 1e-60], "float32")
    with pytest.raises(SettingError, match=r"adam: eps = 1e\+60 is inf in float32"):
        gate.check_fits("adam: eps", 1e60, "float32")


def test_values_are_shown_short_and_in_a_line():
    assert gate.shown(np.float64(0.5)) == "0.5" and gate.shown("3") == "'3'"
    assert "\n" not in gate.shown(np.zeros((9, 9))) and len(gate.shown("a" * 99)) == 60
    assert gate.shown(-(2**20000)) == "-2**20000 or more in size"
    assert gate.shown([2**20000]) == "a list of numbers too long to be written"
