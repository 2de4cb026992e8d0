"""Runs of parts of one study, as they are read to be joined; and what keeps them apart."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from optbench.errors import UserError, counted
from optbench.study.results import Facts, Results

PARTS = ("optimizers", "problems")
"""The fields in which the studies of shards may differ."""
NAMED = 5
"""How many missing shards a message names."""


@dataclass(frozen=True)
class Shard:
    """A run of a part of a study.

    Attributes
    ----------
    results : Results
        Open, to read cells from.
    name : str
        Its folder, for messages.
    manifest : dict
    invocations : list of dict
    pairs : list of dict
        As `Results.pairs` gives them.
    problems : dict
        label -> facts.
    cells : list of (optimizer, label, phase, part, cell)
    codes : dict
        Hash of numeric code -> versions, of all cells.
    """

    results: Results
    name: str
    manifest: Facts
    invocations: list[Facts]
    pairs: list[Facts]
    problems: dict[str, Facts]
    cells: list[tuple[str, str, str, int, str]]
    codes: dict[str, Facts]

    @classmethod
    def read(cls, results: Results) -> Self:
        """Read all but the arrays of a run."""
        cells = results.names()
        facts = [results.get(cell, ())[0] for *_, cell in cells]
        return cls(
            results, str(results.folder), results.manifest(), results.invocations(),
            results.pairs(), results.problems(), cells,
            {str(own["code"]): own["versions"] for own in facts},
        )  # fmt: skip

    @property
    def study(self) -> Facts:
        """The fields of its study."""
        return dict(self.manifest["study"])

    @property
    def part(self) -> Facts | None:
        """Which part of a study it is, see `dividing.Division`; None if that was not by number."""
        part: Facts | None = self.manifest.get("shard")
        return part

    @property
    def device(self) -> str:
        """The device that it was asked to run on."""
        return str(self.invocations[-1]["device"])


def name_of(label: str) -> str:
    """Return the name of a problem with this label: what is before its size and its budget."""
    return label.partition(" (")[0].partition(", ")[0]


def check_joinable(shards: Sequence[Shard], incomplete: bool = False) -> None:
    """Refuse runs that are not parts of one study, share a pair, or lack shards by number.

    Parameters
    ----------
    shards : sequence of Shard
    incomplete : bool
        Whether shards may be missing.

    Raises
    ------
    UserError
        With the names of the runs, and what they differ in or share.
    """
    for shard in shards:
        if "listed" not in shard.manifest:
            raise UserError(
                f"{shard.name}: was computed before runs could be joined; run it again, elsewhere"
            )
        if len(shard.codes) > 1:
            raise UserError(f"{shard.name}: parts of it were computed by different code")
    for a, b in itertools.combinations(shards, 2):
        difference = (
            _study_difference(a, b) or _part_difference(a, b) or _code_difference(a, b)
            or _problem_difference(a, b) or _overlap(a, b)
        )  # fmt: skip
        if difference:
            raise UserError(f"{a.name} and {b.name} cannot be joined: {difference}")
    if not incomplete:
        _refuse_missing([shard.part for shard in shards if shard.part])


def _refuse_missing(parts: Sequence[Facts]) -> None:
    """Name the shards that are not there, of those that were made by number."""
    if not parts:
        return
    count, there = parts[0]["of"], {part["number"] for part in parts}
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in there]
    if missing:
        names = ", ".join(missing[:NAMED]) + (" and more" if len(missing) > NAMED else "")
        raise UserError(
            f"{len(missing)} of {count} shards are missing: {names}; run each with --shard and "
            "name its run too, or join what there is with --incomplete"
        )


def _part_difference(a: Shard, b: Shard) -> str:
    """Say that two shards are of different divisions, or the same one twice."""
    if a.part is None or b.part is None:
        return ""
    if a.part["of"] != b.part["of"]:
        return f"one is of {a.part['of']} shards, the other of {b.part['of']}"
    if a.part["number"] == b.part["number"]:
        return f"both are shard {a.part['number']}/{a.part['of']}; leave one of them out"
    return ""


def _study_difference(a: Shard, b: Shard) -> str:
    """Say in which settings two studies differ, beside what they are narrowed to."""
    fields = [name for name in {**a.study, **b.study} if name not in PARTS]
    differing = [name for name in fields if a.study.get(name) != b.study.get(name)]
    if differing:
        return _listed("study settings differ", [
            (name, a.study.get(name), b.study.get(name)) for name in differing
        ])  # fmt: skip
    if a.device != b.device:
        return _listed("they ran on different devices", [("device", a.device, b.device)])
    return ""


def _code_difference(a: Shard, b: Shard) -> str:
    """Say that other code or versions computed one of two runs."""
    if not a.codes or not b.codes or a.codes.keys() == b.codes.keys():
        return ""
    (first,), (second,) = a.codes.values(), b.codes.values()
    names = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    if not names:
        return "they were computed by different versions of optbench's own code"
    return _listed("they were computed by different versions", [
        (name, first.get(name), second.get(name)) for name in names
    ])  # fmt: skip


def _problem_difference(a: Shard, b: Shard) -> str:
    """Say which problem both have, each with another definition, target or budget."""
    budgets = [
        {pair["label"]: pair["budget"] for pair in own.pairs if "budget" in pair} for own in (a, b)
    ]
    for label in (label for label in a.problems if label in b.problems):
        first, second = (
            {**own.problems[label], "budget": budget[label]}
            for own, budget in zip((a, b), budgets, strict=True)
        )
        if first != second:
            return _listed(f"{label} is another problem", [
                (name, first.get(name), second.get(name))
                for name in first if first.get(name) != second.get(name)
            ])  # fmt: skip
    return ""


def _overlap(a: Shard, b: Shard) -> str:
    """Say which pairs both runs have."""
    first, second = ([(p["optimizer"], p["label"]) for p in own.pairs] for own in (a, b))
    of_second = set(second)
    shared = [pair for pair in first if pair in of_second]
    if not shared:
        return ""
    (optimizer, label), more = shared[0], len(shared) - 1
    others = f" and {counted(more, 'more pair')}" if more else ""
    return f"both have {optimizer} on {label}{others}"


def _listed(what: str, differing: Iterable[tuple[str, Any, Any]]) -> str:
    values = "; ".join(f"{name} = {first!r} and {second!r}" for name, first, second in differing)
    return f"{what} ({values})"
