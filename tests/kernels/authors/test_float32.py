"""No kernel of float32 computes in float64: all rules, all problems, nets."""

import re

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.define import Log, optimizer
from optbench.define.definitions import NetDefinition
from optbench.define.names import arguments
from optbench.errors import DefinitionError
from optbench.kernels import sizes
from optbench.kernels.authors import blocks
from optbench.nets import network
from optbench.rules import compose, registry
from tests.thinning import sampled

SINGLE = np.dtype("float32")
DRAWS = {"key", "stream", "t"}
"""Taken by code that draws: the same float64 numbers in every dtype, rounded at once."""
DOUBLES = re.compile(
    r"\b(?:fadd|fsub|fmul|fdiv|frem|fneg|fcmp)\b.*\bdouble\b"
    r"|\b(?:sitofp|uitofp)\b.* to (?:<\d+ x )?double|\bcall\b.*\bdouble\b"
)
WIDENED = re.compile(r"\bfpext\b")
PROBLEMS = {
    name: definition
    for name, definition in finding.problems().items()
    if not isinstance(definition, NetDefinition)
}


def doubles(block, draws=False):
    """Return the lines of a block's LLVM code that compute in float64."""
    (text,) = block.inspect_llvm().values()
    body = [line for line in text.splitlines() if line.startswith(" ")]
    assert len(body) > 5
    return [
        line for line in body
        if WIDENED.search(line) or (not draws and DOUBLES.search(line))
    ]  # fmt: skip


@pytest.mark.parametrize("name", sampled(registry.optimizers(()), 10))
def test_rules(name):
    rule = compose.optimizer(name)
    takes = {name for function in rule.rule.functions.values() for name in arguments(function)}
    draws = "key" in takes
    assert not doubles(blocks.rule_block(rule.layout(), SINGLE), draws)


@pytest.mark.parametrize("name", sampled(PROBLEMS, 10))
def test_problems(name):
    definition = PROBLEMS[name]
    draws = not DRAWS.isdisjoint(definition.arguments)
    assert not doubles(blocks.problem_block(definition.function, SINGLE, definition.dim), draws)
    if definition.metrics_function is not None:
        assert not doubles(blocks.metrics_block(definition.metrics_function, SINGLE))


@pytest.mark.parametrize("name", ["problem", "metrics", "adjust"])
def test_nets(name):
    assert not doubles(network.compiled(name, "float32"))


def by_hand(x, g):
    for i in range(len(x)):
        g[i] = float(x[i]) * float(len(x))
    return float(x[0] * x[0]) + float(2) * x[1]


def by_dual_numbers(x):
    return float(x[0] * x[0]) + float(2) * float(x[1])


@pytest.mark.parametrize(
    ("author", "slopes"),
    [(by_hand, lambda x: 2 * x), (by_dual_numbers, lambda x: [2 * x[0], 2 * np.ones_like(x[1])])],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_authors_float_is_of_the_kernels_dtype_and_stays_in_simd(author, slopes, dtype):
    block = blocks.problem_block(author, np.dtype(dtype), 2)
    assert block.lanes == sizes.WIDTHS[np.dtype(dtype)]
    assert dtype == "float64" or not doubles(block)
    x = np.linspace(-3, 3, 128).reshape(2, 64).astype(dtype)
    g, f, empty = np.empty_like(x), np.empty(64, dtype), np.empty(0, dtype)
    block(x, g, f, empty, np.empty(0, np.int64), empty, np.zeros(64, np.uint64), 0, 1)
    np.testing.assert_allclose(f, x[0] * x[0] + 2 * x[1], rtol=4 * np.finfo(dtype).eps, atol=1e-6)
    np.testing.assert_array_equal(g, slopes(x))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_float_in_a_rule_is_too(dtype):
    @optimizer(lr=Log(0.1))
    def halving(x, g, lr):
        return float(x) - float(lr) * float(g)

    block = blocks.rule_block(optbench.optimizer(halving).layout(), np.dtype(dtype))
    assert block.lanes == sizes.WIDTHS[np.dtype(dtype)]
    assert dtype == "float64" or not doubles(block)
    run = optbench.minimize(halving, "sphere", steps=3, lanes=20, lr=0.25, dtype=dtype)
    begin = optbench.problem("sphere").starts(range(20)).astype(dtype)
    np.testing.assert_array_equal(run.x, begin / 8)  # the slope is 2 x: half is left, exactly


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_float_of_what_is_no_number_is_called_float(dtype):
    def author(x):
        return float(x)

    with pytest.raises(DefinitionError, match=r"takes 'float' of all coordinates at once here"):
        blocks.problem_block(author, np.dtype(dtype), 2)


def test_float64_arithmetic_would_be_seen():
    def author(x):
        return x[0] * np.float64(x.shape[0])

    block = blocks.problem_block(author, np.dtype("float64"), 2)
    assert doubles(block)
