"""Effects and verdicts in words and numbers, as tables and pages show them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from optbench.claims.null import NullCheck, null_check
from optbench.claims.verdict import DEPENDS, NOT_SHOWN, NOT_SUPPORTED, SUPPORTED, YES
from optbench.errors import counted

if TYPE_CHECKING:
    from optbench.claims.measuring import Facts

COLUMNS = ("claim", "source", "verdict", "effect", "interval", "stable", "null", "command")
ORDER = (SUPPORTED, DEPENDS, NOT_SHOWN, NOT_SUPPORTED)


def number(value: float) -> str:
    """Return a number of three digits: 1.25, 12.5, 1.25e+04, ∞."""
    if not math.isfinite(value):
        return "-" if math.isnan(value) else "∞" if value > 0 else "-∞"
    return f"{value:.3g}"


def effect(facts: Facts, value: float) -> str:
    """Return an effect: a factor of a ratio, a difference with its sign, a deviation."""
    if facts["kind"] == "theorem":
        return number(value)
    if facts["scale"] == "ratio":
        return f"×{number(math.exp(value) if value < 700 else math.inf)}"
    return f"{'+' if value > 0 else ''}{number(value)}"


def interval(facts: Facts, low: float, high: float) -> str:
    """Return an interval of effects; a theorem has none."""
    if facts["kind"] == "theorem":
        return "exact"
    return f"{effect(facts, low)} .. {effect(facts, high)}"


def verdict(facts: Facts) -> str:
    """Return the verdict, with the settings where it is not the same in all."""
    if facts["verdict"] == DEPENDS:
        return str(facts["detail"])
    if facts["verdict"] in (SUPPORTED, NOT_SUPPORTED) and facts["detail"].startswith("in "):
        return str(facts["verdict"])
    return f"{facts['verdict']} ({facts['detail']})"


def null(facts: Facts) -> str:
    """Return what the null came out as."""
    if facts["kind"] == "theorem":
        return "exact"
    if facts["null"] is None:
        return "is the claim"
    return str(facts["null"]["verdict"])


def command(facts: Facts) -> str:
    """Return the command that repeats a claim."""
    seed = "" if facts["seed"] == 1 else f" --seed {facts['seed']}"
    return f"optbench run claims -k {facts['name']}{seed}"


def effect_sentence(facts: Facts) -> str:
    """Return what an effect is, as in "ratio of the training loss, xavier to he"."""
    if facts["kind"] == "theorem":
        return f"{facts['measure']}, relative where it is large"
    ends = [facts["control"], facts["treatment"]]
    first, second = ends if facts["better"] == "less" else ends[::-1]
    word = "over" if facts["scale"] == "ratio" else "less"
    return f"{facts['measure']}: {first} {word} {second}"


def row(facts: Facts) -> dict[str, str]:
    """Return the cells of a claim by `COLUMNS`; settings are separated by semicolons."""
    settings = facts["settings"]
    each = [(f"{name}: " if len(settings) > 1 else "", own) for name, own in settings.items()]
    return {
        "claim": facts["says"],
        "source": facts["source"],
        "verdict": verdict(facts),
        "effect": "; ".join(f"{name}{effect(facts, own['effect'])}" for name, own in each),
        "interval": "exact"
        if facts["kind"] == "theorem"
        else "; ".join(f"{name}{interval(facts, own['low'], own['high'])}" for name, own in each),
        "stable": "yes" if facts["stable"] else "no",
        "null": null(facts),
        "command": command(facts),
    }


def checks(results: Iterable[Facts]) -> list[NullCheck]:
    """Return the test of all nulls, and of their settings, of which each is sooner taken in."""
    nulls = [facts["null"] for facts in results if facts["null"] is not None]
    settings = [own for facts in nulls for own in facts["settings"].values()]
    if not nulls:
        return []
    return [
        null_check([own["verdict"] == SUPPORTED for own in nulls]),
        null_check([own["answer"] == YES for own in settings], "settings of nulls"),
    ]


def summary(results: list[Facts]) -> Iterator[str]:
    """Yield what all claims came to, a sentence each."""
    counts = [(word, sum(facts["verdict"] == word for facts in results)) for word in ORDER]
    said = ", ".join(f"{count} {word}" for word, count in counts if count)
    yield f"{counted(len(results), 'verdict')}: {said}"
    yield from map(str, checks(results))
    known = [facts for facts in results if facts["known"]]
    if known:
        missed = [facts["name"] for facts in known if facts["verdict"] != SUPPORTED]
        yield f"{len(known) - len(missed)} of {len(known)} that are true by proof came out as " + (
            f"supported; not: {', '.join(missed)}" if missed else "supported"
        )
