"""What the README shows works as it stands."""

import re
from pathlib import Path

import pytest

import optbench
from optbench import catalog

TEXT = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("code", [b for b in BLOCKS if "@problem" not in b])
def test_python_blocks_run(code, tmp_path, capsys):
    path = tmp_path / "block.py"
    path.write_text(code)
    exec(compile(code, path, "exec"), {"__name__": "block"})
    assert capsys.readouterr().out


def test_the_problem_shown_is_found_and_solved(tmp_path):
    (code,) = [b for b in BLOCKS if "@problem" in b]
    (tmp_path / "mine.py").write_text(code)
    problem = optbench.problem(catalog.definition("my_bowl", (tmp_path,)))
    assert problem.value(problem.minimum) == problem.f_min
    assert optbench.minimize("adam", problem, steps=500, lr=0.1).best[0] < 1e-6


def test_the_commands_shown_exist():
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    targets = set(re.findall(r"make ([a-z-]+)", TEXT))
    assert targets and all(re.search(rf"^{t}:", makefile, re.MULTILINE) for t in targets)
