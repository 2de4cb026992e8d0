"""Why lanes failed: a row a pair and setting, with the evidence of one lane for each reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optbench.kernels.status import Failure
from optbench.report.statistics.columns import PAIR
from optbench.report.statistics.pair_results import CANONICAL, PairResults

SETTINGS = ("tuned", "default")
"""What the trials are whose curves are kept."""
REACHED, NO_TARGET = "reached", "no_target"
SPENT = "spent"
"""Stands for `Failure.BUDGET`, since "budget" is how much there was."""
FAILURES = [failure.name.lower().replace("budget", SPENT) for failure in Failure][1:]
COUNTS = [REACHED, NO_TARGET, *FAILURES]
"""Columns of how many pooled lanes reached their target, had none to miss, or failed in each way.
"""
COLUMNS = [*PAIR, "setting", "lanes", *COUNTS, "evidence", "canonical", "canonical_evidence"]
EVIDENCE = {
    Failure.NOT_FINITE: "after {:.0f} steps",
    Failure.DIVERGED: "{:.3g} gaps of the start",
    Failure.LEFT_THE_BOX: "{:.3g} diagonals outside",
    Failure.PLATEAU: "slope x distance is {:.2g} of the gap",
    Failure.SADDLE: "least eigenvalue {:.3g}",
    Failure.OTHER_MINIMUM: "least eigenvalue {:.3g}",
    Failure.STOPPED: "after {:.0f} steps",
    Failure.STALLED: "{:.2%} of the gap gained in the second half",
    Failure.BUDGET: "{:.2%} of the gap gained in the second half",
}
"""What the number of a lane says: see `lanes.failures.failures`."""


def failure_table(pairs: Sequence[PairResults]) -> pd.DataFrame:
    """Return a row for each pair and setting; none of runs that did not keep why lanes failed."""
    rows = [
        _row(pair, place, setting)
        for pair in pairs
        if "failure" in pair.scoring
        for place, setting in enumerate(SETTINGS[: len(pair.scoring["kept"])])
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(pair: PairResults, place: int, setting: str) -> dict[str, Any]:
    """Return the row of a kept trial: of the pooled lanes, and of the canonical one by itself."""
    codes, evidence = pair.scoring["failure"][:, place], pair.scoring["evidence"][:, place]
    target, pooled = pair.has_target(), slice(CANONICAL + 1, None)
    if not target:  # on some instance: then nobody can miss it
        codes = np.where(codes > Failure.DIVERGED, Failure.NONE, codes)
    others, *failed = np.bincount(codes[pooled], minlength=len(Failure)).tolist()
    counts = [others * target, others * (not target), *failed]
    own = Failure(codes[CANONICAL])
    return {
        **{name: pair.facts[name] for name in PAIR},
        "setting": setting,
        "lanes": len(codes[pooled]),
        **dict(zip(COUNTS, counts, strict=True)),
        "evidence": _examples(pair, codes, evidence),
        "canonical": own.words,
        "canonical_evidence": EVIDENCE[own].format(evidence[CANONICAL]) if own else "",
    }


def _examples(pair: PairResults, codes: NDArray[np.integer], evidence: NDArray[np.float64]) -> str:
    """Return words about one pooled lane for each reason, the commonest reason first.

    It is the lane whose number is the median of those that failed for that reason.
    """
    pooled = np.arange(len(codes)) > CANONICAL
    examples: list[tuple[int, str]] = []
    for failure, words in EVIDENCE.items():
        lanes = np.flatnonzero((codes == failure) & pooled)
        if not len(lanes):
            continue
        lane = lanes[np.argsort(evidence[lanes], kind="stable")[len(lanes) // 2]]
        draw = f"instance {pair.scoring['instance'][lane]}, seed {pair.scoring['seed'][lane]}"
        text = f"{failure.words}: {words.format(evidence[lane])} ({draw})"
        examples.append((-len(lanes), text))
    return "; ".join(text for _, text in sorted(examples, key=lambda example: example[0]))
