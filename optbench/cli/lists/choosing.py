"""What `optbench list` is narrowed by: globs of names, and tags."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from optbench.errors import NamedThing, UnknownNameError, UserError

T = TypeVar("T")
tag_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--tag", "tags", multiple=True, metavar="TAG", shell_complete=lambda *_: _tags(),
    help="Only those with this tag; of several tags, with all of them.",
)  # fmt: skip


def _tags() -> list[str]:
    from optbench.define.tags import TAGS

    return list(TAGS)


def matches(globs: Sequence[str], name: str) -> bool:
    """Say whether a glob matches a name; without globs every name does."""
    from optbench.define.lookup import matching

    return not globs or any(matching(glob, [name]) for glob in globs)


def check_globs(globs: Iterable[str], kind: NamedThing, names: Iterable[str]) -> None:
    """Refuse a glob that matches nothing.

    Raises
    ------
    UnknownNameError
    """
    from optbench.define.lookup import matching

    every = list(names)
    for glob in globs:
        if not matching(glob, every):
            raise UnknownNameError(kind, glob, every)


def with_tags(things: Mapping[str, T], tags: Sequence[str]) -> dict[str, T]:
    """Return the things, by name, that have all of these tags.

    Raises
    ------
    UserError
        If nothing has a tag; the message has those that there are.
    """
    there = sorted({tag for thing in things.values() for tag in getattr(thing, "tags", ())})
    for tag in tags:
        if tag not in there:
            near = difflib.get_close_matches(tag, there, n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(there)}"
            raise UserError(f"nothing here has the tag {tag!r}; {hint}")
    return {name: own for name, own in things.items() if {*tags} <= {*getattr(own, "tags", ())}}
