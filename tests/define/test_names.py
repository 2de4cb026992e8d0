"""Names of parameters are those of `inspect.signature`, which is asked where a function is odd."""

import functools
import inspect

import pytest

from optbench.catalog import finding
from optbench.define.definitions import NetDefinition
from optbench.define.names import arguments, plain_arguments
from optbench.define.signatures import irregular
from optbench.rules import registry


def plain(x, g):
    local = x + g
    return local


def defaults(x, g=1):
    return x


def only_by_name(x, *, g):
    return x


def only_by_place(x, /, g):
    return x


def many(x, *others, **named):
    return x


@functools.wraps(plain)
def wrapped(*arguments):
    return plain(*arguments)


ODD = [defaults, only_by_name, only_by_place, many, wrapped, functools.partial(plain, 1)]


@pytest.mark.parametrize("function", [plain, *ODD])
def test_arguments_are_those_of_the_signature(function):
    assert arguments(function) == tuple(inspect.signature(function).parameters)


def test_odd_functions_are_not_taken_for_plain_ones():
    assert plain_arguments(plain) == ("x", "g") and irregular(plain) is None
    assert [plain_arguments(function) for function in ODD] == [None] * len(ODD)
    names = [(odd[0].name if (odd := irregular(function)) else None) for function in ODD]
    assert names == ["g", "g", "x", "others", None, None]


def test_functions_of_the_catalog_are_plain():
    functions = [
        definition.function
        for definition in finding.problems().values()
        if not isinstance(definition, NetDefinition)
    ]
    functions += [f for rule in registry.optimizers().values() for f in rule.functions.values()]
    named = [tuple(inspect.signature(function).parameters) for function in functions]
    assert [*map(arguments, functions)] == named
    assert sum(plain_arguments(function) is not None for function in functions) > 200
