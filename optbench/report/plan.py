"""Which figures a report has, each with the plain arrays it is drawn from."""

import math

import numpy as np

from optbench.kernels.status import rounding_floor
from optbench.report.figures import curves_and_rates, heatmap, statuses, trajectories
from optbench.report.figures import training as nets
from optbench.report.figures.bands import bands, starting_value
from optbench.report.figures.draw import Job
from optbench.report.figures.numbers import MISSING, text


def heatmaps(convergence, problems, dtype):
    """Return the two jobs of optimizer x problem."""
    labels = [label for label in problems["label"] if (convergence["label"] == label).any()]
    if not labels:
        return []
    share = _pivot(convergence, "success_share", labels)
    gap = _pivot(convergence, "median_gap", labels)
    order = share.mean().fillna(-1.0).sort_values(ascending=False, kind="stable").index
    share, gap = share[order].to_numpy(dtype=float), gap[order].to_numpy(dtype=float)
    facts = problems.set_index("label").loc[labels]
    kinds = list(facts["kind"])
    common = {
        "rows": labels,
        "columns": list(order),
        "breaks": [k for k in range(1, len(kinds)) if kinds[k] != kinds[k - 1]],
    }
    floors = rounding_floor(facts["f_ref"], dtype)
    floors = np.where(facts["kind"] == "net", 0.0, floors)[:, None]
    return [
        Job(
            "heatmap-success",
            heatmap.draw,
            common
            | {
                "title": "Share of scoring lanes that reached the target (%)",
                "colours": share,
                "texts": [[MISSING if np.isnan(v) else f"{100 * v:.0f}" for v in r] for r in share],
                "scale": [(0.0, "0"), (0.5, "50"), (1.0, "100 %")],
                "scale_text": "reached",
                "note": f"{target_words(problems)} {MISSING}: not run, or no target.",
            },
            "Heatmap of the share of lanes that reached the target, by optimizer and problem",
        ),
        Job(
            "heatmap-gap",
            heatmap.draw,
            common
            | {
                "title": "Median final gap: log10 in the cell, rank within the problem as colour",
                "colours": ranks(np.maximum(gap, floors)),
                "texts": [
                    [_exponent(v, floor) for v in r] for r, floor in zip(gap, floors, strict=True)
                ],
                "scale": [(0.0, "last"), (1.0, "best")],
                "scale_text": "rank",
                "note": "Gaps below 100 eps max(1, |f_ref|) count as equal and are written with <. "
                "∞: most lanes diverged. Nets: training loss in place of the gap.",
            },
            "Heatmap of the median final gap, by optimizer and problem",
        ),
    ]


def _pivot(convergence, column, labels):
    return convergence.pivot(index="label", columns="optimizer", values=column).reindex(labels)


def target_words(problems):
    """Return what the target is, for one or several kinds of problem."""
    groups = problems.groupby("target_text", sort=False)["label"]
    parts = [
        f"{words} ({len(labels)} problem{'s' if len(labels) > 1 else ''})"
        for words, labels in groups
    ]
    return "Target: " + "; ".join(parts) + "."


def ranks(values):
    """Return 1 for the best and 0 for the last of each row; equal values share the better rank."""
    shown = np.full(values.shape, np.nan)
    for r, row in enumerate(values):
        known = ~np.isnan(row)
        place = np.array([(row[known] < v).sum() for v in row[known]])
        shown[r, known] = 1.0 - place / max(1, known.sum() - 1)
    return shown


def _exponent(value, floor):
    if np.isnan(value):
        return MISSING
    if np.isinf(value):
        return "∞"
    if value <= floor[0]:
        return f"<{math.ceil(math.log10(floor[0]))}" if floor[0] > 0 else text(value)
    return f"{round(math.log10(value), 1) + 0.0:.1f}"  # adding 0 keeps -0.0 out


def endings(lanes):
    """Return the job of the lanes' final statuses, most successful optimizer first."""
    counts = (
        lanes[lanes["phase"] == "scoring"]
        .groupby(["optimizer", "ended"], observed=True)
        .size()
        .unstack(fill_value=0)
        .reindex(columns=list(statuses.STATUSES), fill_value=0)
    )
    if not len(counts):
        return []
    shares = counts.div(counts.sum(axis=1), axis=0)
    counts = counts.loc[
        shares.sort_values(["reached", "not finite"], ascending=[False, True], kind="stable").index
    ]
    return [
        Job(
            "statuses",
            statuses.draw,
            {"names": list(counts.index), "counts": counts.to_numpy(dtype=float)},
            "Stacked bars of how scoring lanes ended, by optimizer",
        )
    ]


def of_problem(facts, slug, curves, scores, convergence, styles):
    """Return the main jobs of one problem, or nothing if it has neither curves nor scores.

    Methods that see values alone have an axis of their own.

    Parameters
    ----------
    facts : namedtuple
        The problem's row.
    slug : str
    curves, scores, convergence : DataFrame
        The problem's rows of these frames.
    styles : dict
    """
    if not len(curves) and not len(scores):
        return []
    alone = "unit" in curves and curves["unit"] == "values"
    valued = curves[alone] if np.any(alone) else curves.iloc[:0]
    names = valued["optimizer"].unique()
    rest = [frame[~frame["optimizer"].isin(names)] for frame in (curves, scores)]
    jobs = [
        _of_unit(facts, slug, *rest, convergence, styles, "gradient evaluations"),
        _of_unit(
            facts, f"{slug}-values", valued, scores.iloc[:0], convergence, styles,
            "evaluations of values alone",
        ),
    ]  # fmt: skip
    return [job for job in jobs if job is not None]


