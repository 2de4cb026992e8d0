"""Parts of the data: loss and accuracy in training, validation and test."""

from __future__ import annotations

from typing import Any

from optbench.kernels.status import PART_NAMES
from optbench.report.figures.bands import Band, bands
from optbench.report.page.contents import Contents
from optbench.report.page.packing import rounded, whole

SETTINGS = ("tuned", "default")
METRICS = ("loss", "accuracy")


def data(contents: Contents) -> dict[str, Any] | None:
    """Return label -> setting -> metric -> part -> optimizer -> band, of data problems and nets.

    A band is evaluations x, and low, middle, high: quartiles over the pooled scoring lanes, None
    where a lane left the finite.
    """
    kinds = dict(contents.frames["problems"][["label", "kind"]].itertuples(index=False))
    figures = {}
    for label, curves in contents.by_label("curves").items():
        if kinds[label] in ("data", "net"):
            own = {setting: _metrics(curves, setting) for setting in SETTINGS}
            if any(own.values()):
                figures[label] = own
    return figures or None


def _metrics(curves: Any, setting: str) -> dict[str, Any]:
    """Return the metrics that the problem has at a setting."""
    metrics = {}
    for metric in METRICS:
        parts = {
            part: {name: _band(band) for name, band in own.items()}
            for part in PART_NAMES
            if (own := bands(curves, f"{part}_{metric}", setting))
        }
        if parts:
            metrics[metric] = parts
    return metrics


def _band(band: Band) -> dict[str, Any]:
    return {
        "x": whole(band.evaluations), "low": rounded(band.low), "middle": rounded(band.median),
        "high": rounded(band.high), "lanes": band.lanes,
    }  # fmt: skip
