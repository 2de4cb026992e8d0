"""Which of many look-alike cases `make test` runs: one in some; `make conformance` runs the others.

What a case costs is mostly compiling, and a dtype is a second compilation of every rule and every
problem. So float64 is held of each of them at once, float32 of a sample.
"""

import pytest


def thinned(values, one_in=5):
    """Return pytest's parameters for values, all but one in so many marked as conformance."""
    return [
        value if i % one_in == 0 else pytest.param(value, marks=pytest.mark.conformance)
        for i, value in enumerate(values)
    ]


def in_both_dtypes(values, one_in=5):
    """Return the parameters (value, dtype): float64 of each, float32 thinned."""
    single = [
        pytest.param(value, "float32", marks=() if i % one_in == 0 else pytest.mark.conformance)
        for i, value in enumerate(values)
    ]
    return [*((value, "float64") for value in values), *single]
