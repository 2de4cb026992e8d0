"""The matrix of conformance, made anew: every case of the table against its reference.

Run ``python -m tests.rules.matrix`` in an environment with the extra ``oracles`` to write it down
for `optbench check --conformance`; names of rules after it restrict it to these.
"""

import sys
from importlib.metadata import version

import numpy as np

import optbench
from optbench.checking import conformance

from . import matrix_libraries, test_matrices
from .libraries import library_walk
from .references import CASES, STEPS, STORED_STEPS, distance, inputs, matrices
from .test_trajectories import replayed, replayed_states, transcribed


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
    found = replayed_states(case)
    common = sorted(set(found) & set(states))
    errors = [distance(*pair) for pair in zip(replayed(case), expected, strict=True)]
    errors += [distance(found[name], states[name]) for name in common]
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
    known = ~np.isnan(expected[-1])
    found, _ = test_matrices.replayed(case.id)
    return ["x"], distance(found[:, known], expected[:, known])


def _by_library(case):
    gradients, values, start = inputs(STEPS * case.evaluations)
    *points, states = library_walk(case, gradients, values, start, STORED_STEPS)
    return points, states


def update(rules):
    """Make the rows of `rules` anew, and write them down rule by rule; the others are kept."""
    order = list(optbench.optimizers())
    kept = {rule: conformance.stored([rule]) for rule in order}
    for rule in rules or order:
        kept[rule] = list(rows([rule]))
        conformance.write([row for rule in order for row in kept[rule]])
    return [row for rule in order for row in kept[rule]]


if __name__ == "__main__":
    found = update(sys.argv[1:])
    beyond = [row for row in found if conformance.failed(row)]
    print(f"{conformance.FILE}: {len(found)} rows, {len(beyond)} beyond their tolerance")
    raise SystemExit(bool(beyond))
