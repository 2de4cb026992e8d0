"""``optbench list``: its commands."""

import click

from optbench.cli.claims import list_claims
from optbench.cli.documents import examples
from optbench.cli.lists.optimizers import list_optimizers
from optbench.cli.lists.problems import (
    list_ladders,
    list_nets,
    list_perturbations,
    list_problems,
)
from optbench.cli.lists.studies import list_activations, list_runs, list_studies


@click.group(
    "list",
    short_help="List what there is: optimizers, problems, studies, runs, ...",
    epilog=examples(
        "optbench list problems --tag saddle", "optbench list optimizers 'adam*' --json"
    ),
)
def list_group() -> None:
    """List what there is.

    Globs behind the command choose by name. A terminal shows as many columns as it has room for; a
    pipe gets fields with tabs between them, and a # before every line that is no row.
    """


for _command in (
    list_optimizers, list_problems, list_nets, list_perturbations, list_ladders, list_activations,
    list_studies, list_runs, list_claims,
):  # fmt: skip
    list_group.add_command(_command)
