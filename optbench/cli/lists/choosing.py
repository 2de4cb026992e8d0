"""What `optbench list` is narrowed by: globs of names, and tags."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from optbench.cli import completing
from optbench.errors import NamedThing, UnknownNameError, UserError

T = TypeVar("T")
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
tag_option: Decorator = click.option(
    "--tag", "tags", multiple=True, metavar="TAG", shell_complete=completing.tags,
    help="Only those with this tag; of several tags, with all of them.",
)  # fmt: skip


def globs_argument(completer: completing.Completer | None = None) -> Decorator:
    """Give a command the argument `globs`, any number of globs of names."""
    return click.argument("globs", nargs=-1, metavar="[GLOB]...", shell_complete=completer)


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
