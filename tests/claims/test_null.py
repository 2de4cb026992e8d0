"""The test of nulls: its numbers by hand, and when it says that verdicts are not to be trusted."""

import pytest

from optbench.claims.null import null_check


def test_the_probability_is_that_of_as_many_or_more():
    assert null_check([True] + [False] * 19).p == pytest.approx(1.0 - 0.95**20, rel=1e-12)
    assert null_check([True, True]).p == pytest.approx(0.05**2, rel=1e-12)
    assert null_check([False] * 9).p == 1.0


@pytest.mark.parametrize(("supported", "holds"), [(0, True), (4, True), (9, True), (10, False)])
def test_too_many_are_told(supported, holds):
    # P(B >= 9) = 0.013 and P(B >= 10) = 0.005 for 76 nulls at 5 %.
    check = null_check([True] * supported + [False] * (76 - supported))
    assert check.holds is holds and ("do not trust" in str(check)) is not holds
