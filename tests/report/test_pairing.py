"""Common draws are worth lanes: the log-ratio of two rules varies less than on their own."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.report.pairing import Pairing, lanes_to_see, log_gaps, noisy_problems, pairing, row


@pytest.mark.parametrize(("name", "at_most"), [("noisy_quadratic", 0.3), ("stable_noise", 0.9)])
def test_common_draws_leave_less_variance(name, at_most):
    """Measured with 100 lanes: 0.09 and 0.65."""
    own = pairing(name, 40)
    print(row(name, 40))
    assert 0.0 < own.ratio < at_most
    assert lanes_to_see(own.paired) < lanes_to_see(own.unpaired)


def test_lanes_for_five_percent_have_the_power_that_they_are_said_to_have():
    """A t test of normal log-ratios with variance 0.1, by the noncentral t distribution."""
    n = lanes_to_see(0.1)
    critical = stats.t.ppf(0.975, n - 1)
    power = stats.nct.sf(critical, n - 1, math.log(1.05) * math.sqrt(n / 0.1))
    assert n == 330 and power == pytest.approx(0.8, abs=0.005)


def test_a_rule_against_itself_has_no_variance_on_common_draws():
    first = log_gaps("momentum", "noisy_quadratic", range(11, 21), 0.01)
    again = log_gaps("momentum", "noisy_quadratic", range(11, 21), 0.01)
    assert np.array_equal(first, again) and first.std() > 0.1
    assert Pairing(0.0, float(first.var()), 10).ratio == 0.0


def test_every_noisy_surface_of_the_catalog_has_a_row():
    names = noisy_problems()
    assert {"reddi", "noisy_quadratic", "rotated_stable_noise", "noisy_rosenbrock"} <= set(names)
    assert "sphere" not in names and "logistic_breast_cancer" not in names
