"""The table of problems: their kinds and what counts as success; and pairs without results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from optbench.report.statistics.pair_results import PairResults
from optbench.study.results import FAILED, PENDING, SKIPPED

COLUMNS = [
    "label", "problem", "dim", "kind", "family", "tags", "f_ref", "f_ref_source", "target",
    "target_text", "absolute_targets", "content",
]  # fmt: skip


def problem_table(problems: Mapping[str, Any], pairs: Sequence[PairResults]) -> pd.DataFrame:
    """Return one row per problem that has results.

    Parameters
    ----------
    problems : dict
        label -> facts.
    pairs : sequence of PairResults
        Their canonical draws show the reference value.
    """
    last = {pair.facts["label"]: pair for pair in pairs}
    rows = [
        {**last[label].facts, "f_ref": float(last[label].scoring["f_ref"][0])}
        for label in problems if label in last
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"f_ref": float})
    unknown = table["f_ref"].isna() & (table["kind"] != "net")
    table.loc[unknown, "target_text"] = "none, since no reference value is known"
    return table


def pairs_without_results(pairs: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each pair that has no results: why, and the traceback of an error."""
    reasons = {
        SKIPPED: "{reason}",
        FAILED: "failed: {reason}",
        PENDING: "not finished when the run was interrupted; the same command goes on",
    }
    rows = [
        (pair["optimizer"], pair["label"], pair["state"],
         reasons[pair["state"]].format(reason=pair["reason"]), pair["trace"] or "")
        for pair in pairs if pair["state"] in reasons
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["optimizer", "label", "state", "reason", "trace"])
