"""Which of many look-alike cases `make test` runs: one in some; `make conformance` runs the others.

What a case costs is mostly compiling, and a dtype is a second compilation of every rule and every
problem. So float64 is held of each of them at once, float32 of a sample. Of rules and problems the
sample goes by their names and is the same in all files: what one of them compiled the others load.
"""

import zlib

import pytest


def thinned(values, one_in=5):
    """Return pytest's parameters for values, all but one in so many marked as conformance."""
    return [_parameter(i % one_in == 0, value) for i, value in enumerate(values)]


def sampled(named, one_in=5):
    """Return the parameters for rules or problems, by name or with a `label`, but for a sample.

    A sample of fewer (a multiple of the default) lies within one of more.
    """
    return [_parameter(_in_sample(one, one_in), one) for one in named]


def first_and_sampled(cases, group, one_in=3):
    """Return the parameters for cases, all but the first of each group and a sample marked.

    Parameters
    ----------
    cases : sequence
        With an `id`, which says whether one is in the sample.
    group : callable
        What the cases of a group have in common.
    one_in : int
    """
    firsts = {group(case): case for case in reversed(cases)}
    at_once = [firsts[group(case)] is case or _in_sample(case.id, one_in) for case in cases]
    return list(map(_parameter, at_once, cases))


def in_both_dtypes(named, one_in=5):
    """Return the parameters (rule or problem, dtype): float64 of each, float32 of a sample."""
    single = [_parameter(_in_sample(one, one_in), one, "float32") for one in named]
    return [*((one, "float64") for one in named), *single]


def _in_sample(one, one_in):
    return zlib.crc32(getattr(one, "label", one).encode()) % one_in == 0


def _parameter(at_once, *values):
    return pytest.param(*values, marks=() if at_once else pytest.mark.conformance)
