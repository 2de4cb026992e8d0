"""Pieces of Markdown: text that is no markup, tables, code."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

CODE = re.compile(r"(``.+?``|`[^`\n]+`)", re.DOTALL)
MARKUP = re.compile(r"([\\*<>\[\]|#~$&]|(?<![^\W_])_|_(?![^\W_]))")
"""An underscore between letters is none."""
ITEM = re.compile(r"(- |\d+\. )")


def text(words: str) -> str:
    """Return words in which nothing but code between backticks is markup."""
    parts = CODE.split(words)
    return "".join(part if CODE.fullmatch(part) else MARKUP.sub(r"\\\1", part) for part in parts)


def cell(words: object) -> str:
    """Return words for a cell of a table."""
    return text(" ".join(str(words).split()))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; cells are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def code(source: str, language: str = "python") -> str:
    """Return a fenced block."""
    return f"```{language}\n{source.rstrip()}\n```"


def prose(docstring: str | None) -> str:
    """Return a docstring as Markdown: paragraphs, lists, and indented lines as they stand."""
    return "\n\n".join(_blocks(inspect.cleandoc(docstring or "")))


def _blocks(docstring: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", docstring):
        lines = block.splitlines()
        if all(line.startswith("    ") for line in lines):
            yield code(inspect.cleandoc(block), "text")
        elif lines and ITEM.match(lines[0]):
            marked = (re.match(r"(\s*(?:- |\d+\. )?)(.*)", line) for line in lines)
            yield "\n".join(one[1] + text(one[2]) for one in marked if one)
        else:
            yield text(block)


def first_line(docstring: str | None) -> str:
    """Return the first sentence of a docstring, as Markdown."""
    return cell(inspect.cleandoc(docstring or "").split("\n\n")[0])


def heading(words: str, level: int = 1) -> str:
    """Return a heading."""
    return f"{'#' * level} {words}"


def page(*parts: str) -> str:
    """Return parts, those that are not empty, with a line between them."""
    return "\n\n".join(part for part in parts if part) + "\n"


def contents(names: Iterable[str]) -> str:
    """Return a hidden table of contents of the pages below this one."""
    return code("\n".join([":hidden:", "", *names]), "{toctree}")
