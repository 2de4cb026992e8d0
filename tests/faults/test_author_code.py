"""Mistakes in author code: each is one line with the file, the line and what to do instead."""

import re

import numpy as np
import pytest

from optbench.catalog import plain
from optbench.catalog.building import make
from optbench.errors import DefinitionError
from optbench.kernels.authors import blocks, candidates
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.compiling import source_checks
from tests.faults.author_modules import HEAD, LOOP, declared, module, one_line

ALL = f"all coordinates at once here.*{LOOP}"
MISTAKES = {
    "a loop over x": ("for v in x:\n    s = v\nreturn s", 1, LOOP),
    "unpacking": ("a, b = x\nreturn a * b", 1, r"write a, b = x\[0\], x\[1\]"),
    "enumerate": ("for i, v in enumerate(x):\n    s = v\nreturn s", 1, ALL),
    "zip": ("for a, b in zip(x, x):\n    s = a * b\nreturn s", 1, ALL),
    "reversed": ("for v in reversed(x):\n    s = v\nreturn s", 1, r"range\(len\(x\) - 1, -1, -1\)"),
    "a slice": ("y = x[:2]\nreturn y[0]", 1, f"slice of x.*{LOOP}"),
    "an index of two": ("return x[0, 1]", 1, "no whole number"),
    "an index that is a coordinate": ("return x[x[0]]", 1, "no whole number"),
    "the sum of NumPy": ("return np.sum(x ** 2)", 1, ALL),
    "the norm of NumPy": ("return np.linalg.norm(x)", 1, ALL),
    "the dot of NumPy": ("return np.dot(x, x)", 1, ALL),
    "sum": ("s = 1.0\nreturn s + sum(x)", 2, ALL),
    "max": ("return max(x)", 1, ALL),
    "a product of x": ("y = 2.0 * x\nreturn y[0]", 1, ALL),
    "x @ x": ("return x @ x", 1, ALL),
    "x += 1": ("x += 1\nreturn x[0]", 1, ALL),
    "a test of membership": ("return 1.0 if x[0] in x else 0.0", 1, ALL),
    "math of x": ("return math.sqrt(x)", 1, ALL),
    "a method of x": ("return x.sum()", 1, rf"x\.sum.*{LOOP}"),
    "a copy of x": ("y = x.copy()\nreturn y[0]", 1, r"x\.copy"),
    "a call of x": ("return x(0)", 1, r"write x\[i\]"),
    "range forgotten": ("for i in len(x):\n    s = x[i]\nreturn s", 1, r"for i in range\("),
    "a change of x": ("x[0] = 2.0\nreturn x[0]", 1, "may only read"),
    "a global list": ("s = 1.0\nreturn s * TABLE[0] * x[0]", 2, "list TABLE.*make it a tuple"),
    "a global dict": ("return NAMED['a'] * x[0]", 1, "dict NAMED.*make it a tuple"),
    "a class": ("return Settings.scale * x[0]", 1, "uses Settings, .*it takes numbers, tuples"),
    "an instance": ("return DATA.scale * x[0]", 1, "uses DATA, .*it takes numbers, tuples"),
    "a global that changes": ("global COUNT\nCOUNT += 1\nreturn x[0]", 2, "'COUNT'"),
    "math.sign": ("return math.sign(x[0])", 1, r"does not exist: write optbench\.define\.sign"),
    "math misspelt": ("return math.sqr(x[0])", 1, r"math\.sqr, .*write math\.sqrt"),
    "np.sign": ("return np.sign(x[0])", 1, r"write optbench\.define\.sign\(v\)"),
    "np.sqrt": ("return np.sqrt(x[0])", 1, r"write math\.sqrt"),
    "np.maximum": ("return np.maximum(x[0], 0.0)", 1, r"write max\(a, b\)"),
    "np.abs": ("return np.abs(x[0])", 1, r"write abs\(v\)"),
    "np.where": ("return np.where(x[0] > 0, x[0], 0.0)", 1, r"write optbench\.define\.where"),
    "np.array": ("y = np.array([x[0], x[1]])\nreturn y[0]", 1, "NumPy's 'array'"),
    "math.factorial": ("return math.factorial(3) * x[0]", 1, "factorial.*it knows exp"),
    "^ for a power": ("return x[0] ^ 2", 1, r"write \*\*"),
    "//": ("return x[0] // 1.0", 1, r"write math\.floor\(a / b\)"),
    "round": ("return round(x[0])", 1, r"math\.floor\(v \+ 0\.5\)"),
    "an import inside": ("import math\nreturn math.sqrt(x[0])", 1, "at the top of the file"),
    "another import": ("from math import sqrt\nreturn sqrt(x[0])", 1, "at the top of the file"),
    "a name that does not exist": ("s = 1.0\nreturn s * y", 2, "'y', a name that is not defined"),
    "recursion": ("def f(n):\n    return n * f(n - 1)\nreturn f(3) * x[0]", 1, "write a loop"),
    "a call of itself": ("return mine(x)", 1, "plain function"),
    "a generator expression": ("return sum(x[i] for i in range(2))", 1, "loop"),
    "yield": ("yield x[0]", -1, "must return one number"),
    "a star": ("a, *b = x\nreturn a", 1, r"x\[0\], x\[1\]"),
    "with": ("with np.errstate(all='ignore'):\n    return x[0]", 1, "leave it out"),
    "except": ("try:\n    return x[0]\nexcept ValueError:\n    return 0.0", 3, "1 / 0 is inf"),
    "no return": ("x[0] ** 2", -1, "a return is missing"),
    "a return that is missing": ("if x[0] > 0.0:\n    return x[0]", -1, "a return is missing"),
    "two numbers": ("return x[0], x[1]", -1, "must return one number"),
    "the point": ("return x", -1, "must return one number"),
    "print": ("print(x[0])\nreturn x[0]", 1, "prints, which .* take it out.* plain Python"),
    "print in a branch": ("if x[0] > 9.0:\n    print('!')\nreturn x[0]", 2, "prints"),
    "breakpoint": ("breakpoint()\nreturn x[0]", 1, "breakpoint"),
    "input": ("input()\nreturn x[0]", 1, "asks for input"),
    "open": ("open('/dev/null')\nreturn x[0]", 1, "when the module is imported"),
    "text": ("str(x[0])\nreturn x[0]", 1, "makes a text"),
    "random": ("return x[0] + random.random()", 1, r"no seed decides: take key .*normal\(key, i\)"),
    "gauss": ("return x[0] + gauss(0, 1)", 1, "no seed decides: take key"),
    "np.random": ("return x[0] + np.random.normal()", 1, "no seed decides: take key"),
    "the time": ("return x[0] + time.time()", 1, "the module time"),
    "the environment": ("return x[0] + float(os.environ['A'])", 1, "the module os"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_problem_is_one_line(mistake, tmp_path):
    body, line, message = MISTAKES[mistake]
    for arguments in ("x", "x, g"):
        problem, head = declared(tmp_path, body, arguments)
        expected = head + line if line > 0 else HEAD.count("\n") + 1
        with pytest.raises(DefinitionError) as error:
            blocks.problem_block(problem.function, np.float64, 2)
        assert re.search(message, one_line(error, tmp_path, expected)), str(error.value)


RULES = {
    "print": ("print(g)\nreturn x - lr * g", 1, "prints"),
    "an index": ("return x[0] - lr * g[0]", 1, r"one coordinate, without \[\]"),
    "a length": ("return x - lr * g / len(x)", 1, r"one coordinate, without \[\] and len"),
    "a loop over x": ("for v in x:\n    pass\nreturn x", 1, "one coordinate each"),
    "the norm of NumPy": ("return x - lr * g / np.linalg.norm(g)", 1, r"write math\.sqrt"),
    "np.sign": ("return x - lr * np.sign(g)", 1, r"write optbench\.define\.sign\(v\)"),
    "a sign of comparisons": ("return x - lr * ((g > 0) - (g < 0))", 1, "where.* or sign"),
    "a comparison as a factor": ("return x - lr * (g > 0) * g", 1, "for a number here, with '\\*'"),
    "pow": ("return x - lr * pow(g, 3)", 1, r"write a \*\* b"),
    "a comparison as float": ("return x - lr * float(g > 0)", 1, "for a number here, with 'float'"),
    "an import": ("import math\nreturn x - lr * g", 1, "at the top of the file"),
    "a name that does not exist": ("return x - lr * grad", 1, "'grad'"),
    "a list": ("return x - TABLE[0] * g", 1, "make it a tuple"),
    "in place": ("x -= lr * g", -1, r"line \d+ returns nothing; it must return the new x"),
    "text": ("return 'a'", -1, "not a number"),
}


@pytest.mark.parametrize("mistake", RULES)
def test_a_mistake_in_a_rule_is_one_line(mistake, tmp_path):
    body, line, message = RULES[mistake]
    text = f"{HEAD}@optimizer(lr=Log(0.1))\ndef mine(x, g, lr):\n"
    body = "".join(f"    {row}\n" for row in body.splitlines())
    expected = text.count("\n") + line if line > 0 else HEAD.count("\n") + 1
    with pytest.raises(DefinitionError) as error:
        rule = module(tmp_path, text + body).mine
        blocks.rule_block(RuleLayout((rule,), (0,), {}), np.float64)
    assert re.search(message, one_line(error, tmp_path, expected)), str(error.value)


@pytest.mark.parametrize("error", [KeyError("mine"), OSError("disk"), MemoryError()])
def test_what_goes_wrong_in_the_engine_is_not_called_a_mistake_of_the_author(
    error, tmp_path, monkeypatch
):
    def broken(*arguments, **options):
        raise error

    problem, _ = declared(tmp_path, "return 3.5 * x[0]")
    monkeypatch.setattr(candidates, "entry", broken)
    with pytest.raises(type(error)) as raised:
        blocks.problem_block(problem.function, np.float64, 2)
    assert raised.value is error


def test_mistakes_in_helpers_name_the_helper_and_its_line(tmp_path):
    text = f"{HEAD}def norm(v):\n    print(v[0])\n    return v[0]\n"
    text += "@problem(start=[1.0])\ndef mine(x):\n    return norm(x)\n"
    mine = module(tmp_path, text).mine
    with pytest.raises(DefinitionError, match=r":14: norm prints"):
        blocks.problem_block(mine.function, np.float64, 1)
    text = text.replace("print(v[0])", "s = 0.0").replace("return v[0]", "return norm(v)")
    mine = module(tmp_path, text).mine
    for refuse in (lambda f: blocks.problem_block(f, np.float64, 1), source_checks.check_all):
        with pytest.raises(DefinitionError, match=r":13: norm calls itself.*write a loop"):
            refuse(mine.function)


def test_what_works_is_not_refused(tmp_path):
    body = (
        "half = 0.5 * len(x)\nsquare = lambda v: v * v\n"
        "if x[0] > 5.0:\n    raise ValueError('too large')\n"
        "s = where(x[0] > half, x[-1], abs(x[0]))\nassert s < 9.0\n"
        "return square(s) + x[-1] + 0.0 * normal(np.uint64(3), 1) + max(x.shape[0], x.size)"
    )
    problem, _ = declared(tmp_path, body)
    plain.check_at_start(problem)
    assert make(problem).value([1.5, 2.0]) == 4.0 + 2.0 + 2.0
    assert make(problem).value([0.5, 2.0]) == 0.25 + 2.0 + 2.0


def test_nothing_of_the_catalog_is_refused():
    from optbench.catalog import finding
    from optbench.define.definitions import NetDefinition
    from optbench.rules import registry

    for definition in finding.problems().values():
        if not isinstance(definition, NetDefinition) and definition.instance_function is None:
            plain.check_at_start(definition)
    for rule in registry.optimizers(()).values():
        for function in rule.functions.values():
            source_checks.check_all(function)
