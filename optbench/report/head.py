"""The facts at the top of the page: how much was run, and on which instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from optbench.report.figures import numbers

if TYPE_CHECKING:
    import pandas as pd


def facts(
    convergence: pd.DataFrame, manifest: Mapping[str, Any], problems: int
) -> dict[str, Any]:  # fmt: skip
    """Return the facts as the template shows them: pairs of words, and how phases were split."""
    speed = manifest["lane_steps"] / max(manifest["run_seconds"], 1e-9)  # NaN if it is unknown
    return {
        "counts": [
            _counted(convergence["optimizer"].nunique(), "optimizer"),
            _counted(problems, "problem"),
            (numbers.count(manifest["lanes"]), "lanes"),
            (numbers.text(float(manifest["lane_steps"])), "lane-steps"),
            (numbers.seconds(manifest["run_seconds"]), "run time"),
            (numbers.seconds(manifest["compile_seconds"]), "compile time (apart)"),
            (numbers.text(speed), "lane-steps per second"),
        ],
        "tuning": spans(manifest["tuning"]),
        "scoring": spans(manifest["scoring"]),
        "seeds": manifest["seeds"],
        "diverged": int(convergence["diverged"].sum()),
        "scored": int(convergence["lanes"].sum()),
        "touched": int(convergence["touched"].sum()),
    }


def _counted(number: int, thing: str) -> tuple[str, str]:
    return numbers.count(number), numbers.things(number, thing)


def spans(values: Iterable[int]) -> str:
    """Return whole numbers as readers write them: ``1, 3–6``."""
    ordered = sorted(map(int, values))
    starts = [n for n in ordered if n - 1 not in ordered]
    ends = [n for n in ordered if n + 1 not in ordered]
    runs = [str(a) if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True)]
    return ", ".join(runs) or "none"


def target_words(problems: pd.DataFrame) -> str:
    """Return what the target is, for one or several kinds of problem."""
    groups = problems.groupby("target_text", sort=False)["label"]
    parts = [f"{words} ({numbers.counted(len(labels), 'problem')})" for words, labels in groups]
    return "Target: " + "; ".join(parts) + "."
