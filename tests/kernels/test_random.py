"""Draws are functions of (key, counter), the same in plain Python and compiled, and well spread."""

import numba
import numpy as np
import pytest
from scipy import stats

from optbench.define import draws as random
from optbench.kernels.compiling import options as _registers_the_draws  # noqa: F401

KEY = random.stream_key("tests", 1)


@numba.njit
def table(key, n):
    out = np.empty((n, 3))
    for i in range(n):
        out[i, 0] = random.uniform(key, i)
        out[i, 1] = random.normal(key, i)
        out[i, 2] = random.permuted(key, i, n)
    return out


def test_compiled_equals_plain_python_bit_for_bit():
    compiled = table(KEY, 50)
    with np.errstate(over="ignore"):
        for i in range(50):
            plain = random.uniform(KEY, i), random.normal(KEY, i), random.permuted(KEY, i, 50)
            assert tuple(compiled[i]) == plain


def test_distributions():
    draws = table(KEY, 20_000)
    assert stats.kstest(draws[:, 0], "uniform").pvalue > 1e-3
    assert stats.kstest(draws[:, 1], "norm").pvalue > 1e-3
    assert 0 < draws[:, 0].min() and draws[:, 0].max() < 1
    assert abs(np.corrcoef(draws[:-1, 0], draws[1:, 0])[0, 1]) < 0.03


def test_neighbouring_keys_are_independent():
    one, other = (table(random.stream_key("tests", k), 5000)[:, 1] for k in (1, 2))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 17, 64, 341, 1078])
def test_permutations_are_permutations(n):
    assert sorted(table(KEY, n)[:, 2]) == list(range(n))


def test_permutations_of_different_keys_differ_and_are_uniform():
    places = [table(random.stream_key(k), 6)[0, 2] for k in range(600)]
    assert stats.chisquare(np.bincount(np.array(places, int), minlength=6)).pvalue > 1e-3


def test_an_epoch_visits_each_example_once_and_drops_the_remainder():
    with np.errstate(over="ignore"):
        seen = [random.sample(KEY, t, j, 4, 14) for t in range(3) for j in range(4)]
        following = [random.sample(KEY, t, j, 4, 14) for t in range(3, 6) for j in range(4)]
    assert len(set(seen)) == 12 and set(seen) <= set(range(14))
    assert seen != following and len(set(following)) == 12


def test_stream_keys_depend_on_every_part():
    parts = [(0, "a", 1), (0, "a", 2), (1, "a", 1), (0, "b", 1), (0, "a", "1"), ("a", 0, 1)]
    assert len({int(random.stream_key(*p)) for p in parts}) == 6
