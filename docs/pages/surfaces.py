"""The gallery of surfaces and data problems: a page a file of the catalog; perturbations."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from docs.pages import markdown, sources
from docs.pages.catalog import about, by_file, title
from docs.pages.markdown import cell, table
from optbench.define.definitions import Point, ProblemDefinition
from optbench.define.perturbations import Perturbation
from optbench.perturbations.catalog import PERTURBATIONS

FOLDER = "catalog/surfaces"
GALLERY = Path(__file__).parents[1] / "gallery"
"""The committed pictures, one a file of the catalog: see docs/draw_gallery.py."""
FEW = 6
"""Coordinates of points that are written out."""

INTRODUCTION = """All {count} surfaces, noisy and data problems by the file of `problems/` that they
stand in, with pictures of those that exist in two dimensions. Any of them can be perturbed:
{{doc}}`perturbations`. Those called ladders come in levels of difficulty; a study that names one
runs all. Which collections of others they cover: {{doc}}`/collections`."""


def pages() -> dict[str, str]:
    """Return the gallery's pages by path below docs."""
    files = by_file(ProblemDefinition)
    return {
        f"{FOLDER}/index.md": _index(files),
        **{f"{FOLDER}/{path.stem}.md": _file(path, own) for path, own in files.items()},
        f"{FOLDER}/perturbations.md": _perturbations(),
    }


def _index(files: Mapping[Path, Sequence[ProblemDefinition]]) -> str:
    return markdown.page(
        markdown.heading("Surfaces and data problems"),
        INTRODUCTION.format(count=sum(map(len, files.values()))),
        markdown.contents([*(path.stem for path in files), "perturbations"]),
        *chain.from_iterable(_entry(path, own) for path, own in files.items()),
    )


def _entry(path: Path, problems: Sequence[ProblemDefinition]) -> list[str]:
    rows = [
        (
            f"[`{one.name}`]({path.stem}.md#{one.name})",
            markdown.first_line(one.function.__doc__),
            dimensions(one),
            cell(", ".join(one.tags)),
        )
        for one in problems
    ]
    return [
        markdown.heading(title(path), 2),
        markdown.first_line(about(path)),
        table(["problem", "f(x)", "dimensions", "tags"], rows),
    ]


def dimensions(definition: ProblemDefinition) -> str:
    """Return the dimensions of a problem in words."""
    dims = ", ".join(map(str, definition.dims))
    return f"{dims}, any" if definition.scalable else dims


def _file(path: Path, problems: Sequence[ProblemDefinition]) -> str:
    helpers = sources.called([one.function for one in problems], path.parent)
    return markdown.page(
        markdown.heading(title(path)),
        markdown.prose(about(path)),
        f"Problems: {', '.join(f'[`{one.name}`](#{one.name})' for one in problems)}. "
        f"From `problems/{path.name}`.",
        *_picture(path),
        *chain.from_iterable(_sections(problems)),
        *sources.shared(helpers),
    )


def _picture(path: Path) -> list[str]:
    picture = GALLERY / f"{path.stem}.png"
    if not picture.exists():
        return []
    return [f"![Contours of the surfaces of {path.name}](/gallery/{picture.name})"]


def _sections(problems: Sequence[ProblemDefinition]) -> Iterator[list[str]]:
    """Yield the section of each problem; code that several share is shown at the first."""
    shown: dict[str, str] = {}
    for one in problems:
        code = sources.source(one.function)
        first = shown.setdefault(code, one.name)
        yield [
            markdown.heading(one.name, 2),
            markdown.prose(one.function.__doc__),
            table(["", ""], _facts(one)),
            markdown.code(code) if first == one.name else f"Its code is that of [](#{first}).",
        ]


def _facts(one: ProblemDefinition) -> Iterator[tuple[str, str]]:
    """Yield what is declared of a problem, a row of a table each."""
    yield "dimensions", dimensions(one)
    if one.ladder is not None:
        quantity = one.ladder.quantity
        yield "levels", cell(f"{quantity}: {', '.join(f'{v:g}' for v in one.ladder.values)}")
    if one.data is not None:
        yield "data", f"`{one.data}`" + (f", batches of {one.batch}" if one.batch else "")
    yield "start", _point(one.start, one.dim)
    if one.minimum is not None:
        yield "minimum", _point(one.minimum, one.dim)
    if one.f_min is not None:
        yield "least value", _value(one)
    if one.box is not None:
        yield "box of starts", " to ".join(_point(corner, one.dim) for corner in one.box)
    if one.tags:
        yield "tags", cell(", ".join(one.tags))
    if one.source:
        yield "source", cell(one.source)


def _value(one: ProblemDefinition) -> str:
    assert one.f_min is not None
    return f"{one.f_min(one.dim):.6g}" if callable(one.f_min) else f"{one.f_min:.6g}"


def _point(point: Point, dim: int) -> str:
    """Return a point of `dim` coordinates, the first ones of a long one."""
    values = point(dim) if callable(point) else point
    if isinstance(values, float | int):
        return f"all {values:.6g}" if dim > 1 else f"{values:.6g}"
    words = [f"{float(value):.6g}" for value in values]
    more = ", …" if len(words) > FEW else ""
    return f"({', '.join(words[:FEW])}{more})"


def _perturbations() -> str:
    return markdown.page(
        markdown.heading("Perturbations"),
        f"{len(PERTURBATIONS)} ways to make any surface harder, each switched on by a setting: "
        "`rosenbrock[noise=0.1,rotate=true]`. They are applied in the order of this page.",
        *chain.from_iterable(map(_perturbation, PERTURBATIONS)),
    )


def _perturbation(one: Perturbation) -> list[str]:
    rows = [
        (f"`{name}`", f"{allowed.default:g}", cell(allowed))
        for name, allowed in one.settings.items()
    ]
    functions = one.functions
    first = next(iter(functions.values()))
    return [
        markdown.heading(one.name, 2),
        markdown.prose(first.__doc__),
        f"Law: {markdown.text(one.law)}." if one.law else "",
        f"Source: {markdown.text(one.source)}." if one.source else "",
        table(["setting", "default", "may be"], rows),
        markdown.code("\n\n\n".join(map(sources.source, functions.values()))),
    ]
