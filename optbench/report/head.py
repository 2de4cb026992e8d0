"""The facts at the top of the page: how much was run, and on which instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from optbench.report.figures import numbers
from optbench.report.statistics.endings import NOT_FINITE
from optbench.report.statistics.rows import Frames


def facts(frames: Frames, manifest: Mapping[str, Any], optimizers: int) -> dict[str, Any]:
    """Return the facts as the template shows them: pairs of words, and how phases were split."""
    lanes = frames["lanes"]
    scoring, tuning = (lanes[lanes["phase"] == phase] for phase in ("scoring", "tuning"))
    speed = manifest["lane_steps"] / max(manifest["run_seconds"], 1e-9)  # NaN if it is unknown
    return {
        "counts": [
            _counted(optimizers, "optimizer"),
            _counted(len(frames["problems"]), "problem"),
            (numbers.count(len(lanes)), "lanes"),
            (numbers.text(float(manifest["lane_steps"])), "lane-steps"),
            (numbers.seconds(manifest["run_seconds"]), "run time"),
            (numbers.seconds(manifest["compile_seconds"]), "compile time (apart)"),
            (numbers.text(speed), "lane-steps per second"),
        ],
        "tuning": spans(tuning["instance"].unique()),
        "scoring": spans(scoring["instance"].unique()),
        "seeds": len(scoring["seed"].unique()),
        "diverged": int((scoring["status"] == NOT_FINITE).sum()),
        "scored": len(scoring),
    }


def _counted(number: int, thing: str) -> tuple[str, str]:
    return numbers.count(number), thing if number == 1 else f"{thing}s"


def spans(values: Iterable[int]) -> str:
    """Return whole numbers as readers write them: ``3-6`` or ``1, 4``."""
    ordered = sorted(map(int, values))
    if len(ordered) > 1 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{ordered[0]}–{ordered[-1]}"
    return ", ".join(map(str, ordered)) or "none"