def _of_unit(facts, slug, curves, scores, convergence, styles, unit):
    """Return the job of the optimizers whose evaluations are of one kind, or None without any."""
    if not len(curves) and not len(scores):
        return None
    column = curves_and_rates.VALUE[facts.kind][0]
    made = bands(curves, column, facts.kind) if len(curves) else {}
    edges = dict(zip(convergence["optimizer"], convergence["at_edge"], strict=True))
    series = {
        name: {
            "lr": rows["lr"].to_numpy(dtype=float),
            "score": rows["score"].fillna(np.inf).to_numpy(dtype=float),
            "diverged_share": rows["diverged_share"].fillna(0.0).to_numpy(dtype=float),
            "best": rows["best"].to_numpy(dtype=bool),
            "at_edge": bool(edges.get(name, False)),
        }
        for name, rows in scores.sort_values("lr").groupby("optimizer", observed=True)
    }
    diverged = {
        row.optimizer: (row.diverged, row.total_lanes)
        for row in convergence.itertuples(index=False)
    }
    return Job(
        f"problem-{slug}",
        curves_and_rates.draw,
        {
            "label": facts.label,
            "kind": facts.kind,
            "bands": made,
            "series": series,
            "styles": styles,
            "diverged": diverged,
            "target": target_value(facts, made),
            "unit": unit,
        },
        f"{facts.label}: loss curves" + (" and learning-rate sensitivity" if series else ""),
    )


def target_value(facts, made):
    """Return the level of success: an absolute one as it is, else tau times the starting gap."""
    if facts.target is None or math.isnan(facts.target):
        return math.nan
    absolute = facts.kind == "net" or facts.absolute_targets
    return facts.target if absolute else facts.target * starting_value(made)


def training(facts, slug, curves, styles):
    """Return the job of training, validation and test curves, for data problems and nets."""
    if facts.kind not in ("data", "net") or not len(curves):
        return []
    losses = {part: bands(curves, f"{part}_loss", facts.kind) for part in nets.PARTS}
    accuracies = {part: bands(curves, f"{part}_accuracy", facts.kind) for part in nets.PARTS}
    if not any(losses.values()):
        return []
    return [
        Job(
            f"training-{slug}",
            nets.draw,
            {
                "label": facts.label,
                "losses": losses,
                "accuracies": accuracies,
                "styles": styles,
            },
            f"{facts.label}: loss and accuracy on the training, validation and test part",
        )
    ]


def over_contours(facts, slug, paths, lanes, styles, surfaces):
    """Return the job of trajectories: seed 0 of the first scoring instance of a 2-D surface."""
    if not len(paths):
        return []
    instance = int(paths["instance"].min())
    rows = paths[paths["instance"] == instance]
    seed = int(rows["seed"].min())
    rows = rows[rows["seed"] == seed].sort_values("step", kind="stable")
    walked = {
        name: part[["x0", "x1"]].to_numpy(dtype=float)
        for name, part in rows.groupby("optimizer", observed=True)
    }
    everywhere = np.concatenate(list(walked.values()))
    grid = minimum = None
    surface = surfaces(facts.label, instance) if surfaces is not None else None
    if surface is None:
        inside = everywhere[np.isfinite(everywhere).all(axis=1)]
        low, high = np.quantile(inside, [0.02, 0.98], axis=0)
        shown = trajectories.view((low - 0.1 * (high - low) - 1e-3, high + 1e-3), everywhere)
    else:
        value, box, minimum = surface
        known = [everywhere] if minimum is None else [everywhere, [minimum]]
        shown = trajectories.view(box, np.concatenate(known))
        grid = trajectories.evaluated(value, shown)
    same = lanes[(lanes["instance"] == instance) & (lanes["seed"] == seed)]
    same = same[same["phase"] == "scoring"]
    return [
        Job(
            f"trajectories-{slug}",
            trajectories.draw,
            {
                "label": facts.label,
                "instance": instance,
                "seed": seed,
                "paths": walked,
                "captions": {row.optimizer: _caption(row) for row in same.itertuples(index=False)},
                "styles": styles,
                "shown": shown,
                "grid": grid,
                "minimum": None if minimum is None else tuple(map(float, minimum)),
            },
            f"{facts.label}: trajectories over contours",
        )
    ]


def _caption(lane):
    """Return what is said of a lane: its rate if it has one, its gap if it is known, its end."""
    rate = [] if math.isnan(lane.lr) else [f"lr {text(lane.lr)}"]
    unknown = math.isnan(lane.gap_final)
    value = f"f {text(lane.f_final)}" if unknown else f"gap {text(lane.gap_final)}"
    return ", ".join([*rate, value, statuses.words_of(lane.ended)])
