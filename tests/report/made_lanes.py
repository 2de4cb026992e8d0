"""Lanes whose gap falls exponentially, by hand: their curves, paths, ends and rates."""

import math
import zlib

import numpy as np
import pandas as pd

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
