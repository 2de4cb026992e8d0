"""The matrix of conformance, measured anew: every case of the table against its reference.

``python -m tests.rules.matrix`` measures in an environment with the extra ``oracles``, and holds
the results against the table of `optbench check --conformance`: each row must be within its
tolerance, and the table must have just these rows. With ``--update`` the results become the table.
Names of rules restrict it to these.
"""

import csv
import sys
from importlib.metadata import version

import numpy as np

import optbench
from optbench.report import conformance
from optbench.rules import registry
from tests import counts

from . import matrix_libraries
from .libraries import library_walk
from .matrix_rules import replayed as matrix_replayed
from .references import CASES, STEPS, STORED_STEPS, distance, inputs, matrices
from .replays import replayed, replayed_states, transcribed

FIXED = ("steps", "compared", "tolerance")
"""What a row says of the case itself, so that it is the same on every machine."""


def rows(rules=()):
    """Yield a row a case; `rules` restricts them."""
    order = list(optbench.optimizers())
    for case in sorted([*CASES, *matrices.CASES], key=lambda case: order.index(case.rule)):
        if rules and case.rule not in rules:
            continue
        measured = _on_layers if optbench.optimizers()[case.rule].matrix else _on_vectors
        library = (case.reference.library or "").replace("corrected.", "pytorch_optimizer.")
        corrected = " (corrected)" if library != (case.reference.library or "") else ""
        compared, error = measured(case)
        yield {
            "rule": case.rule,
            "configuration": case.id.removeprefix(case.rule).strip("[]"),
            "reference": library + corrected or "NumPy transcription",
            "version": version(library.partition(".")[0]) if library else f"numpy {np.__version__}",
            "steps": STEPS,
            "compared": ", ".join(compared),
            "max_error": error,
            "tolerance": case.library_tolerance if library else case.tolerance,
        }


def _on_vectors(case):
    """Return what is compared, x and states, and the largest distance."""
    expected, states = _by_library(case) if case.reference.library else transcribed(case.id)
    replays = replayed_states(case)
    common = sorted(set(replays) & set(states))
    errors = [distance(*pair) for pair in zip(replayed(case), expected, strict=True)]
    errors += [distance(replays[name], states[name]) for name in common]
    return ["x", *common], max(errors)


def _on_layers(case):
    """Return the same of a matrix rule; a library may leave some tensors alone."""
    gradients, start = matrices.inputs()
    if case.reference.library:
        expected = matrix_libraries.library_walk(case, gradients, start)
    else:
        expected = matrices.walk(
            case.rule, lambda i, x: gradients[i], start, len(gradients), **case.settings
        )
    stored = ~np.isnan(expected[-1])
    iterates, _ = matrix_replayed(case.id)
    return ["x"], distance(iterates[:, stored], expected[:, stored])


def _by_library(case):
    gradients, values, start = inputs(STEPS * case.evaluations)
    *points, states = library_walk(case, gradients, values, start, STORED_STEPS)
    return points, states


def write(rows):
    """Write rows as the table."""
    with conformance.FILE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, conformance.COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            errors = {name: f"{row[name]:.1e}" for name in ("max_error", "tolerance")}
            writer.writerow({**row, **errors})


def update(live, rules):
    """Write measured rows into the table; of rules that were not measured it keeps its rows."""
    order = list(optbench.optimizers())
    measured = rules or order
    unmeasured = [row for row in conformance.stored(order) if row["rule"] not in measured]
    write(sorted([*unmeasured, *live], key=lambda row: order.index(row["rule"])))
    print(f"written: {conformance.FILE}")


def label(row):
    return f"{row['rule']}[{row['configuration']}]".replace("[]", "") + " and " + row["reference"]


def complaints(live, table):
    """Return what is wrong with measured rows and the table, as {label of the row: a line}."""
    live, table = ({label(row): row for row in rows} for rows in (live, table))
    wrong = {
        name: "the table has this row, and no case makes it" for name in set(table) - set(live)
    }
    for name, row in live.items():
        if conformance.failed(row):
            wrong[name] = f"{row['max_error']:.1e} is beyond {row['tolerance']:.0e}"
        elif name not in table:
            wrong[name] = "the table lacks this row"
        elif [row[key] for key in FIXED] != [table[name][key] for key in FIXED]:
            wrong[name] = f"the table is of other {', '.join(FIXED)}"
    return wrong


def main(arguments):
    """Measure, and return whether anything is wrong."""
    rules = [registry.rule(name).name for name in arguments if name != "--update"]
    live = list(rows(rules))
    if "--update" in arguments:
        update(live, rules)
    table = conformance.stored(rules)
    wrong = complaints(live, table)
    for name, text in wrong.items():
        print(f"FAILED {name}: {text}")
    versions = {row["version"] for row in table}
    for other in sorted({row["version"] for row in live} - versions):
        print(f"the table was measured with another version than {other}")
    print(f"{len(live)} rows measured, {len(wrong)} wrong (`make conformance-update` writes them)")
    counts.add(passed=len({label(row) for row in live} - set(wrong)), failed=len(wrong))
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
