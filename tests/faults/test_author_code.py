"""Mistakes in author code: each is one line with the file, the line and what to do instead."""

import importlib.util
import itertools
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

import optbench
from optbench.catalog import plain
from optbench.catalog.building import make
from optbench.cli import main
from optbench.cli.checks import sampling
from optbench.errors import DefinitionError
from optbench.kernels.authors import blocks, candidates
from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.compiling import source_checks
from optbench.rules import compose

HEAD = """\
import math, os, random, time
from dataclasses import dataclass
from random import gauss
import numpy as np
from optbench.define import Log, normal, optimizer, problem, where
TABLE, NAMED, COUNT = [1.0, 2.0], {"a": 1.0}, 0
class Settings:
    scale = 0.1
@dataclass(frozen=True)
class Data:
    scale: float = 0.1
DATA = Data()
"""
NUMBERS = itertools.count()


def module(folder, text):
    """Import a text as a module of its own."""
    path = folder / f"file{next(NUMBERS)}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def declared(folder, body, arguments="x", start="[1.0, 2.0]"):
    """Return the problem `mine` with a body, of which the first line is number 1."""
    text = f"{HEAD}@problem(start={start})\ndef mine({arguments}):\n"
    if "g" in arguments:
        text += "    g[0] = g[1] = 1.0\n"
    found = module(folder, text + "".join(f"    {line}\n" for line in body.splitlines())).mine
    return found, text.count("\n")


def one_line(error, path, line):
    """Check that a message has one line, with the place, and no word of the compiler's."""
    text = str(error.value)
    assert "\n" not in text and len(text) < 420
    assert re.match(rf"\S+file\d+\.py:{line}: ", text), text
    assert not re.search(
        r"Rows|Dual\(|Vec\(|Mask\(|float64|int64|reflected|getiter|getitem|Literal|\$\d|nopython"
        r"| at 0x|<built-in|<class|NoneType",
        text,
    ), text
    return text


LOOP = r"for i in range\(len\(x\)\): \.\.\. x\[i\]"
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


# ----------------------------------------------------------------------------- while it runs


def test_a_raise_in_the_run_is_one_line_with_its_place(tmp_path):
    body = "if x[0] > 1.5:\n    raise ValueError('too\\nlarge', 3)\nreturn x[0] ** 2 + x[1] ** 2"
    problem, head = declared(tmp_path, body)
    made = make(problem)
    assert made.value([1.0, 1.0]) == 2.0
    expected = rf"file\d+\.py:{head + 2}: mine raises ValueError: .*too.*large.*math\.nan"
    for run in (
        lambda: made.value([2.0, 1.0]),
        lambda: optbench.minimize("gd", made, steps=3, lr=0.1, start=[2.0, 1.0]),
    ):
        with pytest.raises(DefinitionError, match=expected) as error:
            run()
        assert "\n" not in str(error.value)


def test_a_raise_of_a_rule_is_one_line_with_its_place(tmp_path):
    text = f"{HEAD}@optimizer(lr=Log(0.1))\ndef frail(x, g, lr):\n    assert g < 9.0\n"
    text += "    return x - g\n"
    (tmp_path / "frail.py").write_text(text)
    frail = compose.optimizer("frail", (tmp_path,))
    line = text.count("\n") - 1
    with pytest.raises(DefinitionError, match=rf"frail\.py:{line}: frail raises AssertionError"):
        optbench.replay(frail, [[10.0]], [0.0])


PRINTING = """
from optbench.kernels.compiling import options
part = options.helper(lambda v: print(v))
def caller(v):
    part(v)
    return v
assert options.jit(caller, "float64(float64)")(2.5) == 2.5
"""


def test_what_needs_python_inside_of_a_part_works_right_after_it_was_compiled():
    """Without the part's environment it would fail with the interpreter's lock in its hands."""
    environment = {**os.environ, "OPTBENCH_CACHE": "off", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PRINTING], env=environment, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and done.stdout == "2.5\n", done.stderr


def test_check_of_a_problem_that_prints_is_one_line(tmp_path):
    text = "from optbench.define import problem\n@problem(start=[1.0])\ndef noisy(x):\n"
    (tmp_path / "noisy.py").write_text(text + "    print(x[0])\n    return x[0] ** 2\n")
    done = CliRunner().invoke(main.main, ["check", "noisy", "--plugins", str(tmp_path)])
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 2 and "noisy.py:4: noisy prints" in done.stdout


