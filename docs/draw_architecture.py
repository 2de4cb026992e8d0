"""Draw docs/architecture.md from docs/architecture.toml and the docstrings of the rooms.

``python docs/draw_architecture.py`` writes it.
"""

import ast
import tomllib
from pathlib import Path

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "optbench"
PAGE = DOCS / "architecture.md"

TEXT = """# The house

<!-- Drawn by docs/draw_architecture.py from docs/architecture.toml; do not edit. -->

Rooms have arrows one way down, there is no import circle between files, imports inside of functions
included, and `tests/test_architecture.py` says which line breaks that. Every file may import
{ground}.

```
{picture}
```

| room | what it is | may import |
|---|---|---|
{rooms}

Inside `kernels/` each part may import those before it; {apart} do not know each other.

| part of `kernels/` | what it is |
|---|---|
{parts}

At the top: {top}.
"""


def page():
    """Return the text of the page."""
    plan = tomllib.loads((DOCS / "architecture.toml").read_text("utf-8"))
    rooms = plan["rooms"]
    return TEXT.format(
        ground=_listed(plan["ground"]),
        picture=_picture(rooms),
        rooms="\n".join(
            f"| `{room}/` | {_sentence(PACKAGE / room)} | {_arrows(room, rooms)} |"
            for room in rooms
        ),
        apart=" and ".join(f"`{part}/`" for part in plan["kernels"]["apart"][0]),
        parts="\n".join(
            f"| `{part}` | {_sentence(PACKAGE / 'kernels' / part)} |"
            for part in plan["kernels"]["order"]
        ),
        top="; ".join(
            f"`{path.name}`: {_sentence(path.with_suffix('')).rstrip('.')}"
            for path in sorted(PACKAGE.glob("*.py"))
        ),
    )


def _sentence(place):
    """Return the first sentence of a module's docstring."""
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    return " ".join(text.split("\n\n")[0].split())


def _listed(names):
    return ", ".join(f"`{name}`" for name in names)


def _arrows(room, rooms):
    """Return what a room may import, those that its rooms may import anyway left out."""
    below = {name for other in rooms[room] for name in rooms.get(other, ())}
    return _listed(name for name in rooms[room] if name not in below) or "-"


def _picture(rooms):
    """Return the rooms from top to bottom, each with its arrows."""
    names = list(rooms)[::-1]
    width = max(map(len, names))
    return "\n".join(
        f"{name:{width}}  ->  {_arrows(name, rooms).replace('`', '')}" for name in names
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
