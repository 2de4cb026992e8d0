"""A compile cache of a test's own."""

import pytest

from optbench.kernels.compiling import cache
from optbench.kernels.compiling import options as compile
from tests import compile_caches


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the folder of a fresh cache, switched on, that the test and its processes use."""
    return compile_caches.fresh(tmp_path, monkeypatch)


@pytest.fixture
def build(folder):
    """Return what compiles a function and says what the cache counted."""

    def compiled(function, signature="float64(float64)", options=compile.OPTIONS):
        before = cache.COUNTS.copy()
        built = cache.compiled(function, signature, options)
        return built, "".join(cache.COUNTS - before)

    return compiled