def test_the_variable_that_switches_compiling_off_is_named():
    code = "import optbench; optbench.minimize('gd', 'sphere', steps=1)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert "UserError: NUMBA_DISABLE_JIT is set" in done.stderr.splitlines()[-1]


# ------------------------------------------------------------------------------ the quick check

QUICKLY = {
    "a coordinate too many": ("return x[2] ** 2", 1, r"x\[2\] \(they are 0 \.\. 1\)"),
    "one before the first": ("return x[-3] ** 2", 1, r"reaches beyond.*x\[-3\]"),
    "a constant too many": ("return x[0] * p[0]", 1, "reaches beyond what it was handed"),
    "a loop over x": ("for v in x:\n    s = v\nreturn s", 1, LOOP),
    "unpacking": ("a, b = x\nreturn a", 1, r"a, b = x\[0\], x\[1\]"),
    "a slice": ("return x[:1]", 1, "takes a slice of x"),
    "NumPy on x": ("return np.sum(x)", 1, LOOP),
    "arithmetic of x": ("y = x ** 2\nreturn y[0]", 1, LOOP),
    "a change of x": ("x[0] = 0.0\nreturn x[0]", 1, "changes x"),
    "print": ("s = 1.0\nprint(s)\nreturn s", 2, "prints"),
    "a division by zero": ("return x[0] / (len(x) - 2)", 0, "f = inf at its own start"),
    "a logarithm of zero": ("s = math.log(x[0] - 1.0)\nreturn s", 1, "no finite number"),
    "NaN": ("return x[0] * math.nan", 0, r"f = nan at its own start \[1, 2\]: choose a start"),
    "raise": ("raise ValueError('no')", 1, "mine raises ValueError: no"),
    "text": ("return 'x'", 0, "must return one number"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", QUICKLY)
def test_the_quick_check_refuses_at_the_start(mistake, tmp_path):
    body, line, message = QUICKLY[mistake]
    arguments = "x, p" if "p[" in body else "x"
    problem, head = declared(tmp_path, body, arguments)
    with pytest.raises(DefinitionError) as error:
        plain.check_at_start(problem)
    text = one_line(error, tmp_path, head + line if line else HEAD.count("\n") + 1)
    assert re.search(message, text), text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("g[2] = 1.0\nreturn x[0]", r"reaches beyond its 2 coordinates with g\[2\]"),
        ("g[0] = math.inf\nreturn x[0]", r"g\[0\] = inf at its own start"),
        ("g[1] = g[1] * math.nan\nreturn x[0]", r"leaves g\[1\] unfilled"),
    ],
)
def test_the_quick_check_looks_at_the_gradient(body, message, tmp_path):
    problem, _ = declared(tmp_path, body, "x, g")
    with pytest.raises(DefinitionError, match=message):
        plain.check_at_start(problem)


def test_the_quick_check_is_quick_in_a_thousand_coordinates(tmp_path):
    body = "s = 0.0\nfor i in range(len(x)):\n    for k in range(len(x)):\n        s += x[i] * x[k]"
    problem, _ = declared(tmp_path, f"{body}\nreturn s", start="[1.0] * 1000")
    plain.check_at_start(problem)
    begin = time.process_time()
    plain.check_at_start(problem)
    assert time.process_time() - begin < 0.5  # it takes a twentieth of it


# ----------------------------------------------------------------------------- what is a parameter


def test_slopes_of_nets_go_along_real_parameters_of_every_tensor():
    net = optbench.problem("xor_sigmoid")  # 2-4-1: 8 weights, 4 biases, 4 weights, 1 bias
    assert net.dim == 4 * 64 and sampling.size(net) == 17
    assert [len(one) for one in sampling.tensors(net)] == [8, 4, 4, 1]
    assert [one[0] for one in sampling.tensors(net)] == [0, 64, 128, 192]
    for seed in range(5):
        numbers = sampling.coordinates(net, 4, np.random.default_rng(seed))
        assert sorted(numbers // 64) == [0, 1, 2, 3] and max(numbers % 64) < 8
    everything = sampling.coordinates(net, 99, np.random.default_rng(0))
    assert len(everything) == 17
    surface = optbench.problem("rosenbrock", dim=5)
    assert sorted(sampling.coordinates(surface, 24, np.random.default_rng(0))) == [0, 1, 2, 3, 4]
