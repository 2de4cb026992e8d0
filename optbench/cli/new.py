"""``optbench new``: a commented file that already runs, to be changed into one's own."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optbench.cli.documents import examples, json_option, put
from optbench.cli.folders import FOLDER, OWN
from optbench.errors import UserError

if TYPE_CHECKING:
    from optbench.claims.declaring import Claim
    from optbench.define.definitions import NetDefinition, ProblemDefinition, Rule


@click.group(
    "new",
    short_help="Write a file to start from: a problem, a rule, a net, ...",
    epilog=examples("optbench new problem my_bowl", "optbench new study my_study"),
)
def new_group() -> None:
    """Write a file to start from."""


@dataclass(frozen=True)
class Template:
    """What is written of a kind of definition.

    Attributes
    ----------
    a : str
        The kind, for messages: "a problem".
    text : str
        The file, with ``{name}`` where the name comes.
    taken : tuple of str
        Names that the file uses otherwise.
    commands : tuple of str
        The arguments of the commands that check and run it.
    """

    a: str
    text: str
    taken: tuple[str, ...]
    commands: tuple[str, ...]


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


def _plugins_words(folder: Path, searched: Iterable[Path]) -> str:
    """Return the option that names a folder; nothing for one that is searched without it."""
    if folder.resolve() in map(Path.resolve, searched):
        return ""
    return f" --plugins {shlex.quote(str(folder))}"


@new_group.command("problem", epilog=examples("optbench new problem my_bowl"))
@click.argument("name")
@click.option("--folder", type=FOLDER, default=OWN, show_default=True)
@json_option
def new_problem(name: str, folder: Path, as_json: bool) -> None:
    """Write FOLDER/NAME.py with a problem called NAME."""
    from optbench.catalog import finding

    searched = OWN, finding.catalog_folder()
    write_new(PROBLEM, name, folder, searched, finding.problems().get(name), as_json)


@new_group.command("optimizer", epilog=examples("optbench new optimizer my_rule"))
@click.argument("name")
@click.option("--folder", type=FOLDER, default=OWN, show_default=True)
@json_option
def new_optimizer(name: str, folder: Path, as_json: bool) -> None:
    """Write FOLDER/NAME.py with an optimizer called NAME."""
    from optbench.catalog import finding
    from optbench.rules import registry

    searched = OWN, finding.catalog_folder()
    write_new(OPTIMIZER, name, folder, searched, registry.optimizers().get(name), as_json)


def write_new(
    template: Template, name: str, folder: Path, searched: Sequence[Path],
    other: "ProblemDefinition | NetDefinition | Rule | Claim | None", as_json: bool,
) -> None:  # fmt: skip
    """Write the file of a new definition, and say how to check and how to run it.

    `searched` are the folders that need not be named, `other` is what has the name already.
    """
    path = folder / f"{checked_name(name)}.py"
    if other is not None:
        raise UserError(f"new: there is {template.a} {name} already, at {other.place}")
    if name in template.taken:
        raise UserError(f"new: {name} is what the file imports; choose another name")
    write(path, template.text.format(name=name))
    option = _plugins_words(folder, searched)
    commands = [f"optbench {words.format(name=name)}{option}" for words in template.commands]
    put_written(path, commands, as_json)


def put_written(path: Path, commands: Sequence[str], as_json: bool) -> None:
    """Say what was written, and by which commands one goes on."""
    lines = [f"wrote {path}; now change it, and", *(f"  {command}" for command in commands)]
    put({"file": str(path), "commands": commands}, lines, as_json)


CHECK = "check {name}"
PROBLEM_COMMANDS = (CHECK, "run quick -p +{name} -p {name}")  # in a source tree, too
PROBLEM = Template(
    a="a problem",
    taken=("math", "problem", "where", "x", "abs", "min", "max", "len", "range"),
    commands=PROBLEM_COMMANDS,
    text='''\
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
''',
)

OPTIMIZER = Template(
    a="an optimizer",
    taken=("math", "optimizer", "Eps", "Log", "Momentum", "SecondMoment"),
    commands=(CHECK, "run default -o {name} --against baseline"),
    text='''\
"""What this rule does, and why."""

import math

from optbench.define import Eps, Log, Momentum, SecondMoment, optimizer


@optimizer(
    state=("m", "v"),  # per coordinate, 0 at first; leave it out if there is none
    lr=Log(1e-2),  # its default; every rule has a rate, which tuning searches
    beta1=Momentum(0.9),  # these say what it may be, and where tuning looks
    beta2=SecondMoment(0.999),
    eps=Eps(1e-8),
    source="who wrote it down, and where",
)
def {name}(x, g, m, v, lr, beta1, beta2, eps, fresh1, fresh2, c1, c2):
    """The formula in words: a mean of gradients over the root of a mean of their squares.

    Plain Python for one coordinate: from x, its gradient g and its state to the new x and state.
    An `if` that depends on them works, but runs one lane at a time; optbench.define.where is fast.
    """
    m = beta1 * m + fresh1 * g
    v = beta2 * v + fresh2 * g * g
    return x - lr * (m * c1) / (math.sqrt(v * c2) + eps), m, v


@{name}.uniform  # once a step: what depends on the step t = 1, 2, ... and settings alone
def _(t, beta1, beta2):
    return 1.0 - beta1, 1.0 - beta2, 1.0 / (1.0 - beta1**t), 1.0 / (1.0 - beta2**t)
''',
)
