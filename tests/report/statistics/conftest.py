import pytest


@pytest.fixture
def seed(request):
    """Of simulations: each round of `make soak` has another one, as its examples have."""
    return int(request.config.getoption("--hypothesis-seed") or 0)
