"""The tables of a run as bytes."""

from optbench.report import tables
from optbench.report.statistics.load import load_with_manifest


def table_bytes(run, folder):
    """Write the tables of a run into a folder; return {name: bytes}."""
    frames, _ = load_with_manifest(run)
    tables.write(folder, frames, frames["convergence"])
    return {path.name: path.read_bytes() for path in folder.iterdir()}
