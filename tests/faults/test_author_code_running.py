"""Author code that raises, prints or needs Python while it runs."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import optbench
from optbench.catalog.building import make
from optbench.cli import main
from optbench.errors import DefinitionError
from optbench.rules import compose
from tests.faults.author_modules import HEAD, declared


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
