"""The commands and the code of docs/maps.md work as they are written, on smaller maps."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from optbench.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "maps.md").read_text("utf-8")
COMMANDS = re.findall(r"^ *optbench (map .*?)(?: *#.*)?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", [own for own in COMMANDS if "xor" not in own])
def test_commands_run(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*shlex.split(command), "--size", "8", "--steps", "50"])
    assert done.exit_code == 0, done.output
    assert len(list(tmp_path.glob("*.png"))) == 1


@pytest.mark.conformance
def test_the_command_on_a_net_runs(tmp_path, monkeypatch):
    test_commands_run(next(own for own in COMMANDS if "xor" in own), tmp_path, monkeypatch)


def test_the_code_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(code.replace("size=256", "size=8, steps=50"), names)
    assert names["figure"].axes and names["drawn"].outcome.shape == (8, 8)


def test_the_picture_is_there_and_small():
    picture = Path(__file__).parents[2] / "docs" / "map.png"
    assert 0 < picture.stat().st_size <= 200_000
