"""Declarations of rules: what is refused, with the line and in which words."""

import math

import pytest

import optbench
from optbench.cli.checks import optimizers as laws
from optbench.cli.checks.findings import FAILED
from optbench.define import Flag, Log, Range, optimizer
from optbench.errors import DefinitionError


def in_order(x, g, m, v, lr, beta):
    v = beta * v + g * g
    return x - lr * g / (1.0 + v), m, v


def swapped(x, g, v, m, lr, beta):
    return x - lr * g, m, v


def short(x, g, m, v, lr, beta):
    if beta > 0.5:
        return x - lr * g, m, v
    return x - lr * g, v


def silent(x, g, m, v, lr, beta):
    m = m + g


def half_silent(x, g, m, v, lr, beta):
    if beta > 0.5:
        return x, m, v


def defaulted(x, g, m, v, lr, beta=0.9):
    return x, m, v


def starred(x, g, *others):
    return x, x, x


def number(x, g, m, v, lr, beta):
    step = lr * g
    return step


def single(x, g, lr, beta):
    return (x,)


STATES = dict(state=("m", "v"), lr=Log(0.1), beta=0.9)


@pytest.mark.parametrize(
    ("function", "facts", "message"),
    [
        (swapped, STATES, r"takes its states as v, m, but declares state=\('m', 'v'\)"),
        (short, STATES, r"returns a tuple of 2; it must return the new x, m, v: `return new_x"),
        (silent, STATES, "returns nothing; it must return the new x, m, v"),
        (half_silent, STATES, "returns nothing; it must return the new x, m, v"),
        (in_order, dict(lr=0.1, beta=0.9), r"If m, v is state, declare it: @.*\('m', 'v',\)"),
        (short, dict(STATES, state="m"), r"If v is state, declare it: @.*\('m', 'v',\)"),
        (number, STATES, "returns one number; it must return the new x, m, v"),
        (single, dict(lr=0.1, beta=0.9), "a tuple of 1; it must return the new x: `return new_x`"),
        (defaulted, dict(state=("m", "v"), lr=0.1), r"declare it: @optimizer\(beta=0.9\)"),
        (starred, STATES, r"has `\*others`, which is no plain parameter"),
        (in_order, {**STATES, "state": "m v"}, r"'m v'.*write state=\('m', 'v'\)"),
        (in_order, {**STATES, "state": ("m", "m")}, "names one twice"),
        (in_order, {**STATES, "state": {"m": "y", "v": 0.0}}, "start of state m = 'y' must be a"),
        (in_order, {**STATES, "state": ("g", "v")}, "cannot call a state 'g'"),
        (in_order, {**STATES, "state": ("beta", "v")}, "uses the name 'beta' twice"),
        (in_order, {**STATES, "lr": Log(-1.0)}, r"lr = -1 by default, outside its own range \(0"),
        (in_order, {**STATES, "beta": Range(2.0, 0.0, 1.0)}, r"outside its own range \[0, 1\]"),
        (in_order, {**STATES, "beta": math.nan}, "beta = nan by default, outside"),
        (in_order, {**STATES, "beta": "fast"}, "default of beta = 'fast' must be a number"),
        (in_order, {**STATES, "beta": True}, r"write beta=Flag\(True\)"),
        (in_order, {**STATES, "beta": Flag(2)}, r"beta=Flag\(2\): give True or False"),
        (in_order, {**STATES, "seed": 1.0}, "'seed', which is an argument of"),
        (in_order, {**STATES, "iterate": "w"}, "iterate='w', which is none of its states"),
        (in_order, {**STATES, "evaluations": 3}, "evaluations = 3 is out of range"),
        (in_order, {**STATES, "lane_state": ("a",)}, "give a dict of names and start values"),
    ],
)
def test_a_wrong_rule_is_refused_where_it_is_declared(function, facts, message):
    with pytest.raises(DefinitionError, match=message) as error:
        optimizer(**facts)(function)
    assert f"test_rule_declarations.py:{function.__code__.co_firstlineno}: " in str(error.value)


def test_the_line_of_a_wrong_return_is_named():
    line = short.__code__.co_firstlineno + 3
    with pytest.raises(DefinitionError, match=f"line {line} returns"):
        optimizer(**STATES)(short)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return x - lr * g", "line 2 returns one number"),
        ("return x, m, m", "line 2 returns a tuple of 3"),
        ("m = m + g", "returns nothing"),
        ("return 1.0, 2.0, 3.0", "line 2 returns a tuple of 3"),
        ("if lr > 1.0:\n        return x, m\n    return -x", "line 4 returns one number"),
    ],
)
def test_what_is_typed_at_a_prompt_is_looked_at_too(body, message):
    space = {}
    exec(f"def rule(x, g, m, lr):\n    {body}", space)
    with pytest.raises(DefinitionError, match=message):
        optimizer(state="m", lr=0.1)(space["rule"])


def test_sources_that_do_not_say_what_is_returned_are_left_to_the_compiler():
    space = {}
    exec("def rule(x, g, m, lr):\n    both = x, m\n    return both", space)  # no source to read
    assert optimizer(state="m", lr=0.1)(space["rule"]).state == {"m": 0.0}

    @optimizer(state="m", lr=0.1)
    def helped(x, g, m, lr):
        return other(x, g, m, lr)

    assert helped.state == {"m": 0.0}


