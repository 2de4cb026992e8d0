"""Links of Markdown files that lead out of docs, and the files of the root as pages.

On a code host a page may link to any file of the tree. Here such a link leads to the page that
shows the file, where there is one; else its words are left.
"""

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s:#]+)(#[^)\s]*)?\)")
PICTURE = re.compile(r"(!\[[^\]]*\])\(([^)\s:]+)\)")
FOLDER = "project"
FRONT = f"{FOLDER}/readme.md"
"""The README, which the front page includes."""

PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": f"{FOLDER}/contributing.md",
    "CHANGELOG.md": f"{FOLDER}/changelog.md",
    "docs/gallery": "catalog/surfaces/index.md",
}
"""Files and folders of the tree, and the pages they are."""
GALLERIES = {
    "problems": ("catalog/surfaces", "catalog/nets"),
    "optbench/rules": ("catalog/optimizers",),
}
"""Folders whose files have pages in galleries."""


def pages(others: Collection[str]) -> dict[str, str]:
    """Return the files of the root as pages; `others` are the paths of generated pages."""
    names = {
        "README.md": FRONT,
        **{name: PAGES[name] for name in ("CONTRIBUTING.md", "CHANGELOG.md")},
    }
    return {
        page: within((ROOT / name).read_text("utf-8"), PurePosixPath(), others)
        for name, page in names.items()
    }


def within(text: str, folder: PurePosixPath, others: Collection[str]) -> str:
    """Return the text of a Markdown file with links that lead to pages.

    Parameters
    ----------
    text : str
    folder : path
        Where the file lies, from the root of the tree.
    others : collection of str
        Paths of generated pages, from docs.
    """

    def link(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        place = _normal(folder / target)
        page = _page(place, others)
        if page is not None:
            return f"[{words}](/{page}{anchor})"
        return words if (ROOT / place).exists() else match[0]

    def picture(match: re.Match[str]) -> str:
        place = _normal(folder / match[2])
        return f"{match[1]}(/{place.removeprefix('docs/')})"

    return LINK.sub(link, PICTURE.sub(picture, text))


def _normal(place: PurePosixPath) -> str:
    parts: list[str] = []
    for part in place.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def _page(place: str, others: Collection[str]) -> str | None:
    """Return the page or file below docs that shows a file of the tree."""
    if place in PAGES:
        return PAGES[place]
    if place.startswith("docs/") and (ROOT / place).is_file():
        return place.removeprefix("docs/")
    path = PurePosixPath(place)
    for gallery in GALLERIES.get(str(path.parent), ()):
        if (page := f"{gallery}/{path.stem}.md") in others:
            return page
    return None
