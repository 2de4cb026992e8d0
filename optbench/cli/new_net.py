"""``optbench new net``: a net that already trains, to be changed into one's own."""

from pathlib import Path

import click

from optbench.cli.documents import examples, json_option
from optbench.cli.folders import FOLDER, OWN
from optbench.cli.new import PROBLEM_COMMANDS, Template, write_new

NET = Template(
    a="a problem",
    taken=("net",),
    commands=PROBLEM_COMMANDS,
    text='''\
"""What this net is about."""

from optbench.define import net

# For layers of any kind: from optbench.nets.layers import Dense, ..., and give layers and input.

{name} = net(
    "{name}",
    data="wine",  # a bundled data set (docs/data.md lists them), or the path of a file: "my.csv"
    sizes=(13, 16, 3),  # units of every layer: as many at first as features, at last as classes
    activation="relu",  # `optbench list activations` has all; a list for one a layer
    loss="cross_entropy",  # also binary_cross_entropy, and mse for a regression
    batch=32,  # examples of a mini-batch
    loss_target=0.05,  # the training loss that counts as success
    error_target=0.05,  # the validation error that does, a share; None for a regression
    tags=["net", "nonconvex", "data", "stochastic"],
    source="who trained it, and where",
    # dropout=0.1, batch_norm=True, l2=1e-4: `help(optbench.nets.MLP)` has all options
)
''',
)


@click.command("net", epilog=examples("optbench new net my_net"))
@click.argument("name")
@click.option("--folder", type=FOLDER, default=OWN, show_default=True)
@json_option
def new_net(name: str, folder: Path, as_json: bool) -> None:
    """Write FOLDER/NAME.py with a small net called NAME."""
    from optbench.catalog import finding

    searched = OWN, finding.catalog_folder()
    write_new(NET, name, folder, searched, finding.problems().get(name), as_json)
