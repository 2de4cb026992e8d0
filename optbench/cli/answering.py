"""What `optbench compare` prints: lines, or JSON."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optbench.cli.until import Decision
from optbench.report.comparing.questions import Overall, overall, rows_as_json
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST
from optbench.report.figures.numbers import counted, percent, text

if TYPE_CHECKING:
    import pandas as pd

HEAD = (
    f"{'problem':30s} {'lanes':>21s} {'objectives, tuning redrawn':>28s} {'a wins':>7s} {'p':>8s}  "
)


def as_json(
    a: str, b: str, folder: Path | None, rows: "pd.DataFrame", decisions: Sequence[Decision]
) -> dict[str, Any]:
    """Return everything, as JSON values."""
    together = {name: _plain(value) for name, value in vars(overall(rows)).items()}
    return {
        "a": a, "b": b, "run": None if folder is None else str(folder), "overall": together,
        "problems": rows_as_json(rows), "until": [one.as_json() for one in decisions],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else str(value) if math.isinf(value) else value
    return value


def lines(
    a: str, b: str, folder: Path | None, rows: "pd.DataFrame", decisions: Sequence[Decision]
) -> Iterator[str]:
    """Yield the lines of the answer."""
    where = "the runs" if folder is None else f"run {folder.name}"
    yield f"{a} (a) and {b} (b), {where}: ratios of costs, a to b; below 1 a is cheaper"
    yield f"p of the signed ranks, adjusted for {counted(len(rows), 'comparison')}"
    yield HEAD + "verdict"
    for row in rows.itertuples():
        name = row.label if folder is not None else f"{row.a}, {row.label}"
        ratio = f"{text(row.ratio)} {_ends(row.low, row.high)}"
        objectives = f"{text(row.objective_ratio)} {_ends(row.nested_low, row.nested_high)}"
        note = f" ({row.note})" if row.note else ""
        yield (
            f"{name:30s} {ratio:>21s} {objectives:>28s} {percent(row.improvement):>7s} "
            f"{text(row.p_holm, 2):>8s}  {row.verdict}{note}"
        )
    yield from _together(overall(rows))
    yield from _lanes_needed(rows)
    for one in decisions:
        yield _decided(one)


def _ends(low: float, high: float) -> str:
    return "" if math.isnan(low) or math.isnan(high) else f"[{text(low)}, {text(high)}]"


def _together(whole: Overall) -> Iterator[str]:
    """Yield what all problems say together."""
    ends = _ends(whole.low, whole.high)
    level = f" {ends} ({whole.level:.1%})" if ends else " (fewer than six: no interval)"
    yield (
        f"over {whole.problems} problems: median ratio of objectives {text(whole.ratio)}{level}, "
        f"p = {text(whole.p, 2)}; a wins {percent(whole.improvement)} of pairs of lanes"
    )
    for words, labels in ((A_FIRST, whole.holds), (B_FIRST, whole.reverses)):
        yield f"{words} on {len(labels)}: {', '.join(labels) or '-'}"


def _lanes_needed(rows: "pd.DataFrame") -> Iterator[str]:
    """Yield how many lanes would show a small difference, where lanes have a variance."""
    finite = rows[rows["lanes_paired"].notna()]
    if len(finite):
        paired, unpaired = (
            text(finite[name].median()) for name in ("lanes_paired", "lanes_unpaired")
        )
        yield (
            f"a difference of 5 % would take {paired} pairs of lanes, unpaired {unpaired} of each "
            f"(medians over {len(finite)} problems without failures)"
        )


def _decided(one: Decision) -> str:
    """Return the line of a question that lanes were added to."""
    after = (
        f"after {one.decided_after} instances" if one.decided_after is not None
        else f"after all {one.instances} instances"
    )  # fmt: skip
    return (
        f"{one.label}, at these settings: {one.verdict} {after} ({one.added} added); a wins "
        f"{one.wins} of {one.wins + one.losses} untied pairs, chance "
        f"[{one.low:.2f}, {one.high:.2f}] at all times ({one.level:.2%})"
    )
