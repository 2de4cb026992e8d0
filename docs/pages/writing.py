"""Writing the generated pages: what has not changed stays as it is, what is stale goes."""

from pathlib import Path

from docs.pages import links, nets, optimizers, reference, surfaces

DOCS = links.DOCS
FOLDERS = ("catalog", "reference", links.FOLDER)
"""Folders below docs that hold nothing else; git ignores them."""


def pages() -> dict[str, str]:
    """Return all generated pages by path below docs."""
    written = {**optimizers.pages(), **surfaces.pages(), **nets.pages(), **reference.pages()}
    return {**written, **links.pages(written)}


def write(folder: Path = DOCS) -> dict[str, str]:
    """Write all generated files below `folder` and return them.

    Sphinx reads anew what is newer than its last build, so that files keep their times.
    """
    written = {**pages(), **optimizers.pictures()}
    for name, text in written.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for path in [path for one in FOLDERS for path in (folder / one).rglob("*") if path.is_file()]:
        if path.relative_to(folder).as_posix() not in written:
            path.unlink()
    return written
