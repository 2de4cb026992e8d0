"""What the pages show: their blocks of code and their commands, for tests that run them."""

import itertools
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import click

from optbench.cli.main import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = {ROOT / "docs" / "claims.md"}
"""Pages that a run writes, a command a row: `tests/claims` holds those."""
PIPES = ("|", ">", ">>")
SHELLS = ("sh", "bash")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"^ {4}(?=\S)(.*)$", re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
FILE = re.compile(r"# (\w[\w/]*\.(?:py|toml))$")
"""The first line of a block that is to be saved under that name."""
PLACEHOLDER = re.compile(r"\b[A-Z][A-Z_]*\b(?!=)|\.\.\.")
"""What a reader puts a name of their own for: RUN, STUDY, GLOB."""


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str

    @property
    def file(self):
        """Where the block is to be saved, None if nowhere."""
        named = FILE.match(self.text.split("\n", 1)[0])
        return named and named[1]


def blocks(page):
    """Return the fenced blocks of a page, in their order."""
    return [Block(*found) for found in FENCE.findall(page.read_text("utf-8"))]


def commands(text):
    """Return the commands among lines of a shell as words, without comments and pipes."""
    joined = text.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if re.match(r"(optbench|make|pip|python) ", line)]
    every = (shlex.split(line, comments=True) for line in lines)
    return [list(itertools.takewhile(lambda word: word not in PIPES, words)) for words in every]


def commands_of(page):
    """Return the commands of a page: in blocks, in indented lines, and in the text."""
    text = page.read_text("utf-8")
    shown = [command for block in blocks(page) if block.language in SHELLS
             for command in commands(block.text)]  # fmt: skip
    rest = FENCE.sub("", text)
    shown += [command for line in INDENTED.findall(rest) for command in commands(line)]
    spans = [span.replace("\n", " ") for span in SPAN.findall(INDENTED.sub("", rest))]
    return shown + [
        command for span in spans for command in commands(span) if "..." not in command
    ]  # fmt: skip


def parsed(words):
    """Have click parse the words behind ``optbench``; raise what is wrong with them."""
    command, context, rest = main, main.make_context("optbench", list(words)), list(words)
    while isinstance(command, click.Group):
        name, command, rest = command.resolve_command(context, rest)
        assert command is not None, f"no command {name}"
        if not rest and isinstance(command, click.Group):
            return
        context = command.make_context(name, list(rest), parent=context)
