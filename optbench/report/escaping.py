"""Names are data in every format: nothing in them is a command, a formula or markup."""

from __future__ import annotations

import re

LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''",
    "[": "{[}", "]": "{]}", "*": "{*}", "-": "{-}", "`": r"\textasciigrave{}", "'": r"{'}",
    "−": r"\ensuremath{-}", "–": "--",
    "…": r"\ldots{}", "×": r"\ensuremath{\times}", "·": r"\ensuremath{\cdot}",
    "∞": r"\ensuremath{\infty}", "↑": r"\ensuremath{\uparrow}", "↓": r"\ensuremath{\downarrow}",
    "✓": r"\ensuremath{\surd}", "₀": r"\ensuremath{_0}", "₁": r"\ensuremath{_1}",
    "\u202f": r"\,", "\xa0": "~", "\n": " ", "\r": " ", "\t": " ",
}  # fmt: skip
"""Of a letter, what LaTeX prints as that letter: ligatures are broken up, and a bracket or a star
that begins a row of a table is no argument of the line before."""
MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&:-])")
"""ASCII punctuation that Markdown, in any of its dialects, may take for markup."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings that make a spreadsheet take a cell for a formula."""
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What moves a terminal's cursor, colours it or turns the direction of its text."""


def latex(text: str) -> str:
    """Return what LaTeX prints as a text."""
    return "".join(LATEX.get(letter, letter) for letter in CONTROL.sub("?", text))


def markdown(text: str) -> str:
    """Return what Markdown shows as a text, within a cell of a table."""
    flat = re.sub(r"[\r\n\t]+", " ", text)
    return MARKDOWN.sub(r"\\\1", CONTROL.sub("?", flat))


def spreadsheet(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with ' before what might be one."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def terminal(text: str) -> str:
    """Return a text whose control characters a terminal shows in place of obeying them."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
