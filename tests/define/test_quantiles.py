"""Quantiles of the normal distribution, against SciPy's."""

import math

import numpy as np
import scipy.special
import scipy.stats

from optbench.define.draws import mixed, quick_normal, stream_key, uniforms
from optbench.define.quantiles import normal_quantile


def test_quantiles_are_scipy_s_in_the_centre_and_far_out():
    shares = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 2001), 10.0 ** -np.arange(1.0, 17.0)])
    ours = np.array([normal_quantile(u) for u in shares])
    np.testing.assert_allclose(ours, scipy.special.ndtri(shares), rtol=2e-15, atol=1e-16)


def test_what_rounding_makes_0_or_1_has_a_quantile_too():
    assert normal_quantile(1.0) == -normal_quantile(0.0)
    assert math.isclose(normal_quantile(0.0), scipy.special.ndtri(2.0**-54), rel_tol=1e-14)


def test_quick_draws_are_standard_normal():
    keys = mixed(stream_key("test"), np.arange(4))
    with np.errstate(over="ignore"):
        drawn = [quick_normal(key, i) for key in keys for i in range(1500)]
    expected = scipy.special.ndtri(uniforms(keys, 1500)).ravel()
    np.testing.assert_allclose(drawn, expected, rtol=1e-13)
    assert scipy.stats.kstest(drawn, "norm").pvalue > 1e-3
