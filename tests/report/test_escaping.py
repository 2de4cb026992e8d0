"""Names are data in LaTeX, Markdown, spreadsheets and terminals."""

import re

import pytest
from markdown_it import MarkdownIt
from rich.console import Console
from rich.text import Text

from optbench.report import escaping
from tests.hostile import HOSTILE

COMMANDS = re.compile(
    r"\\(?:[\\{}$&#%_,]|text[a-z]+\{\}|ldots\{\}|ensuremath\{[^{}]*\})|\{[-\[\]*']\}"
)
"""What the escapes are; all else must be letters that LaTeX prints as they are."""


@pytest.mark.parametrize("name", HOSTILE)
def test_no_letter_is_a_command_of_latex(name):
    assert not re.search(r"[\\{}$&#%_^~<>|\"`\[\]*]", COMMANDS.sub("", escaping.latex(name)))


def test_latex_prints_what_was_meant():
    assert escaping.latex("50% of adam_w & $x$") == r"50\% of adam\_w \& \$x\$"
    assert escaping.latex("a\\b") == r"a\textbackslash{}b"


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_the_letters(name):
    table = f"| {escaping.markdown('name')} |\n| --- |\n| {escaping.markdown(name)} |\n"
    tokens = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").parse(table)
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 2
    assert {child.type for child in cells[1].children} <= {"text", "text_special"}
    shown = "".join(child.content for child in cells[1].children)
    assert shown == escaping.CONTROL.sub("?", re.sub(r"[\r\n\t]+", " ", name))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_spreadsheet_sees_no_formula(name):
    safe = escaping.spreadsheet(name)
    assert safe.lstrip()[0] not in "=+-@"
    assert safe.removeprefix("'") == name


def test_ordinary_names_are_as_they_are():
    for name in ("adam", "momentum[clip_norm=1]", "sphere (d=2)", ""):
        assert escaping.spreadsheet(name) == escaping.terminal(name) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_terminal_is_neither_coloured_nor_moved(name):
    safe = escaping.terminal(name)
    assert all(letter.isprintable() or letter in "\n\t" for letter in safe)
    console = Console(force_terminal=True, color_system="truecolor", width=200)
    segments = list(Text.from_ansi(safe).render(console))
    assert not any(segment.style for segment in segments if segment.text.strip())
