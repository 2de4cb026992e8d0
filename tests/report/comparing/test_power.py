"""How many lanes would show a difference: by hand, and by simulating the test."""

import math

import numpy as np
import pytest
from scipy import stats

from optbench.report.comparing.power import lanes_needed


def test_by_hand():
    # (1.960 + 0.842)^2 = 7.849; a variance of 0.01 over ln(1.05)^2 = 0.00238 is 4.2.
    d = np.array([-0.1, 0.1, -0.1, 0.1]) * math.sqrt(3 / 4)
    a = np.array([1.0, 5.0, 2.0, 7.0])
    assert lanes_needed(a + d, a)[0] == math.ceil(7.8489 * 0.01 / math.log(1.05) ** 2)
    assert lanes_needed(a, a) == (2.0, math.ceil(7.8489 * 2 * a.var(ddof=1) / math.log(1.05) ** 2))


def test_exchanging_the_two_changes_nothing():
    a, b = np.random.default_rng(0).standard_normal((2, 20))
    assert lanes_needed(a, b) == lanes_needed(b, a)


@pytest.mark.parametrize("lanes", [[1.0, np.inf, 2.0], [1.0], []])
def test_failures_and_single_lanes_have_no_variance(lanes):
    lanes = np.array(lanes)
    assert np.isnan(lanes_needed(lanes, np.ones(len(lanes)))).all()


def test_so_many_pairs_show_the_difference_four_times_in_five():
    rng = np.random.default_rng(1)
    common, own = 0.5, 0.1
    shared = rng.normal(0.0, common, size=4000)
    a, b = shared + rng.normal(0, own, 4000), shared + rng.normal(0, own, 4000)
    paired, unpaired = lanes_needed(a, b)
    assert unpaired / paired == pytest.approx(1 + common**2 / own**2, rel=0.1)
    d = rng.normal(math.log(1.05), own * math.sqrt(2), size=(4000, int(paired)))
    power = np.mean(stats.ttest_1samp(d, 0.0, axis=1).pvalue <= 0.05)
    assert power == pytest.approx(0.8, abs=0.03)
