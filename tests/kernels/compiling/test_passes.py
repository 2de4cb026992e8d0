"""What is left out of Numba's passes is what has nothing to do: closures and arrays still work."""

from functools import reduce

import numpy as np
import pytest

from optbench.kernels.compiling import passes
from optbench.kernels.compiling.options import jit


def plain(x):
    total = 0.0
    for i in range(3):
        total += x * i
    return total


def closure(x):
    def scaled(y):
        return x * y

    return scaled(1.0) + scaled(2.0)


def comprehension(x):
    total = 0.0
    for value in [x * i for i in range(3)]:
        total += value
    return total


def listed(x):
    total = 0.0
    values = [0.0, x, 2.0 * x]
    for value in values:
        total += value
    return total


def reduction(x):
    return reduce(lambda a, b: a + b, (0.0, x, 2.0 * x))


def arrays(x):
    values = np.arange(3.0)
    return (values * x + 0.0 * values).sum()


@pytest.mark.parametrize("function", [plain, closure, comprehension, listed, reduction, arrays])
def test_whatever_a_function_does_it_returns_three_times_x(function):
    assert jit(function, "float64(float64)")(1.5) == 4.5 == function(1.5)


@pytest.mark.parametrize("function", [closure, comprehension, listed, reduction])
def test_what_may_be_built_in_is_seen(function):
    assert passes.has_closures(function.__code__) and not passes.has_closures(plain.__code__)


@pytest.mark.parametrize(
    ("function", "numba_pass"),
    [(plain, ()), (closure, ("building",)), (arrays, ("rewriting",))],
)
def test_passes_run_where_they_are_needed_alone(monkeypatch, function, numba_pass):
    ran = []
    for name, cls in (
        ("building", passes.InlineClosureLikes),
        ("rewriting", passes.NopythonRewrites),
    ):
        original = cls.run_pass

        def noted(self, state, name=name, original=original):
            if state.func_id.code is function.__code__:  # and none that it calls
                ran.append(name)
            return original(self, state)

        monkeypatch.setattr(cls, "run_pass", noted)
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    jit(function, "float64(float64)")
    assert set(numba_pass) == set(ran)
