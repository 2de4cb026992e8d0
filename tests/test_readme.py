"""What the README shows works as it stands."""

import re
from pathlib import Path

import pytest

import optbench
from optbench.catalog import finding
from optbench.cli.checks import optimizers

TEXT = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("code", [b for b in BLOCKS if "@" not in b])
def test_python_blocks_run(code, tmp_path, capsys):
    path = tmp_path / "block.py"
    path.write_text(code)
    exec(compile(code, path, "exec"), {"__name__": "block"})
    assert capsys.readouterr().out


def test_the_problem_shown_is_found_and_solved(tmp_path):
    (code,) = [b for b in BLOCKS if "@problem" in b]
    (tmp_path / "mine.py").write_text(code)
    problem = optbench.problem(finding.definition("my_bowl", (tmp_path,)))
    assert problem.value(problem.minimum) == problem.f_min
    assert optbench.minimize("adam", problem, steps=500, lr=0.1).best[0] < 1e-6


def test_the_optimizer_shown_is_found_and_keeps_the_laws(tmp_path):
    (code,) = [b for b in BLOCKS if "@optimizer" in b]
    (tmp_path / "mine.py").write_text(code)
    mine = optbench.optimizer("my_momentum[momentum=0.5]", [tmp_path])
    assert not optimizers.report(mine).failed
    assert optbench.minimize(mine, "rosenbrock", steps=2000, lr=1e-3).best[0] < 1e-2


def test_the_settings_shown_mean_the_same(tmp_path):
    text = next(line.strip() for line in TEXT.splitlines() if "    adam[" in line)
    table = next(line.strip() for line in TEXT.splitlines() if '{ name = "adam"' in line)
    path = tmp_path / "mine.toml"
    path.write_text(f'optimizers = [{table}]\nproblems = ["booth"]\n')
    written = optbench.Study.from_toml(path).optimizers[0]
    assert optbench.optimizer(written).given == optbench.optimizer(text).given


def test_the_commands_shown_exist():
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    targets = set(re.findall(r"make ([a-z-]+)", TEXT))
    assert targets and all(re.search(rf"^{t}:", makefile, re.MULTILINE) for t in targets)
