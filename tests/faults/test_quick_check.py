"""The quick check of a problem at its start, and the coordinates that checks look at."""

import re
import time

import numpy as np
import pytest

import optbench
from optbench.catalog import plain
from optbench.cli.checks import sampling
from optbench.errors import DefinitionError
from tests.faults.author_modules import HEAD, LOOP, declared, one_line

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
