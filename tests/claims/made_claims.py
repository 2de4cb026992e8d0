"""Folders of claims as a user writes them, and the command that runs them."""

from click.testing import CliRunner

from optbench.cli.main import main

HEAD = """
import time
from pathlib import Path

import numpy as np

from optbench.claims.declaring import claim

FACTS = dict(
    question="Is <it> so?", says="It is so & stays so.", source="Lecture, section",
    settings=("first", "second"), treatment="new", control="old", measure="loss",
)
LOG = Path(__file__).parent / "log.txt"


def loss(arm, draw, name):
    with LOG.open("a") as log:
        log.write(f"{name}\\n")
    noise = np.array([g.normal() for g in draw.scoring.generators("noise")])
    return (0.5 if arm == "new" else 1.0) * np.exp(0.1 * noise)
"""
CLAIM = """

@claim(**FACTS)
def {name}(arm, setting, draw):
    {before}
    return loss(arm, draw, "{name}")
"""


def own(folder, **before):
    """Write a folder of claims; `before` says what each does first."""
    folder.mkdir()
    claims = "".join(CLAIM.format(name=name, before=text) for name, text in before.items())
    (folder / "own_claims.py").write_text(HEAD + claims)
    return folder


def run(*arguments):
    return CliRunner().invoke(main, ["run", "claims", *map(str, arguments)])
