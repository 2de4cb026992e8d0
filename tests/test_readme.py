"""What the README and the pages of docs show works as it stands, and the files they name exist."""

import re
from pathlib import Path

import pytest

import optbench
from optbench.catalog import finding
from optbench.cli.checks import optimizers

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    block
    for page in PAGES
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
]
PLACE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/[\w.-]*|[\w-]+\.(?:py|md|toml))`")
"""A file or a folder, as text names it."""
LINK = re.compile(r"\]\(([^)#:]+)\)")
OF_A_RUN = re.compile(r"\.benchmarks/.*|results/|report/index\.html|figures/|tables/.*")
"""What is named and lies in the folders of runs."""


def needing_what_they_need(blocks):
    """Return blocks as parameters: those that import torch or JAX are for `make conformance`."""
    heavy = re.compile(r"^import (torch|jax)", re.MULTILINE)
    return [
        pytest.param(code, marks=pytest.mark.conformance) if heavy.search(code) else code
        for code in blocks
    ]


@pytest.mark.parametrize("code", needing_what_they_need(b for b in BLOCKS if "@" not in b))
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
    (code,) = [b for b in BLOCKS if "def my_momentum" in b]
    (tmp_path / "mine.py").write_text(code)
    mine = optbench.optimizer("my_momentum[momentum=0.5]", [tmp_path])
    assert not optimizers.report(mine).failed
    assert optbench.minimize(mine, "rosenbrock", steps=2000, lr=1e-3).best[0] < 1e-2


def test_the_search_ranges_shown_are_those_declared(tmp_path):
    (code,) = [b for b in BLOCKS if "def my_adagrad" in b]
    (tmp_path / "mine.py").write_text(code)
    mine = optbench.optimizer("my_adagrad", [tmp_path])
    assert not optimizers.report(mine).failed
    searches = {name: allowed.search for name, allowed in mine.hyper.items()}
    assert (searches["lr"].low, searches["lr"].high) == pytest.approx((1e-5, 10.0))
    assert str(searches["momentum"]) == "[0.5, 0.999]" and searches["power"].scale == "linear"


def test_the_settings_shown_mean_the_same(tmp_path):
    text = next(line.strip() for line in TEXT.splitlines() if "    adam[" in line)
    table = next(line.strip() for line in TEXT.splitlines() if '{ name = "adam"' in line)
    path = tmp_path / "mine.toml"
    path.write_text(f'optimizers = [{table}]\nproblems = ["booth"]\n')
    written = optbench.Study.from_toml(path).optimizers[0]
    assert optbench.optimizer(written).given == optbench.optimizer(text).given


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_named_exist(page):
    text = page.read_text("utf-8")
    links = {link for link in LINK.findall(text) if not (page.parent / link).exists()}
    named = {name for name in PLACE.findall(text) if not OF_A_RUN.fullmatch(name)}
    roots = (page.parent, ROOT, ROOT / "optbench", ROOT / "optbench" / "kernels")
    missing = {name for name in named if not any((root / name).exists() for root in roots)}
    assert (links, missing) == (set(), set())


def test_the_readme_is_short():
    assert TEXT.count("\n") <= 150


def test_the_commands_shown_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    text = "\n".join(p.read_text("utf-8") for p in PAGES)
    targets = set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", text, re.MULTILINE))
    assert targets and all(re.search(rf"^{t}:", makefile, re.MULTILINE) for t in targets)
