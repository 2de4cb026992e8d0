"""What share of the package's statements the tests run, by room: the end of `make coverage`.

``python -m tests.covered`` reads what `coverage` measured, and fails below `LEAST` percent of all.
Numba's machine code is not seen. What it is compiled from counts where the same source runs as
plain Python: authors' functions beside their plain-Python driver, the engine in the simulator of
CUDA.
"""

import collections
import json
import tempfile
from pathlib import Path

from coverage import Coverage
from rich.console import Console
from rich.table import Table

LEAST = 90.0
"""Percent of the statements of the package."""
SHOWN = 20
"""Files with the most statements that nothing ran."""


def measured():
    """Return coverage's report of the data in this folder, as its JSON format has it."""
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(path))
        return json.loads(path.read_text("utf-8"))


def by_room(report):
    """Return {room: (statements, those that ran)}; files at the top are one room, `(top)`."""
    rooms = collections.defaultdict(lambda: (0, 0))
    for name, file in report["files"].items():
        folders, summary = Path(name).parts[1:-1], file["summary"]
        room = folders[0] if folders else "(top)"
        total, ran = rooms[room]
        rooms[room] = total + summary["num_statements"], ran + summary["covered_lines"]
    return dict(sorted(rooms.items()))


def percent(total, ran):
    """Return a share in percent; of nothing all was run."""
    return 100.0 * ran / total if total else 100.0


def main():
    """Print the rooms and the worst files; return the exit status."""
    report, console = measured(), Console()
    rooms = by_room(report)
    everything = tuple(map(sum, zip(*rooms.values(), strict=True)))
    table = Table("room", "statements", "run", "%")
    for room, (total, ran) in {**rooms, "optbench": everything}.items():
        table.add_row(room, str(total), str(ran), f"{percent(total, ran):.1f}")
    console.print(table)
    missing = {name: file["summary"]["missing_lines"] for name, file in report["files"].items()}
    for name in sorted(missing, key=missing.get, reverse=True)[:SHOWN]:
        console.print(f"{missing[name]:5d} statements not run in {name}")
    share = percent(*everything)
    if share < LEAST:
        console.print(f"{share:.2f} % of optbench ran, which is less than {LEAST:g} %")
    return int(share < LEAST)


if __name__ == "__main__":
    raise SystemExit(main())
