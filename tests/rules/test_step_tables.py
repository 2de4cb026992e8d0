"""Tables of step scalars: compiled code gives what Python gives, bit for bit."""

import math

import numpy as np
import pytest

import optbench
from optbench.define import Flag, Log, Range, optimizer
from optbench.errors import DefinitionError
from optbench.kernels.authors.step_loops import step_loop
from optbench.rules import compose, registry, step_tables
from optbench.rules.step_tables import uniform_count
from optbench.rules.wrappers_before import WRAPPERS
from tests.rules.drawn import settings_in_range
from tests.thinning import thinned

STEPS, TRIALS = 300, 7
PARTS = [registry.rule(name) for name in optbench.optimizers() if compose.optimizer(name).compiled]
PARTS = [part for part in (*PARTS, *WRAPPERS) if "uniform" in part.functions]


def both_ways(part, values, steps, monkeypatch, trials=TRIALS):
    """Return the tables of compiled code and those of Python."""
    tables = []
    for rows in (0, math.inf):
        monkeypatch.setattr(step_tables, "COMPILED_ROWS", rows)
        tables.append(np.full((steps, uniform_count(part), trials), np.nan))
        step_tables.fill_tables(part, values, 2 * steps, tables[-1])
    return tables


def loop_of(part):
    function = part.functions["uniform"]
    names, carried = step_tables._parameters(part, function, part.hyper)
    return step_loop(function, names, len(carried), uniform_count(part))


@pytest.mark.parametrize("part", thinned(PARTS), ids=lambda part: part.name)
def test_compiled_tables_are_those_of_python(part, monkeypatch):
    assert loop_of(part) is not None
    values = settings_in_range(part.hyper, TRIALS)
    compiled, plain = both_ways(part, values, STEPS, monkeypatch)
    assert np.isfinite(compiled).all()
    np.testing.assert_array_equal(compiled, plain)


@optimizer(lr=Log(0.1), a=Range(0.7), b=Range(0.3), on=Flag())
def various(x, g, lr, u1, u2, u3, u4, u5, u6, u7, u8):
    return x - lr * (u1 + u2 + u3 + u4 + u5 + u6 + u7 + u8) * g


@various.uniform
def _(t, steps, a, b, on, carried=2):
    root = math.sqrt(a * b + t * a)  # not one rounding for two
    powers = a**2, (t * b) ** 0.5, 2**-b, (a * t) ** 3.0
    return (
        carried * a + b,
        root,
        *powers,
        float(on) + (t % 3) + t // 7 + round(t * b),
        math.exp(-a * t / steps) + math.log(t + b) + math.tanh(a) + min(1, a * t),
    )


def test_nothing_is_contracted_or_folded(monkeypatch):
    rng = np.random.default_rng(1)
    values = {"a": rng.uniform(0.1, 2.0, 50), "b": rng.uniform(0.1, 2.0, 50), "on": np.ones(50)}
    assert loop_of(various) is not None
    np.testing.assert_array_equal(*both_ways(various, values, STEPS, monkeypatch, 50))


FUNCTIONS = (
    "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "asin", "acos", "atan", "asinh", "acosh", "atanh",
)  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_math_are_those_of_python(name, monkeypatch):
    function = getattr(math, name)

    @optimizer(lr=Log(0.1), a=Range(1.0 if name == "acosh" else 0.7))
    def rule(x, g, lr, u):
        return x - lr * u * g

    @rule.uniform
    def _(t, a):
        return (function(a),)

    low, high = {"acosh": (1, 90), "acos": (-1, 1), "asin": (-1, 1), "atanh": (-1, 1)}.get(
        name, (1e-9, 90.0)
    )
    values = {"a": np.random.default_rng(2).uniform(low, high, 2000)}
    assert loop_of(rule) is not None
    np.testing.assert_array_equal(*both_ways(rule, values, 1, monkeypatch, 2000))


def failing(uniform):
    @optimizer(lr=Log(0.1), a=Range(1.0))
    def rule(x, g, lr, u):
        return x - lr * u * g

    rule.uniform(uniform)
    return rule


@pytest.mark.parametrize(
    ("uniform", "message"),
    [
        (lambda t, a: (1 / (t - 4000 * a),), "fails in step 8000: ZeroDivisionError"),
        (lambda t, a: ((1e300 / t) ** a,), "fails in step 1: OverflowError"),
        (lambda t, a: (math.sqrt(6000 * a - t),), "fails in step 12001: ValueError"),
        (lambda t, a: (math.log(12000 - t),), "fails in step 12000: ValueError"),
        (lambda t, a: (1 / (1 + 2.0 ** (t / 10)),), "fails in step 10240: OverflowError"),
    ],
)
def test_errors_of_authors_are_those_of_python(uniform, message):
    rule = failing(uniform)
    assert loop_of(rule) is not None
    with pytest.raises(DefinitionError, match=rf"{rule.name}.*{message}"):
        step_tables.step_table(rule, (("a", 2.0),), 13000, 13000)


TABLE = {1: 0.5, 2: 0.25}


@pytest.mark.parametrize(
    "uniform",
    [
        lambda t, a: (TABLE.get(t, a),),
        lambda t, a: (float(np.exp(-a * t)),),
        lambda t, a: (sum([a, 1e16, -1e16]) + t,),
        lambda t, a: (math.hypot(a, t),),
    ],
)
def test_what_compiled_code_cannot_do_is_left_to_python(uniform):
    rule = failing(uniform)
    assert loop_of(rule) is None
    table = step_tables.step_table(rule, (("a", 2.0),), 6000, 6000)
    assert table.tolist() == [list(uniform(t, 2.0)) for t in range(1, 6001)]
