"""Folders that come with optbench: beside the package in a source tree, packages in a wheel."""

import importlib.util
from pathlib import Path

from optbench.errors import UserError


def shipped_folder(package: str, name: str, what: str) -> Path:
    """Return a folder that comes with optbench and lies outside of the package.

    A folder of this name beside the package is ours in a source tree alone: next to an installed
    package it is another distribution's.

    Parameters
    ----------
    package, name : str
        What it is called in a wheel, and in a source tree.
    what : str
        For the message.
    """
    root = Path(__file__).resolve().parents[2]
    if (root / package).is_dir():
        return root / package
    if (root / "pyproject.toml").is_file() and (root / name).is_dir():
        return root / name
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"{what} is missing: there is no package {package}, and {root} is no source tree with "
            f"a folder {name}; install optbench again"
        )
    return Path(next(iter(spec.submodule_search_locations)))
