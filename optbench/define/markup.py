"""Tables for notebooks: HTML in which every text is a text and never markup."""

from collections.abc import Iterable, Sequence
from html import escape


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of HTML; without a `head` the first cell of each row is its heading."""
    titles = "".join(f"<th>{escape(word)}</th>" for word in head)
    lines = "".join(f"<tr>{_cells(row, bool(head))}</tr>" for row in rows)
    above = f"<thead><tr>{titles}</tr></thead>" if head else ""
    return f"<table>{above}<tbody>{lines}</tbody></table>"


def _cells(row: Sequence[str], is_headed: bool) -> str:
    names = ["td" if is_headed or k else "th" for k in range(len(row))]
    return "".join(
        f"<{name} style='text-align:left'>{escape(cell)}</{name}>"
        for name, cell in zip(names, row, strict=True)
    )


def paragraph(*lines: str, title: str = "") -> str:
    """Return lines of text, below a title in bold letters."""
    bold = [f"<b>{escape(title)}</b>"] if title else []
    return f"<p>{'<br>'.join([*bold, *map(escape, lines)])}</p>"
