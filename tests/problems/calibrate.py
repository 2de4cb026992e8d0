"""Choose the levels of the ladders: ``python -m tests.problems.calibrate [NAME ...]``.

Writes ``problems/_levels.py``, and what the field did at each level into ``calibration.csv`` beside
this file. Names are those of ladders without their prefix; all others keep their levels.
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from optbench.catalog import finding
from optbench.define.ladders import PREFIX
from optbench.study import calibrating, machine

TABLE = Path(__file__).with_name("calibration.csv")
LEVELS = Path(__file__).parents[2] / "problems" / "_levels.py"
FACTS = ("ladder", "level", "value", "field", "best", "spent")
VERSIONS = ("numba", "numpy", "optbench")


def ladders():
    """Return every ladder of the catalog, by name without prefix."""
    return {
        definition.ladder.name.removeprefix(PREFIX): definition.ladder
        for definition in finding.problems().values()
        if definition.ladder is not None and definition.ladder.candidates
    }


def calibrated(name):
    """Return the rows of a ladder's levels, chosen among its candidates."""
    ladder = ladders()[name]
    standings = [calibrating.standing(ladder, value) for value in ladder.candidates]
    try:
        return rows(name, [standings[at] for at in calibrating.chosen(standings)])
    except ValueError as error:
        field = ", ".join(f"{own.value:g}: {own.field:.2f}" for own in standings)
        print(f"{name} keeps its levels: {error} ({field})", flush=True)
        return None


def rows(name, standings):
    """Return a row a level: what the field did there."""
    return [
        {
            "ladder": name, "level": level, "value": own.value, "field": round(own.field, 3),
            "best": round(float(own.success.max()), 3), "spent": round(own.spent, 3),
            **dict(zip(own.rules, np.round(own.success, 3).tolist(), strict=True)),
        }
        for level, own in enumerate(standings, 1)
    ]  # fmt: skip


def table():
    """Return the rows of the committed table, numbers as numbers; what was not run is None."""
    with TABLE.open(encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    return [
        {
            key: text if key == "ladder" else float(text) if text else None
            for key, text in row.items()
        }
        for row in csv.DictReader(lines)
    ]


def write(all_rows):
    """Write the table and the levels."""
    columns = [*FACTS, *calibrating.FIELD]
    versions = machine.versions()
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        for what, effort in (("surfaces", calibrating.SURFACES), ("nets", calibrating.NETS)):
            first, last = effort.instances[0], effort.instances[-1]
            file.write(
                f"# {what}: instances {first}-{last}, {effort.tuned_on} of them tuned on; "
                f"{effort.steps} steps\n"
            )
        own = ", ".join(f"{name} {versions[name]}" for name in VERSIONS if name in versions)
        file.write(f"# {own}\n")
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "level": int(row["level"])} for row in all_rows)
    values = {
        name: [row["value"] for row in all_rows if row["ladder"] == name] or ladder.values
        for name, ladder in ladders().items()
    }
    lines = "".join(map(line, values.items()))
    LEVELS.write_text(
        '"""The levels of the ladders, as `make calibrate` chooses them; do not edit."""\n\n'
        f"LEVELS = {{\n{lines}}}\n",
        "utf-8",
    )


def line(item):
    """Write the levels of a ladder as the formatter does."""
    name, values = item[0], [repr(value) for value in item[1]]
    short = f'    "{name}": ({", ".join(values)}),\n'
    if len(short) <= 100:
        return short
    return f'    "{name}": (\n' + "".join(f"        {value},\n" for value in values) + "    ),\n"


def main(names):
    """Calibrate some ladders, or all."""
    known = list(ladders())
    kept = [row for row in table() if row["ladder"] in known] if TABLE.is_file() else []
    wanted = names or known
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        found = dict(zip(wanted, pool.map(calibrated, wanted), strict=True))
    new = [
        row for name in known
        for row in found.get(name) or [own for own in kept if own["ladder"] == name]
    ]  # fmt: skip
    write(new)
    for name in (own for own in wanted if found[own]):
        print(f"{name:22s}", *(f"{row['value']:9.3g}: {row['field']:4.2f}" for row in found[name]))


if __name__ == "__main__":
    main(sys.argv[1:])
