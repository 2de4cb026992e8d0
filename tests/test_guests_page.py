"""The commands and the code of docs/foreign.md work as they are written."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from optbench.cli import main

pytestmark = pytest.mark.conformance

PAGE = (Path(__file__).parents[1] / "docs" / "foreign.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def where_the_module_is(tmp_path, monkeypatch):
    (own,) = [block for block in blocks("python") if "class Mine" in block]
    (tmp_path / "my_module.py").write_text(own)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", [line.strip() for line in blocks("bash")])
def test_commands_do_what_is_said(where_the_module_is, command):
    program, *arguments = shlex.split(command)
    done = CliRunner().invoke(main.main, arguments)
    assert program == "optbench"
    if "check" in arguments:
        words, variant = (line.strip(" .") for line in blocks("text")[0].splitlines())
        assert done.exit_code == 1
        assert words in done.output and variant.rpartition(" ")[0] in done.output
    else:
        assert done.exit_code == 0, done.output
        assert "torch:my_module.Mine" in done.output


def test_code_runs(capsys):
    for block in blocks("python"):
        exec(compile(block, "docs/foreign.md", "exec"), {"__name__": "block"})
    assert capsys.readouterr().out == "True\n"


def test_names_that_are_shown_are_there():
    import optbench

    names = re.findall(r"`((?:torch|optax):[\w.]+(?:\[[^`:]*\])?)`", PAGE)
    assert len(names) >= 5
    for name in names:
        if "my_module" not in name:
            assert optbench.optimizer(name).label.startswith(name.partition("[")[0])
