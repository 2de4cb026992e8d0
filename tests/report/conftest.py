"""Frames with known numbers: lanes whose gap falls exponentially, by hand; and a browser."""

import math
import shutil
import zlib

import numpy as np
import pandas as pd
import pytest

from optbench.report.kinds.cost_table import COLUMNS as COST_COLUMNS
from optbench.report.kinds.cost_table import cost_table
from optbench.report.kinds.kind_table import kind_table
from optbench.report.merit.frames import merit_makers
from optbench.report.statistics import (
    curve_verdicts,
    failure_table,
    instrument_frame,
    verdict_table,
)
from optbench.report.statistics.columns import OF_PAIRS, PAIR
from optbench.report.tuning.frames import frame_makers
from optbench.study.store_schema import LAYERS

FIRST_GAP = 10.0
TARGET = 1e-6
NET_TARGET = 0.1
PARTS = ("train", "validation", "test")
RUN = {"budget": 1000, "dtype": "float64", "device": "cpu"}


def hashed(*words):
    return zlib.crc32("/".join(words).encode())


def decades(optimizer, label):
    """Return by how many decades the gap falls: a number that belongs to the pair."""
    return 1.5 + 8.0 * (hashed(optimizer, label) % 1000) / 1000


def gaps_of(keys, instance, seed, steps, diverges):
    wobble = 1 + 0.1 * math.sin(7 * instance + 3 * seed)
    falls = decades(keys["optimizer"], keys["label"]) * wobble
    gaps = FIRST_GAP * 10 ** (-falls * (steps / steps[-1]) ** 0.6)
    if diverges:
        half = len(steps) // 2
        gaps[:half] = FIRST_GAP * 10 ** (3 * steps[:half] / steps[half])
        gaps[half:] = np.inf
    return gaps


def problem_row(name, dim, kind):
    return {
        "label": f"{name} (d={dim})", "problem": name, "dim": dim, "kind": kind, "family": name,
        "tags": "convex,smooth", "f_ref": 0.0, "f_ref_source": "declared minimum",
        "target": NET_TARGET if kind == "net" else TARGET,
        "target_text": "training loss 0.1" if kind == "net" else "gap at most 1e-6 of the start's",
        "absolute_targets": False, "content": None,
    }  # fmt: skip


def tuned(optimizer, rates):
    """Return the grid of rates and the place of the best one."""
    return np.geomspace(1e-4, 10, rates), min(rates - 1, 1 + hashed(optimizer) % max(1, rates - 2))


def sensitivity_of(keys, rates):
    grid, best = tuned(keys["optimizer"], rates)
    away = np.abs(np.arange(rates) - best)
    score = FIRST_GAP * 10.0 ** (away - decades(keys["optimizer"], keys["label"]))
    score[best + 3 :] = np.inf
    share = np.where(np.isinf(score), 1.0, np.where(np.arange(rates) == best + 2, 0.2, 0.0))
    trials = keys | {"trial": np.arange(rates), "lr": grid, "objective": score, "mean_gap": score}
    trials |= {"diverged_share": share, "success_share": np.nan, "best": away == 0}
    default = keys | {"trial": -1, "lr": 1e-3, "objective": 2.0, "mean_gap": 2.0, "best": False}
    default |= {"diverged_share": 0.0, "success_share": 0.25}
    return pd.concat([pd.DataFrame(trials), pd.DataFrame([default])], ignore_index=True)


def parts_of(kind, gaps):
    """Return losses and accuracies: NaN on surfaces, infinite in lanes that left."""
    columns = {}
    for part, floor in zip(PARTS, (0.01, 0.08, 0.1), strict=True):
        loss = 0.23 * gaps + floor if kind in ("data", "net") else np.full(len(gaps), np.nan)
        columns[f"{part}_loss"] = loss
        columns[f"{part}_accuracy"] = np.where(
            np.isinf(loss), np.inf, np.exp(-np.minimum(loss, 2.3))
        )
    return columns


