"""No kernel of float32 computes in float64: all rules, all problems, nets."""

import re

import numpy as np
import pytest

from optbench import catalog
from optbench.declared import NetDefinition
from optbench.kernels import blocks
from optbench.nets import network
from optbench.rules import compose, registry

SINGLE = np.dtype("float32")
DRAWS = {"key", "stream", "t"}
"""What problems take that draw: the same float64 numbers in every dtype, rounded at once."""
DOUBLES = re.compile(
    r"\b(?:fadd|fsub|fmul|fdiv|frem|fneg|fcmp)\b.*\bdouble\b"
    r"|\b(?:sitofp|uitofp)\b.* to (?:<\d+ x )?double|\bcall\b.*\bdouble\b"
)
WIDENED = re.compile(r"\bfpext\b")
PROBLEMS = {
    name: definition
    for name, definition in catalog.problems().items()
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


@pytest.mark.parametrize("name", registry.optimizers(()))
def test_rules(name):
    assert not doubles(blocks.rule_block(compose.optimizer(name).layout(), SINGLE))


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(name):
    definition = PROBLEMS[name]
    draws = not DRAWS.isdisjoint(definition.arguments)
    assert not doubles(blocks.problem_block(definition.function, SINGLE, definition.dim), draws)
    if definition.metrics_function is not None:
        assert not doubles(blocks.metrics_block(definition.metrics_function, SINGLE))


@pytest.mark.parametrize("name", ["problem", "metrics", "adjust"])
def test_nets(name):
    assert not doubles(network.compiled(name, "float32"))


def test_float64_arithmetic_would_be_seen():
    def author(x):
        return x[0] * np.float64(x.shape[0])

    block = blocks.problem_block(author, np.dtype("float64"), 2)
    assert doubles(block)
