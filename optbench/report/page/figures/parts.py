"""Parts of the data: loss and accuracy in training, validation and test."""

from __future__ import annotations

from typing import Any

from optbench.kernels.status import PART_NAMES
from optbench.report.figures.bands import Band, band
from optbench.report.page.contents import Contents
from optbench.report.page.groups import groups
from optbench.report.page.packing import rounded, whole

METRICS = ("loss", "accuracy")
COLUMNS = [f"{part}_{metric}" for metric in METRICS for part in PART_NAMES]
RECORD = ["instance", "seed", "evaluations"]
KEYS = ["label", "setting", "optimizer"]


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> setting -> metric -> part -> optimizer -> band, of data problems and nets.

    A band is evaluations x, and low, middle, high: quartiles over the pooled scoring lanes, None
    where a lane left the finite.
    """
    frame, problems = contents.frames["curves"], contents.frames["problems"]
    has_parts = set(problems.loc[problems["kind"].isin(("data", "net")), "label"])
    frame = frame[frame["label"].isin(has_parts & set(contents.labels))]
    figures: dict[str, Any] = {}
    for (label, setting, name), rows in groups(frame, KEYS, [*RECORD, *COLUMNS]):
        pooled = (rows["instance"] != 0) | (rows["seed"] != 0)
        own = {key: values[pooled] for key, values in rows.items()}
        for metric in METRICS:
            for part in PART_NAMES:
                of_part = band(own, f"{part}_{metric}") if pooled.any() else None
                if of_part is not None:
                    metrics = figures.setdefault(label, {}).setdefault(setting, {})
                    metrics.setdefault(metric, {}).setdefault(part, {})[name] = _numbers(of_part)
    return figures or None


def _numbers(own: Band) -> dict[str, Any]:
    return {
        "x": whole(own.evaluations), "low": rounded(own.low), "middle": rounded(own.median),
        "high": rounded(own.high), "lanes": own.lanes,
    }  # fmt: skip
