"""The files of the catalog and what they declare."""

from pathlib import Path
from typing import TypeVar

from optbench.catalog import finding
from optbench.define import plugins
from optbench.define.definitions import NetDefinition, ProblemDefinition

D = TypeVar("D", ProblemDefinition, NetDefinition)


def by_file(kind: type[D]) -> dict[Path, list[D]]:
    """Return the definitions of a kind by the file that declares them, in order."""
    paths = plugins.files(finding.catalog_folder())
    files: dict[Path, list[D]] = {}
    for path in paths:
        for definition in plugins.definitions(path, plugins.PROBLEM):
            place = Path(definition.place.rpartition(":")[0])
            imported = place in paths and place != path
            if isinstance(definition, kind) and not imported:
                files.setdefault(path, []).append(definition)
    return files


def title(path: Path) -> str:
    """Return the name of a file in words."""
    return path.stem.replace("_", " ").capitalize().replace("Bbob", "BBOB")


def about(path: Path) -> str:
    """Return the docstring of a file."""
    return plugins.import_file(path).__doc__ or ""
