"""What the page says in words: what was run, what it cannot tell, and rows of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optbench.report import tables
from optbench.report.comparing.questions import overall
from optbench.report.comparing.sentences import sentences
from optbench.report.figures import numbers
from optbench.report.head import spans
from optbench.report.kinds.kind_of import kind_of
from optbench.report.kinds.kind_table import FEWEST_FAMILIES
from optbench.report.page.best import COLUMNS, best
from optbench.report.page.contents import Contents
from optbench.report.statistics.ranking import ranked
from optbench.report.tuning.regret import regret_line

TOPICS = {"The control: ": "Two optimizers that are one", "Under-tuned, ": "Under-tuned"}
"""What sentences on pairs of optimizers are about, by their first words."""
GUESTS = ("torch:", "optax:")
"""How optimizers of other libraries are named."""
MOST_NAMES = 6
"""In a sentence; more are counted."""


def lead(contents: Contents) -> str:
    """Return one sentence on what was run."""
    manifest, table = contents.manifest, contents.own
    budgets = sorted(table["budget"].unique())
    spent = " to ".join(numbers.count(n) for n in dict.fromkeys((budgets[0], budgets[-1])))
    optimizers = numbers.counted(len(contents.optimizers), "optimizer")
    problems = numbers.counted(len(contents.frames["problems"]), "problem")
    return (
        f"{optimizers} on {problems}, each with {spent} gradient evaluations: "
        f"{numbers.counted(manifest['lanes'], 'lane')} in "
        f"{numbers.seconds(manifest['run_seconds'])}, tuned on instances "
        f"{spans(manifest['tuning'])} and scored on others, {spans(manifest['scoring'])}."
    )


Limit = tuple[str, str]
"""A topic, and what cannot be said about it."""


def limits(contents: Contents) -> list[Limit]:
    """Return what the run cannot tell, the weightiest first."""
    return [*_doubts(contents), *_reach(contents), *_silence(contents), *_tuning(contents)]


def _doubts(contents: Contents) -> Iterator[Limit]:
    """Yield why what follows may be wrong, or is not all."""
    for words in sentences(contents.frames):
        start = next((start for start in TOPICS if words.startswith(start)), "")
        yield TOPICS.get(start, "Two optimizers"), words.removeprefix(start)
    skipped = contents.frames["skipped"]
    if len(skipped):
        pairs = numbers.counted(len(skipped), "pair")
        yield "Not run", f"{pairs} of an optimizer and a problem have no results; see the end."


def _reach(contents: Contents) -> Iterator[Limit]:
    """Yield how far the answers reach: budgets and families."""
    kinds, budgets = contents.frames["kinds"], contents.convergence["budget"]
    if len(budgets):
        most = numbers.count(budgets.max())
        words = f"lanes end after at most {most} gradient evaluations; a method that needs longer"
        yield "Budget", f"{words} to get going looks worse than it is."
    few = kinds.loc[kinds["families"] < FEWEST_FAMILIES, "kind"].unique().tolist()
    every = kinds["kind"].unique().tolist()
    if few:
        which = "every kind" if few == every else "; ".join(few)
        words = f"of {which} fewer than {FEWEST_FAMILIES} families were run, so that the answer is"
        yield (
            "Other problems",
            (f"{words} about these alone: its interval is over their lanes, not problems to come."),
        )


def _silence(contents: Contents) -> Iterator[Limit]:
    """Yield the problems that say little."""
    table = contents.frames["discrimination"]
    silent = table.loc[table["note"].str.startswith("says nothing"), "label"].tolist()
    if silent:
        yield (
            "Problems that say nothing",
            (f"no two optimizers can be told apart on {_names(silent)}."),
        )
    hard = table.loc[table["note"] == "all lose", "label"].tolist()
    if hard:
        yield "Targets out of reach", f"nobody reaches them on {_names(hard)}: gaps decide there."


def _tuning(contents: Contents) -> Iterator[Limit]:
    """Yield what tuning did not see."""
    table, study = contents.own, contents.manifest["study"]
    space = study.get("space", "lr")
    what = "the learning rate alone" if space == "lr" else f"the space {space!r}"
    words = f"tuning searched {what}, and the rest stays at its default."
    edges = int(table["at_edge"].sum())
    if edges:
        pairs = numbers.counted(len(table), "pair")
        words += (
            f" In {edges} of {pairs} the best rate met the edge of the grid "
            "and this was extended; such rates are marked."
        )
    yield "Other settings", words
    guests = [name for name in dict.fromkeys(table["optimizer"]) if name.startswith(GUESTS)]
    if guests:
        yield (
            "Optimizers of other libraries",
            f"{_names(guests)} run as torch and optax have them, over the rates of the study; "
            "their other settings stay as they are, but for those in brackets as LOW:HIGH, which "
            "are searched there.",
        )
    yield "Luck in tuning", regret_line(contents.frames["regret"])
    with_default = int(table["default_median_f"].notna().sum())
    if with_default:
        yield (
            "Whether to tune",
            (
                f"the default setting did better than the tuned one in "
                f"{int(table['default_wins'].sum())} of {with_default} pairs."
            ),
        )


def against(contents: Contents) -> list[dict[str, Any]]:
    """Return a row for each optimizer of the run and each that is stored: which comes first."""
    if "against" not in contents.frames:
        return []
    rows, families = [], dict(contents.frames["problems"].set_index("label")["family"])
    for (a, b), own in contents.frames["against"].groupby(["a", "b"], sort=True):
        whole = overall(own, families)
        before, behind = len(whole.holds), len(whole.reverses)
        rows.append({
            "a": a, "b": b, "before": before, "behind": behind, "open": len(own) - before - behind,
            "ratio": tables.number_cell(
                numbers.text(whole.ratio), whole.ratio,
                note=tables.interval(whole.low, whole.high, numbers.text),
            ),
            "won": numbers.percent(whole.improvement),
        })  # fmt: skip
    return rows


def problems(contents: Contents) -> list[dict[str, str]]:
    """Return the rows of the table of problems."""
    table = contents.convergence[["label", *COLUMNS]]  # rows of few columns are fast
    own, nothing = dict(list(table.groupby("label", sort=False))), table.iloc[:0]
    return [
        {
            "label": row.label, "kind": kind_of(row._asdict()), "tags": row.tags or "",
            "target": row.target_text, "f_ref": numbers.text(row.f_ref),
            "order": tables.number_cell("", row.f_ref).value, "source": row.f_ref_source,
            "best": best(own.get(row.label, nothing)),
        }
        for row in contents.frames["problems"].itertuples(index=False)
    ]  # fmt: skip


def parts(contents: Contents) -> list[dict[str, Any]]:
    """Return losses, accuracies and verdicts of data problems and nets, a row a pair."""
    verdicts, rows = contents.frames["labels"], list[dict[str, Any]]()
    kinds = dict(contents.frames["problems"][["label", "kind"]].itertuples(index=False))
    for label, own in contents.convergence.groupby("label", sort=False):
        if kinds[label] in ("data", "net"):
            table = tables.parts_rows(ranked(own), verdicts[verdicts["label"] == label])
            rows += [{"label": label, **row} for row in table]
    return rows


def evidence(contents: Contents) -> list[dict[str, str]]:
    """Return the label of the training curve at every rate of nets, with its evidence."""
    labels = contents.frames["labels"]
    swept = labels[(labels["phase"] == "tuning") & (labels["setting"] != "default")]
    return [
        {
            "label": str(label), "optimizer": row.optimizer, "lr": numbers.text(row.lr),
            "verdict": row.verdict, "evidence": row.evidence,
        }
        for label, rows in swept.groupby("label", sort=False, observed=True)
        for row in rows.sort_values(["optimizer", "lr"], kind="stable").itertuples(index=False)
    ]  # fmt: skip


def _names(names: list[str], most: int = MOST_NAMES) -> str:
    """Return names with commas; of many the first ones, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
