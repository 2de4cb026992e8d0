"""``optbench new``: a commented file that already runs, to be changed into one's own."""

import shlex
from pathlib import Path

import click

from optbench.cli.documents import json_option, put
from optbench.cli.folders import FOLDER, OWN
from optbench.errors import UserError


@click.group("new")
def new_group() -> None:
    """Write a file to start from."""


def checked_name(name: str) -> str:
    """Return a name, or raise `UserError` if authors may not use it."""
    from optbench.define.names import is_name

    if not is_name(name):
        raise UserError(
            f"new: the name {name!r} is not lower snake case ([a-z][a-z0-9_]*), or is a word of "
            "Python's"
        )
    return name


def write(path: Path, text: str) -> None:
    """Write a new file; refuse to overwrite."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"new: {path} exists; choose another name or remove it") from None
    except OSError as error:
        raise UserError(f"new: {path} cannot be written: {error.strerror}") from None


@new_group.command("problem")
@click.argument("name")
@click.option("--folder", type=FOLDER, default=OWN, show_default=True)
@json_option
def new_problem(name: str, folder: Path, as_json: bool) -> None:
    """Write FOLDER/NAME.py with a problem called NAME."""
    from optbench.catalog import finding

    path = folder / f"{checked_name(name)}.py"
    other = finding.problems().get(name)
    if other is not None:
        raise UserError(f"new: there is a problem {name} already, at {other.place}")
    if name in TAKEN_NAMES:
        raise UserError(f"new: {name} is what the file imports; choose another name")
    write(path, PROBLEM.format(name=name))
    in_catalog = folder.resolve() == finding.catalog_folder().resolve()
    option = "" if in_catalog else f" --plugins {shlex.quote(str(folder))}"
    commands = [
        f"optbench check {name}{option}",
        f"optbench run quick -p +{name} -p {name}{option}",
    ]
    lines = [f"wrote {path}; now change it, and", *(f"  {command}" for command in commands)]
    put({"file": str(path), "commands": commands}, lines, as_json)


TAKEN_NAMES = ("math", "problem", "where", "x", "abs", "min", "max", "len", "range")
"""Names that a problem's file uses otherwise."""

PROBLEM = '''\
"""What this problem is about."""

import math

from optbench.define import problem, where


@problem(
    start=[-1.0, 2.0],  # where seed 0 starts; a single number holds for every coordinate
    minimum=[0.0, 0.0],  # where f is least, to all digits; leave it out if nobody knows
    f_min=0.0,  # the value there
    box=(-4.0, 4.0),  # where other seeds start, not a constraint; (low, high), numbers or lists
    tags=["nonconvex", "valley"],  # add "nonsmooth" if it has kinks
    source="who defined it, and where",
    # dim=2, scalable=True: it exists in other dimensions too; write loops over len(x)
    # rotated=True: instances are rotated as well as shifted
)
def {name}(x):
    """The formula in words: a curved valley with ripples, least at the origin.

    Plain Python for one point: x[i], + - * / **, abs, min, max, functions of math, loops. The
    gradient is found by dual numbers. To write it yourself, take g after x and fill every g[i].
    An `if` that depends on x works, but runs one lane at a time; where(condition, a, b) is fast.
    """
    across = x[1] - 0.25 * x[0] ** 2
    steeper = where(x[0] > 0.0, 3.0, 1.0)
    return x[0] ** 2 * steeper + 10.0 * across**2 + 1.0 - math.cos(across)
'''