def other(x, g, m, lr):
    return x - lr * g, m


def incomplete(kind):
    """Return rules whose parts do not fit each other, and what is said."""
    if kind == "unknown":

        @optimizer(state="m", lr=0.1, beta1=0.9)
        def mine(x, g, m, lr, beta_1):
            return x - lr * g, m

    elif kind == "step":

        @optimizer(lr=0.1)
        def mine(x, g, lr, t):
            return x - lr * g / t

    elif kind == "uniform":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a):
            return x - lr * a * g

        @mine.uniform
        def _(t):
            return 1.0 / t, 2.0

    elif kind == "combine":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a, b):
            return x - lr * a * b * g

        @mine.measure
        def _(x, g):
            return g * g

        @mine.combine
        def _(squares):
            return (squares,)

    elif kind == "sums":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a):
            return x - lr * a * g

        @mine.measure
        def _(x, g):
            return g * g, x * x

        @mine.combine
        def _(squares):
            return (squares,)

    elif kind == "measure":

        @optimizer(lr=0.1)
        def mine(x, g, lr):
            return x - lr * g

        @mine.measure
        def _(x, g):
            return g * g

    elif kind == "zero":

        @optimizer(lr=0.1)
        def mine(x, g, lr, a):
            return x - lr * a * g

        @mine.uniform
        def _(t):
            return (1.0 / (t - 1),)

    else:

        @optimizer(lr=0.1, clip_norm=1.0)
        def mine(x, g, lr, clip_norm):
            return x - lr * clip_norm * g

    return mine


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("unknown", r"mine takes 'beta_1', which is neither.*\(lr, beta1\).*did you mean beta1"),
        ("step", r"mine takes 't'.*is an output of @mine\.uniform"),
        ("uniform", "`uniform` of mine returns 2 values.*but names 1"),
        ("combine", r"`combine` of mine returns a tuple of 1, but there are 2 outputs.*\(a, b\)"),
        ("sums", r"takes 1 sums \(squares\), but `measure` has 2 terms"),
        ("measure", "has `measure` without `combine`"),
        ("zero", "`uniform` of mine fails in step 1: ZeroDivisionError"),
        ("wrapper", r"'clip_norm', which is that of the wrapper clip at .*wrappers_before\.py:\d+"),
    ],
)
def test_parts_that_do_not_fit_are_refused_in_the_rules_own_words(kind, message):
    with pytest.raises(DefinitionError, match=rf"test_rule_declarations\.py:\d+: .*{message}"):
        optbench.optimizer(incomplete(kind))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("uniform", r"line \d+ returns one number; it must return a tuple of outputs"),
        (
            "combine",
            r"line \d+ returns one number; it must return a tuple: the new lane state",
        ),
        ("measure", r"line \d+ returns nothing; it must return its term"),
    ],
)
def test_the_other_parts_are_looked_at_when_they_are_added(kind, message):
    @optimizer(lr=0.1)
    def mine(x, g, lr, a):
        return x - lr * a * g

    def one(g):
        return 2.0 * g

    def nothing(g):
        g = 2.0 * g

    with pytest.raises(DefinitionError, match=f"`{kind}` of mine: {message}"):
        getattr(mine, kind)(nothing if kind == "measure" else one)


def test_the_packages_own_rules_return_what_they_must():
    """They are not looked at when they are declared, because to read sources takes time."""
    from optbench.define import rule_checks, signatures
    from optbench.rules.wrappers_before import WRAPPERS

    seen = 0
    for part in (*optbench.optimizers().values(), *WRAPPERS):
        for kind, function in part.functions.items():
            whose = rule_checks._whose(part, kind, function)
            rule_checks._check_returns(part, kind, whose, function)
            seen += any(count is not None for _, count in signatures.returns(function))
            said = {count for _, count in signatures._bytecode_returns(function)} - {None}
            assert said <= {count for _, count in signatures.returns(function)}
    assert seen > 120  # the others return what helpers do


def test_a_rule_that_goes_uphill_is_reported():
    @optimizer(state="v", lr=Log(0.1), momentum=0.9)
    def uphill(x, g, v, lr, momentum):
        v = momentum * v + g
        return x + lr * v, v

    found = laws.LAWS.finding("downhill", optbench.optimizer(uphill))
    assert found.status == FAILED and "uphill on a bowl" in found.text
    # By hand: half the sum of 0.5 1, 0.66 4, 0.87 0.25, 1.149 9, 1.516 1, 2 4 (curvature, x^2).
    assert "where f = 11.6 at the start" in found.text
    assert "is the sign of the step right?" in found.text


def test_a_rule_that_goes_down_for_small_rates_alone_is_fine():
    @optimizer(lr=Log(1e-3, high=1e-2))
    def careful(x, g, lr):
        return x - 150.0 * lr * g

    found = laws.LAWS.finding("downhill", optbench.optimizer(careful))
    assert found.status == "ok", found.text
    assert "with lr = 1e-06 f falls from" in found.text