def lane_of(keys, kind, gaps, steps):
    """Return a lane's row; its hit is the first record at the target."""
    below = np.flatnonzero(gaps <= (NET_TARGET if kind == "net" else TARGET * FIRST_GAP))
    lost = np.isinf(gaps[-1])
    return keys | {
        "status": "not finite" if lost else "target" if len(below) else "budget",
        "ended": "not finite" if lost else "reached" if len(below) else "budget",
        "steps": steps[-1], "evaluations": steps[-1], "f_start": gaps[0], "f_final": gaps[-1],
        "f_best": gaps.min(), "gap_final": gaps[-1], "gap_best": gaps.min(),
        "hit": float(steps[below[0]]) if len(below) else math.inf,
    }  # fmt: skip


def costs_of(lanes):
    """Return what scoring lanes cost: at the default setting all that they may, without success."""
    with np.errstate(divide="ignore"):
        log_gap = np.log10(np.minimum(lanes["gap_final"], 1e3))
    reached, budget = np.isfinite(lanes["hit"]), float(RUN["budget"])
    shared = lanes[[*PAIR, "instance", "seed", "lr"]].assign(
        basis="evaluations", trial=3, training=lanes["f_final"], grid_log_cost=np.log(budget)
    )
    tuned = {"setting": "tuned", "cost": np.minimum(lanes["hit"], budget), "reached": reached}
    default = {"setting": "default", "cost": budget, "reached": False}
    return pd.concat(
        [shared.assign(log_gap=log_gap, value=lanes["f_final"], **own) for own in (tuned, default)],
        ignore_index=True,
    )[COST_COLUMNS]


def curve_of(keys, kind, gaps, steps):
    best = np.where(np.isinf(gaps), np.inf, np.minimum.accumulate(gaps))
    facts = {"setting": "tuned", "step": steps, "evaluations": steps, "unit": "gradients"}
    facts |= {"f": gaps, "gap": gaps, "best_gap": best}
    return pd.DataFrame(keys | facts | parts_of(kind, gaps))


def path_of(keys, gaps, steps):
    """Return a spiral into the origin."""
    radius = 1.5 * np.sqrt(np.minimum(gaps, 1e300) / FIRST_GAP)
    turn = 3 * (1 - radius) + keys["instance"]
    return pd.DataFrame(
        keys
        | {
            "setting": "tuned",
            "step": steps,
            "evaluations": steps,
            "x0": radius * np.cos(turn),
            "x1": radius * np.sin(turn),
        }
    )


def labels_of(curves):
    """Return the labels of the curves of data problems and nets."""
    rows = []
    for key, lane in curves.groupby([*PAIR, "instance", "seed"]):
        if len(lane) >= curve_verdicts.FEWEST and lane["train_loss"].notna().any():
            verdict = curve_verdicts.judge(
                lane["step"], lane["train_loss"], lane["validation_loss"]
            )
            rows.append([*key[:-2], "", "scoring", *key[-2:], "tuned", 3, 0.1, *verdict])
    return pd.DataFrame(rows, columns=verdict_table.COLUMNS)


def tensor_table(curves, count=2):
    """Return rows of layers of the nets among the curves: numbers that grow with the layer."""
    first = curves[(curves["dim"] == 2410) & (curves["instance"] == 0)]
    rows = []
    for row in first.itertuples(index=False):
        for layer in range(1, count + 1):
            numbers = {
                "units": 10 * layer, "mean": 0.1 * layer, "std": 1.0, "dead": 3,
                "saturated": math.nan if layer == count else 0.2, "gradient_norm": 0.5**layer,
                "weight_norm": 5.0, "update_ratio": 1e-3 * layer if row.step else math.nan,
                "weight_low": -1.0 - row.step, "weight_high": 1.0, "weight_counts": [1, 4, 1],
            }  # fmt: skip
            keys = [*(getattr(row, name) for name in PAIR), "net", 0, 0]
            numbers_of = (numbers[name] for name in LAYERS[2:])
            rows.append([*keys, row.step, layer, *numbers_of, f"layer {layer}"])
    return pd.DataFrame(rows, columns=[*OF_PAIRS, "instance", "seed", *LAYERS, "name"])


