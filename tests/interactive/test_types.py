"""Type checkers see the package: its marker, its lazy names, and what calls return."""

import ast
import importlib.resources
import subprocess
import sys
from pathlib import Path

import pytest

import optbench

ROOT = Path(optbench.__file__).parents[1]


def test_the_package_says_that_it_has_types():
    assert importlib.resources.files("optbench").joinpath("py.typed").is_file()
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"optbench" = ["py.typed"]' in project  # it goes into the wheel


def test_checkers_are_told_of_every_lazy_name_and_its_home():
    (block,) = (
        node
        for node in ast.parse(Path(optbench.__file__).read_text("utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    told = {}
    for statement in block.body:
        (alias,) = statement.names
        assert alias.name == alias.asname  # else it counts as private
        home = alias.name if statement.module == "optbench" else statement.module
        told[alias.name] = home.removeprefix("optbench.")
    assert told == optbench._HOMES


USER = """
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import optbench
from optbench.define import problem


@problem(start=[3.0, 3.0], minimum=0.0, f_min=0.0, box=(-5, 5), source="me")
def bowl(x: NDArray[np.float64]) -> float:
    return float(x[0] ** 2 + x[1] ** 2)


lanes: optbench.Trajectories = optbench.minimize("adam", bowl, steps=10, lanes=2, lr=0.1)
run: optbench.Run = optbench.run("quick", out=Path("out"))
page: Path = run / "report"
answer = optbench.compare(run, "adam", "gd", problems="booth")
low: float = answer.interval[0]
axes = run.plot.curves("booth", optimizers=["adam"], backend="plotly")
point: optbench.Problem = optbench.problem("booth", instance=1)
"""
WRONG = """
import optbench

optbench.minimise("adam", "booth", steps=10)
optbench.minimize("adam", "booth", steps="ten")
optbench.run("quick").plot.curves("booth", backend="bokeh")
text: int = optbench.compare("quick", "adam", "gd").words
"""


@pytest.mark.conformance
def test_a_script_of_a_user_is_checked_strictly(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "wrong.py").write_text(WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"]
    environment = {"MYPYPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    checked = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), "user.py", "wrong.py"], cwd=tmp_path,
        env=environment, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    lines = [line for line in checked.stdout.splitlines() if ": error:" in line]
    assert [line.partition(": error")[0] for line in lines] == [
        f"wrong.py:{number}" for number in (4, 5, 6, 7)
    ], checked.stdout
