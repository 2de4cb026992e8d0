"""How property-based tests draw, which tests `make soak` repeats, and what a run adds to a sum."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

from tests import counts

FAULTS = Path(__file__).with_name("faults")

settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
"""The same examples every time, on every machine."""
settings.register_profile(
    "soak", derandomize=False, max_examples=200, deadline=None, print_blob=True
)
"""Other examples every time; for `tests.soak`."""
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fixed")
settings.load_profile(PROFILE)
COUNTED_IN = os.environ.pop(counts.FILE, None)
"""Taken out of the environment: what this run starts, its own workers too, must not count again."""
MORE = 400
"""Examples of each property-based test in `tests.soak`, at least."""


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Collect without looking for garbage: tests are millions of objects, and all of them stay.

    They are left out ever after, too: to go through them takes the better part of a second.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what draws, and the tests of faults: `-m` then chooses."""
    for item in items:
        draws = is_hypothesis_test(getattr(item, "obj", None))
        if draws and PROFILE == "soak":
            _draw_more(item.obj)
        if draws or FAULTS in item.path.parents:
            item.add_marker("soak")


def _draw_more(test):
    """Multiply the examples that a test asks for itself, which no profile does."""
    function = getattr(test, "__func__", test)
    asked = function._hypothesis_internal_use_settings
    if asked is not None and asked.max_examples < MORE:
        function._hypothesis_internal_use_settings = settings(asked, max_examples=MORE)


def pytest_terminal_summary(terminalreporter):
    counts.add(**counts.of_stats(terminalreporter.stats), file=COUNTED_IN)