def instrument_table(curves):
    """Return readings of the nets among the curves: sharpness grows, and alpha is 0.5."""
    first = curves[(curves["dim"] == 2410) & (curves["instance"] == 0)]
    rows = []
    for row in first.itertuples(index=False):
        keys = [*(getattr(row, name) for name in PAIR), "net", 0, 0]
        alpha = 0.5 if row.step else math.nan
        readings = [0.1, 10.0 + row.step, 0.2 * row.step, 100.0, alpha, 1.0 + 0.1 * row.step]
        rows.append([*keys, row.setting, row.step, *readings])
    return pd.DataFrame(rows, columns=instrument_frame.COLUMNS)


def swept_labels(scores):
    """Return the labels of every rate of the nets: too low, and from the best rate on well."""
    rows = []
    for row in (row for frame in scores for row in frame.itertuples(index=False)):
        if row.dim == 2410 and row.trial >= 0:
            name = curve_verdicts.TOO_LOW if row.lr < 1e-2 else curve_verdicts.CONVERGING
            keys = [*(getattr(row, name) for name in PAIR), "net", "tuning", 1, 1, "other"]
            rows.append([*keys, row.trial, row.lr, name, f"evidence at {row.lr:.3g}"])
    return pd.DataFrame(rows, columns=verdict_table.COLUMNS)


def convergence_of(keys, kind, lanes, at_edge):
    """Return the row of a pair; intervals are the middle 60 %, so that they are easily known."""
    is_canonical = lanes["instance"] == 0
    (canonical,) = lanes[is_canonical].to_dict("records")
    lanes = lanes[~is_canonical]
    finals, hits = (np.sort(lanes[name]) for name in ("gap_final", "hit"))
    share, at = np.isfinite(hits).mean(), len(finals) // 2
    ended = lanes["ended"].value_counts()
    spent, successes = np.minimum(hits, RUN["budget"]).sum(), np.isfinite(hits).sum()
    success = "evaluations" if successes else "gap"
    return keys | {
        "basis": "evaluations",
        "ranked_by": "validation" if kind == "net" else success,
        "objective": finals[at] if kind == "net" or not successes else spent / successes,
        "default_ranked_by": "validation" if kind == "net" else "gap", "default_objective": 1.0,
        "trial": 1, "lr": lanes["lr"].iloc[0], "at_edge": at_edge, "extended": int(at_edge),
        "median_f": finals[at], "median_gap": finals[at],
        "gap_low": finals[len(finals) // 5], "gap_high": finals[len(finals) * 4 // 5],
        "success_share": share, "success_low": max(0.0, share - 0.2),
        "success_high": min(1.0, share + 0.2), "evaluations_to_target": hits[at],
        "lanes": len(finals), "reached": ended.get("reached", 0), "stationary": 0,
        "spent": ended.get("budget", 0), "stopped": 0, "diverged": ended.get("not finite", 0),
        "touched": 0, "local": True, "basin_share": math.nan, "basin_gap": math.nan,
        "canonical_f": canonical["f_final"], "canonical_gap": canonical["gap_final"],
        "canonical_success": float(np.isfinite(canonical["hit"])),
        "canonical_ended": canonical["ended"],
        **{name: float(values[0]) for name, values in parts_of(kind, finals[[at]]).items()},
        "generalisation_gap": 0.09 if kind in ("data", "net") else math.nan,
        "default_lr": 1e-3, "default_median_f": 1.0, "default_median_gap": 1.0,
        "default_success_share": 0.25, "default_evaluations_to_target": math.inf,
        "default_wins": False,
    }  # fmt: skip


def failures_of(convergence):
    """Return the rows of the table of failures: what does not reach its target is not finite."""
    rows = convergence.assign(
        setting="tuned", not_finite=convergence["diverged"], canonical="", canonical_evidence="",
        evidence="not finite: after 7 steps (instance 3, seed 1)",
    )  # fmt: skip
    return rows.drop(columns="diverged").reindex(columns=failure_table.COLUMNS, fill_value=0)


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


@pytest.fixture(scope="session", name="make_frames")
def fixture_of_frames():
    return make_frames


@pytest.fixture(scope="session")
def manifest():
    return make_manifest


@pytest.fixture(scope="session")
def surfaces():
    return bowl


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as own:
        browser = own.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
