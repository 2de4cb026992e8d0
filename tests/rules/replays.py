"""Cases of the table of references: replayed by optbench, and walked by NumPy."""

from functools import cache

import numpy as np

import optbench

from .references import (
    CASES,
    STEPS,
    STORED_STEPS,
    inputs,
)
from .transcriptions import walk


def replayed(case):
    """Return (reported, query) points of a case by optbench."""
    gradients, values, start = inputs(STEPS * case.evaluations)
    return [
        optbench.replay(case.rule, gradients, start, values=values, points=points, **case.settings)
        for points in ("reported", "query")
    ]


def replayed_states(case):
    """Return the states of a case after the stored steps, name to [steps, d], lane state [1]."""
    gradients, values, start = inputs(STEPS * case.evaluations)
    rows, state, done = [], None, 0
    for step in STORED_STEPS:
        part = slice(done, step * case.evaluations)
        _, state = optbench.replay(
            case.rule, gradients[part], start, values=values[part], state=state,
            return_state=True, steps=STEPS, **case.settings,
        )  # fmt: skip
        done = step * case.evaluations
        rows.append({name: s[:, 0] for name, s in state.state.items()} | state.lane_state)
    return {name: np.array([np.atleast_1d(row[name]) for row in rows]) for name in rows[0]}


@cache
def transcribed(case_id):
    """Return (reported, query) points and the memory after the stored steps, by NumPy."""
    case = next(case for case in CASES if case.id == case_id)
    gradients, values, start = inputs(STEPS * case.evaluations)
    rows = []

    def observe(t, memory):
        if t in STORED_STEPS:
            arrays = {k: v for k, v in memory.items() if not isinstance(v, list)}
            rows.append({name: np.atleast_1d(value) for name, value in arrays.items()})

    points = walk(
        case.reference.step,
        lambda i, x: (values[i], gradients[i]),
        start,
        len(gradients),
        observe=observe,
        **case.settings,
    )
    return points, {name: np.array([row[name] for row in rows]) for name in rows[0]}
