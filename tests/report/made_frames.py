"""Frames with known numbers, as the analysis gives them."""

import numpy as np
import pandas as pd

from optbench.report.kinds.cost_table import cost_table
from optbench.report.kinds.kind_table import kind_table
from optbench.report.merit.frames import merit_makers
from optbench.report.statistics.columns import PAIR
from optbench.report.tuning.frames import frame_makers
from tests.report.made_lanes import (
    RUN,
    curve_of,
    gaps_of,
    lane_of,
    path_of,
    problem_row,
    sensitivity_of,
    tuned,
)
from tests.report.made_tables import (
    convergence_of,
    costs_of,
    failures_of,
    instrument_table,
    labels_of,
    swept_labels,
    tensor_table,
)


def make_frames(
    optimizers=("adam", "gd", "momentum"),
    problems=(("sphere", 2, "deterministic"), ("digits", 2410, "net")),
    *,
    seeds=5,
    scoring=(3, 4, 5, 6),
    rates=7,
    steps=1000,
    records=20,
    diverging=None,
    skipped=(),
    inside=False,
):
    """Return frames as the analysis gives them.

    Parameters
    ----------
    diverging : dict
        (optimizer, label) -> how many of its scoring lanes diverge half-way, the last ones.
    skipped : sequence of (optimizer, label, reason)
    inside : bool
        Whether nets have layers and labels at every rate, which take a second to draw.
    """
    steps = np.unique(np.concatenate([[0], np.geomspace(1, steps, records).astype(int)]))
    facts = [problem_row(*each) for each in problems]
    left_out = {(optimizer, label) for optimizer, label, _ in skipped}
    lanes, curves, paths, scores, rows, costs = [], [], [], [], [], []
    for fact in facts:
        for optimizer in optimizers:
            if (optimizer, fact["label"]) in left_out:
                continue
            keys = {"optimizer": optimizer} | {k: ({**fact, **RUN})[k] for k in PAIR[1:]}
            grid, best = tuned(optimizer, rates)
            lost = (diverging or {}).get((optimizer, fact["label"]), 0)
            places = [(i, s + 1) for i in (1, 2, *scoring) for s in range(seeds)]
            places.insert(0, (0, 0))
            own = []
            for n, (instance, seed) in enumerate(places):
                gaps = gaps_of(keys, instance, seed, steps, n >= len(places) - lost)
                here = keys | {"instance": instance, "seed": seed}
                phase = "scoring" if instance in (0, *scoring) else "tuning"
                lane = here | {"phase": phase, "lr": grid[best]}
                own.append(lane_of(lane, fact["kind"], gaps, steps))
                if phase == "scoring":
                    curves.append(curve_of(here, fact["kind"], gaps, steps))
                    if fact["dim"] == 2:
                        paths.append(path_of(here, gaps, steps))
            own = pd.DataFrame(own)
            scored = own[own["phase"] == "scoring"]
            rows.append(convergence_of(keys, fact["kind"], scored, best in (0, rates - 1)))
            scores.append(sensitivity_of(keys, rates))
            costs.append(costs_of(scored[scored["instance"] != 0]))
            lanes.append(own.drop(columns="hit"))
    point = ["instance", "seed", "setting", "step", "evaluations", "x0", "x1"]
    nowhere = pd.DataFrame(columns=[*PAIR, *point])
    curves = pd.concat(curves, ignore_index=True)
    return {
        "layers": tensor_table(curves if inside else curves.iloc[:0]),
        "instruments": instrument_table(curves if inside else curves.iloc[:0]),
        "labels": pd.concat(
            [labels_of(curves), swept_labels(scores if inside else [])], ignore_index=True
        ),
        "problems": pd.DataFrame(facts),
        "kinds": kind_table([]),
        "costs": pd.concat(costs, ignore_index=True) if costs else cost_table([]),
        **{name: make() for name, make in frame_makers(list).items()},
        **{name: make() for name, make in merit_makers(list, [], []).items()},
        "convergence": pd.DataFrame(rows),
        "failures": failures_of(pd.DataFrame(rows)),
        "sensitivity": pd.concat(scores, ignore_index=True),
        "curves": curves,
        "paths": pd.concat(paths, ignore_index=True) if paths else nowhere,
        "lanes": pd.concat(lanes, ignore_index=True),
        "skipped": pd.DataFrame(
            [(o, p, "skipped", reason, "") for o, p, reason in skipped],
            columns=["optimizer", "label", "state", "reason", "trace"],
        ),
    }


def make_manifest(**changes):
    return {
        "run": "quick-2024", "study": {"name": "quick", "seeds": 5, "dtype": "float64"},
        "command": "python -m optbench run quick --seeds 5", "created": "2024-05-01T12:00:00",
        "versions": {"python": "3.11", "numpy": "2.0"}, "cpu": "Example CPU", "threads": 2,
        "git_commit": "0123abc", "study_seed": 7, "compile_seconds": 12.3, "run_seconds": 4.5,
        "lane_steps": 123456789, "lanes": 3600, "tuning": [1, 2], "scoring": [3, 4, 5, 6],
        "seeds": 5, "cells": 12, "state": "complete", "invocations": [],
        "plugins": [],
    } | changes  # fmt: skip


def bowl(label):
    """Return a 2-D surface whose minimum is the origin."""
    return (lambda x: (x**2 * [1.0, 4.0]).sum(axis=1)), ((-2.0, -2.0), (2.0, 2.0)), (0.0, 0.0)
