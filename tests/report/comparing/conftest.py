"""The seed of simulations."""

import pytest


@pytest.fixture
def seed(request):
    """Return a seed: always the same, and in `make soak` that of the round."""
    return int(request.config.getoption("--hypothesis-seed") or 1)
