"""What the page says of pairs of optimizers: how many are decided, and how far to trust that."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from optbench.report.comparing.comparisons import chance_verdicts
from optbench.report.comparing.containments import UNDER_TUNED
from optbench.report.comparing.control import controlled
from optbench.report.statistics.rows import Frames


def sentences(frames: Frames) -> list[str]:
    """Return sentences about the frames of comparisons, none where there are no such frames."""
    return list(_sentences(frames)) if len(frames.get("comparisons", ())) else []


def _sentences(frames: Frames) -> Iterator[str]:
    yield f"{chance_verdicts(frames['comparisons'])}."
    yield f"The control: {controlled(frames['control'])}."
    under_tuned = _under_tuned(frames["containment"])
    if under_tuned:
        yield (
            "Under-tuned, since what they contain comes before them, at a setting that is one of "
            f"their own: {'; '.join(under_tuned)}."
        )


def _under_tuned(containment: pd.DataFrame) -> list[str]:
    """Return the containers that lose, each with what to and on how many problems."""
    losing = containment[containment["verdict"] == UNDER_TUNED]
    texts = []
    for (container, contained), rows in losing.groupby(["container", "contained"], sort=True):
        on = rows["label"].iloc[0] if len(rows) == 1 else f"{len(rows)} problems"
        texts.append(f"{container} behind {contained} on {on}")
    return texts
