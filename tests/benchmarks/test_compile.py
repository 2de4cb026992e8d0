"""Compiling one unit, from a function that was never compiled before and without a cache."""

import copy
import types

import numpy as np
import pytest

from optbench.catalog import finding
from optbench.kernels.authors import blocks
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.rules import compose


def copied(function):
    """Return a copy that no table of compiled functions knows."""
    twin = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__,
        function.__closure__,
    )  # fmt: skip
    twin.__module__ = function.__module__
    return twin


@pytest.fixture(autouse=True)
def warm_compiler_without_cache(monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    blocks.problem_block(copied(finding.definition("sphere").function), np.dtype("float64"))


@pytest.mark.benchmark(group="compile")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["rosenbrock", "ackley"])
def test_problem(benchmark, name, dtype):
    function, dtype = finding.definition(name).function, np.dtype(dtype)
    block = benchmark.pedantic(
        blocks.problem_block, setup=lambda: ((copied(function), dtype), {}), rounds=5
    )
    assert block.lanes > 1


@pytest.mark.benchmark(group="compile")
@pytest.mark.parametrize("spec", ["gd", "adam", "adam[clip_norm=1]"])
def test_rule(benchmark, spec):
    layout = compose.optimizer(spec).layout()

    def fresh():
        parts = [copy.copy(part) for part in layout.parts]
        return (RuleLayout(parts, layout.uniform_counts, layout.flags), np.dtype("float64")), {}

    block = benchmark.pedantic(blocks.rule_block, setup=fresh, rounds=5)
    assert block.lanes > 1
