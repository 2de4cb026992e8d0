"""``optbench new claim``: a claim that already runs, to be changed into one's own."""

from pathlib import Path

import click

from optbench.cli.documents import examples, json_option
from optbench.cli.folders import FOLDER, OWN_CLAIMS
from optbench.cli.new import Template, write_new

CLAIM = Template(
    a="a claim",
    taken=("claim", "tuned"),
    commands=("run claims -k {name}",),
    text='''\
"""What these claims are about."""

from optbench.claims.declaring import claim
from optbench.claims.experiment import tuned


@claim(
    question="What would a student ask?",
    says="Momentum ends closer to the minimum than gradient descent, each at its best rate.",
    source="Title of the lecture, section",
    # At least two: data sets, nets or surfaces, {{name: value}}; the function has the value.
    settings={{"a valley": "rosenbrock", "a bowl": "ellipsoid_1e2"}},
    factor="the surface",  # what settings differ in: "depends on the surface"
    treatment="momentum",
    control="gd",
    measure="gap after 300 steps",  # less is better; else better="more"
    # scale="difference" where measures may be 0 or negative; statistic="mean" for shares
    margin=1.05,  # fixed before you look: what is less than 5 % better does not count
)
def {name}(arm, setting, draw):
    """What is run, and why it decides the question.

    Return a measure for each lane of draw.scoring, or Scores where a rate is tuned. Both arms meet
    the same data, starts and noise, and the null is run from the same function: no draws but those
    of `draw`.
    """
    rates = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
    return tuned(setting, arm, draw, lambda run: run.gap, steps=300, lr=rates, records=20)
''',
)


@click.command("claim", epilog=examples("optbench new claim my_claim"))
@click.argument("name")
@click.option("--folder", type=FOLDER, default=OWN_CLAIMS, show_default=True)
@json_option
def new_claim(name: str, folder: Path, as_json: bool) -> None:
    """Write FOLDER/NAME.py with a claim called NAME."""
    from optbench.claims import finding

    searched = OWN_CLAIMS, finding.claims_folder()
    write_new(CLAIM, name, folder, searched, finding.claims().get(name), as_json)
