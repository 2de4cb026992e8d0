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

## One study, from the command to the page

`optbench run quick` walks the house once from the door down and once up again:

1. `cli/run.py` reads the options, `study/narrowing.py` applies the filters to the study that
   `study/schema.py` read.
2. `study/invocation.py` opens the folder (`study/store.py`) and asks `study/pairs.py` for pairs:
   an optimizer from `rules/compose.py` on a problem from `catalog/finding.py`, made by
   `catalog/building.py` (with what perturbs it, `catalog/perturbing.py`).
3. `study/running.py` claims what is missing (`study/claiming.py`), compiles it
   (`study/compiling.py`) and runs pairs in a pool. A pair is tuned and scored cell by cell
   (`study/tuning.py`); one with code of the user's in a worker (`study/isolating.py`), which
   takes an order (`study/orders.py`) and is watched (`study/supervising.py`).
4. A cell (`study/cells.py`), all draws (`study/draws.py`) and trials (`study/trials.py`) of a
   pair in a phase, becomes arrays in `study/computing.py`: targets (`lanes/targets.py`), hits at
   records (`lanes/record_hits.py`), and `lanes/simulating.py`, the one place where a problem, a
   rule and the driver meet. Of lanes that missed their target `lanes/failures.py` says why.
5. `kernels/cpu/launch.py` cuts lanes into blocks; `kernels/driver/steps.py` is the life of a
   block.
6. Back up, arrays go into the store; `session.py` hands the stored run to `report/`.
7. `report/statistics/load.py` reads cells into frames. `report/page/build.py` writes the page aside
   and puts it in place: `report/page/figures/` says what the browser draws from, and
   `report/page/js/` draws it.

It goes back in two places: `interactive/as_run.py` asks `catalog/` for the surfaces under the
contours of the page and for the curvatures behind the bounds of theory, where they are still the
ones that were run, and `study/probing.py` runs a few lanes of nets again to look into them.
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
