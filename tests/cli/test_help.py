"""Help: every command stands in a section, and has an example that can be run as it is written."""

import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from optbench.cli.main import SECTIONS, main


def commands(group=main, path=()):
    """Yield (words, command) of every command, those of groups included."""
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


EVERY = dict(commands())


def examples(command):
    """Return the commands at the end of a help text."""
    return [line.strip() for line in (command.epilog or "").splitlines() if line.startswith("  ")]


def test_each_command_stands_in_one_section():
    listed = [command.name for section in SECTIONS.values() for command in section]
    assert sorted(listed) == sorted(main.commands)
    text = CliRunner().invoke(main, ["--help"]).output
    heads = re.findall(r"^([A-Z][\w-]+):$", text, re.MULTILINE)
    assert heads == ["Options", *SECTIONS]
    assert all(f"  {command.short_help}\n" in text for command in main.commands.values())


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_ends_with_examples(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_folder").mkdir()
    shown = CliRunner().invoke(main, [*words, "--help"]).output
    assert examples(EVERY[words]), f"{words} has no example"
    for example in examples(EVERY[words]):
        assert f"\n    {example}\n" in shown
        _parse(example)


def _parse(example):
    """Let click read a command without running it: its options exist, and take these values."""
    words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$|\s*[>|].*$', r"\1", example))
    assert words.pop(0) == "optbench"
    command, context = main, click.Context(main, info_name="optbench")
    while isinstance(command, click.Group):
        name = words.pop(0)
        command = command.get_command(context, name)
        assert command is not None, f"{example}: there is no command {name}"
    command.make_context(command.name, words)


PAGE = Path(__file__).parents[2] / "docs" / "command_line.md"
SHOWN = re.findall(r"^ {4}(optbench .*|eval .*)$", PAGE.read_text("utf-8"), re.MULTILINE)


def test_the_commands_on_the_page_can_be_run_as_they_are_written():
    assert len(SHOWN) > 15
    for command in SHOWN:
        _parse(command)


@pytest.mark.parametrize("command", [one for one in SHOWN if " list " in one and "runs" not in one])
def test_what_the_page_lists_is_there(command):
    done = CliRunner().invoke(main, shlex.split(command.partition(" |")[0])[1:])
    assert done.exit_code == 0 and re.search(r"^# [1-9]\d* ", done.output, re.MULTILINE)
