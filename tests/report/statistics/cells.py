"""Cells made by hand: arrays as a run stores them, with numbers that are easily followed."""

import numpy as np

from optbench.kernels.status import BUDGET

FACTS = {
    "optimizer": "gd", "label": "bowl (d=2)", "problem": "bowl", "dim": 2, "kind": "deterministic",
    "family": "bowl", "tags": "convex", "target": 1e-6, "target_text": "a gap of 1e-6",
    "absolute_targets": False, "content": None, "measure": "accuracy", "local": True,
    "rule": "gd", "budget": 100, "steps": 100, "evaluations_per_step": 1.0, "unit": "gradients",
    "has_rate": True, "dtype": "float64", "device": "cpu", "extended": 0, "at_edge": False,
    "on_grid": True, "objective": "evaluations", "seconds": 0.5,
    "f_ref_source": "declared",
}  # fmt: skip
TRIALS = {"trial": np.array([0, 1, -1], np.int32), "lr": np.array([0.01, 0.1, 0.001])}


def cell(f_final, *, phase="scoring", hit=0, reached=False, status=BUDGET, facts=None, **arrays):
    """Return (facts, arrays) of a cell, given the final values [D, T]; the rest is broadcast.

    The first draw of scoring is instance 0 with seed 0; the others are 11, 12, ... (tuning: 1,
    2, ...) with seed 1. All start at f = 10, where f_ref is 0.
    """
    f_final = np.array(f_final, float)
    draws, trials = f_final.shape
    scoring = phase == "scoring"
    numbers = np.array([0, *range(11, 10 + draws)] if scoring else range(1, 1 + draws))

    def of_lanes(values, dtype):
        return np.broadcast_to(np.asarray(values, dtype), f_final.shape).copy()

    made = {
        "instance": numbers.astype(np.int32),
        "seed": np.minimum(numbers, 1).astype(np.int32),
        "f_ref": np.zeros(draws),
        "f_start": np.full(draws, 10.0),
        "goal": np.full(draws, 1e-5),
        "f_final": f_final,
        "f_best": f_final,
        "status": of_lanes(status, np.int8),
        "steps": np.full(f_final.shape, 100, np.int32),
        "hit": of_lanes(hit, np.int32),
        "reached": of_lanes(reached, bool),
        **{name: column[:trials] for name, column in TRIALS.items()},
    }
    if scoring:
        made["kept"] = np.array([1, 2][: trials - 1] if trials > 1 else [0], np.int32)
    return {**FACTS, "phase": phase, **(facts or {})}, made | arrays
