"""For readers that are programs: ``llms.txt``, which lists all pages, and their plain text.

Beside each page lies its text (``runs.html``: ``runs.txt``), and ``llms-full.txt`` has all of them.
The convention is that of https://llmstxt.org.
"""

from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.text import TextBuilder
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.writers import text as plain

WIDTH = 400
"""Letters at most before prose is wrapped: for programs a line is as good as five."""


class Entry(NamedTuple):
    """A page as the list has it."""

    name: str
    title: str
    summary: str


def write(app: Sphinx, failure: Exception | None) -> None:
    """Write all files, after a build of HTML."""
    if failure is not None or app.builder.format != "html":
        return
    plain.MAXWIDTH = WIDTH
    texts = _texts(app)
    if left_out := app.env.found_docs - texts.keys():
        raise ExtensionError(f"not in the contents of docs/index.md: {', '.join(left_out)}")
    for name, text in texts.items():
        (app.outdir / f"{name}.txt").write_text(text, "utf-8")
    (app.outdir / "llms.txt").write_text(_list(app.env), "utf-8")
    joined = "\n\n".join(f"=== {name} ===\n\n{text}" for name, text in texts.items())
    (app.outdir / "llms-full.txt").write_text(joined, "utf-8")


def _texts(app: Sphinx) -> dict[str, str]:
    """Return the text of every page, in the order of the contents."""
    builder = TextBuilder(app, app.env)
    builder.init()
    html, app.builder = app.builder, builder  # which form of an example's outputs is taken
    try:
        return {name: _text(app, builder, name) for name in _names(app.env)}
    finally:
        app.builder = html


def _text(app: Sphinx, builder: TextBuilder, name: str) -> str:
    tree = app.env.get_and_resolve_doctree(name, builder)
    visitor = _Translator(tree, builder)
    tree.walkabout(visitor)
    return visitor.body


class _Translator(plain.TextTranslator):
    """Writes tables as Markdown does, whose cells are not broken, and no pictures."""

    def visit_table(self, node: nodes.Element) -> None:
        rows = [[_line(cell) for cell in row.children] for row in node.findall(nodes.row)]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        if any(True for _ in node.findall(nodes.thead)):
            lines.insert(1, "|" + " --- |" * len(rows[0]))
        self.new_state(0)
        self.add_text("\n".join(lines))
        self.end_state(wrap=False)
        raise nodes.SkipNode

    def visit_image(self, node: nodes.Element) -> None:
        raise nodes.SkipNode


def _line(node: nodes.Node) -> str:
    return " ".join(node.astext().split())


def _names(env: BuildEnvironment) -> list[str]:
    """Return the pages, in the order of the contents from the front page on."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in ordered:
            ordered[name] = None
            for below in env.toctree_includes.get(name, ()):
                visit(below)

    visit(env.config.root_doc)
    return list(ordered)


def _list(env: BuildEnvironment) -> str:
    """Return the text of llms.txt: a section for each part of the front page's contents."""
    front = _entry(env, env.config.root_doc)
    sections = [f"# {front.title}\n\n> {front.summary}"]
    for caption, names in _sections(env):
        lines = [f"- [{one.title}]({one.name}.txt): {one.summary}" for one in names]
        sections.append(f"## {caption}\n\n" + "\n".join(lines))
    sections.append("## All in one\n\n- [llms-full.txt](llms-full.txt): the text of all pages")
    return "\n\n".join(sections) + "\n"


def _sections(env: BuildEnvironment) -> Iterator[tuple[str, list[Entry]]]:
    tree = env.get_doctree(env.config.root_doc)
    for contents in tree.findall(addnodes.toctree):
        names = [name for top in contents["includefiles"] for name in _below(env, top)]
        yield contents.get("caption") or "Pages", [_entry(env, name) for name in names]


def _below(env: BuildEnvironment, name: str) -> list[str]:
    """Return a page and those below it."""
    return [name, *(one for top in env.toctree_includes.get(name, ()) for one in _below(env, top))]


def _entry(env: BuildEnvironment, name: str) -> Entry:
    tree = env.get_doctree(name)
    paragraph = next(iter(tree.findall(nodes.paragraph)), None)
    summary = "" if paragraph is None else _line(paragraph)
    return Entry(name, env.titles[name].astext(), summary.partition(". ")[0].rstrip("."))
