"""``optbench new study``: a study that already runs, to be changed into one's own."""

import shlex
from pathlib import Path

import click

from optbench.cli.documents import examples, json_option
from optbench.cli.folders import FOLDER
from optbench.cli.new import put_written, write
from optbench.errors import UserError

TEXT = """\
# Which optimizers on which problems, and how they are tuned and scored.
# docs/add_a_study.md lists all fields, docs/numbers.md says what they mean.
description = "What this study asks, in a line"

# Names or globs, with settings in brackets or as a table; `optbench list optimizers` has all.
optimizers = ["gd", "momentum", "adam", { name = "adam", clip_norm = 1.0 }]

# Names or globs; a table has dimensions, a budget or perturbations of its own.
# `optbench list problems` and `optbench list perturbations` have all.
problems = [
    "himmelblau",
    { name = "rosenbrock", dims = [2, 10] },
    { name = "sphere", noise = 0.1, steps = 200 },
]

steps = 300 # gradient evaluations of a lane
lr = { low = 1e-4, high = 1.0, count = 9 } # the rates that every optimizer is tuned over
tuning_instances = [1, 2, 3, 4] # versions of a problem on which the rate is chosen
scoring_instances = [11, 12, 13, 14, 15, 16, 17, 18] # and those on which it is judged
target = 1e-6 # the share of the start's gap that counts as success
# space = "all"   # instead of the rates alone: random draws of all hyperparameters,
# trials = 31     # so many
# seeds = 2       # of every instance, to tell their variance from that between instances
"""


@click.command("study", epilog=examples("optbench new study my_study"))
@click.argument("name")
@click.option(
    "--folder", type=FOLDER, default=Path(), help="Where to write it [the working folder]."
)
@json_option
def new_study(name: str, folder: Path, as_json: bool) -> None:
    """Write FOLDER/NAME.toml with a study called NAME."""
    from optbench.study.entries import safe_name
    from optbench.study.schema import builtin_studies

    if name != safe_name(name):
        raise UserError(f"new: a study is not called {name!r}; {safe_name(name)!r} would do")
    if name in (*builtin_studies(), "claims"):
        raise UserError(f"new: there is a built-in study {name} already; choose another name")
    path = folder / f"{name}.toml"
    write(path, TEXT)
    commands = [f"optbench {word} {shlex.quote(str(path))}" for word in ("check", "run")]
    put_written(path, commands, as_json)
