"""Whether a folder holds results of a study or of claims: neither is run into that of the other."""

from pathlib import Path

from optbench.errors import ResultsError
from optbench.study.results import FILE

CLAIMS = "claims"
"""The folder of the results of claims, in that of the run."""


def refuse_study(folder: Path) -> None:
    """Raise `ResultsError` if a folder that claims are to be run into is a study's."""
    if (folder / FILE).is_file():
        raise ResultsError(
            f"{folder}: holds the results of a study, and claims were asked for; choose another "
            "folder with --out"
        )


def refuse_claims(folder: Path) -> None:
    """Raise `ResultsError` if a folder that a study is to be run into is one of claims."""
    if any((folder / CLAIMS).glob("*.json")) and not (folder / FILE).is_file():
        raise ResultsError(
            f"{folder}: holds results of claims, and a study was asked for; choose another "
            "folder with --out"
        )
