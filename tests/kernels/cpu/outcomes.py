"""Outcomes of launches, byte for byte."""


def assert_equal(ours, theirs):
    """Compare all arrays of two outcomes."""
    for name in ours._fields:
        assert getattr(ours, name).tobytes() == getattr(theirs, name).tobytes(), name
