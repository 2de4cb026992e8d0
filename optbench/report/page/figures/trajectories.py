"""Trajectories over contours: the canonical lane of 2-D surfaces, from the declared start."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.report.figures.endings import words_of
from optbench.report.figures.surface_views import View, log_levels, view, visible
from optbench.report.page.contents import Contents
from optbench.report.page.groups import Columns, groups
from optbench.report.page.packing import whole
from optbench.report.statistics.pooling import is_canonical

KEYS = ["label", "setting", "optimizer"]
POINTS = 100
"""Of the grid along each side: the browser draws smooth bands between them."""
HIGHEST = 65535
"""The number of the highest level, in two bytes."""
DECADES, SKIPPED = 8, 0.003
"""How far below the highest value levels begin, and the share of values below all of them."""
DIGITS = 4
"""Of a coordinate, counted from the width of what is shown."""
Floats = NDArray[np.float64]


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> view, minimum, surface, and setting -> optimizer -> its path.

    A path has x, y, evaluations and how it ended. `surface` holds the heights of a grid, row by row
    upwards, even in the logarithm of what they are above the least value shown: all high bytes,
    then all low bytes, in base64. None where the surface is not at hand.
    """
    figures = {}
    for label, paths in _paths(contents).items():
        surface = contents.surfaces(label) if contents.surfaces is not None else None
        figures[label] = _figure(paths, surface)
    ended = contents.convergence[["label", "optimizer", "canonical_ended"]]
    for label, name, ending in ended.itertuples(index=False):
        path = figures.get(label, {}).get("tuned", {}).get(name)
        if path is not None:
            path["ended"] = words_of(ending)
    return figures or None


def _paths(contents: Contents) -> dict[str, dict[tuple[str, str], Columns]]:
    """Return label -> (setting, optimizer) -> the canonical lane's points."""
    frame = contents.frames["paths"]
    frame = frame[is_canonical(frame) & frame["label"].isin(contents.labels).to_numpy()]
    paths: dict[str, dict[tuple[str, str], Columns]] = {}
    for (label, setting, name), rows in groups(frame, KEYS, ["x0", "x1", "evaluations"]):
        paths.setdefault(label, {})[setting, name] = rows
    return paths


def _figure(paths: dict[tuple[str, str], Columns], surface: Any) -> dict[str, Any]:
    limits, minimum, heights = _background(paths, surface)
    digits = [DIGITS - math.floor(math.log10(b - a)) - 1 for a, b in zip(*limits, strict=True)]
    figure: dict[str, Any] = {
        "view": [[round(v, n) for v, n in zip(end, digits, strict=True)] for end in limits],
        "minimum": minimum, "surface": heights, "points": POINTS, "tuned": {}, "default": {},
    }  # fmt: skip
    for (setting, name), rows in paths.items():
        figure[setting][name] = _path(rows, limits, digits)
    return figure


def _background(
    paths: dict[tuple[str, str], Columns], surface: Any
) -> tuple[View, list[float] | None, str | None]:
    """Return the view, which holds start and minimum, the minimum, and the heights in base64."""
    points = np.concatenate([np.column_stack([own["x0"], own["x1"]]) for own in paths.values()])
    if surface is None:
        finite = points[np.isfinite(points).all(axis=1)]
        low, high = np.quantile(finite, [0.02, 0.98], axis=0)
        return view((low - 0.1 * (high - low) - 1e-3, high + 1e-3), points), None, None
    value, box, minimum = surface
    seen = points if minimum is None else np.concatenate([points, [minimum]])
    limits = view(box, seen)
    heights = base64.b64encode(_heights(value, limits)).decode()
    return limits, None if minimum is None else [float(v) for v in minimum], heights


def _path(rows: Columns, limits: View, digits: list[int]) -> dict[str, Any]:
    """Return a path up to where it leaves for good, to the digits that a figure can show."""
    points = visible(np.column_stack([rows["x0"], rows["x1"]]), limits)
    x, y = (np.round(column, n).tolist() for column, n in zip(points.T, digits, strict=True))
    return {"x": x, "y": y, "evaluations": whole(rows["evaluations"][: len(points)])}


def _heights(value: Any, limits: View) -> bytes:
    """Return the heights of a surface over what is shown; the highest where it is not finite."""
    (left, low), (right, high) = limits
    across, up = np.meshgrid(np.linspace(left, right, POINTS), np.linspace(low, high, POINTS))
    f = np.asarray(value(np.column_stack([across.ravel(), up.ravel()])), float)
    gaps = f - np.min(f[np.isfinite(f)], initial=np.inf)
    ends = log_levels(gaps, 2, skipped=SKIPPED, below_top=DECADES)
    if not len(ends) or ends[0] == ends[1]:
        return bytes(2 * POINTS**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (np.log(gaps) - np.log(ends[0])) / np.log(ends[1] / ends[0])
    share = np.where(np.isfinite(f), np.clip(share, 0.0, 1.0), 1.0)
    high, low = divmod(np.rint(HIGHEST * share).astype(np.uint16), 256)
    return np.concatenate([high, low]).astype(np.uint8).tobytes()
