"""Answers in words, from rows of the table of kinds."""

import pandas as pd

from optbench.report.kinds.answers import by_kind
from optbench.report.kinds.kind_table import COLUMNS


def rows(setting, *own, kind="valley", families=3, note="on these 3 families"):
    return [
        dict.fromkeys(COLUMNS) | {
            "kind": kind, "setting": setting, "families": families, "note": note,
            "optimizer": name, "score": score, "low": score * 0.9, "high": score * 1.1,
            "best_on": best_on, "at_least": score > 100,
        }
        for name, score, best_on in own
    ]  # fmt: skip


def test_the_best_those_beside_it_and_the_next_one():
    tuned = rows("tuned", ("adam", 1.0, 3), ("lion", 1.25, 3), ("gd", 2.0, 1), ("sgd", 4.0, 0))
    default = rows("default", ("gd", 1.5, 2), ("adam", 400.0, 1))
    table = by_kind(pd.DataFrame([*tuned, *default]))
    own = table["valley"]["tuned"]
    assert (own.best, own.beside, own.next) == ("adam", ("lion",), "gd 2x [1.8, 2.2]")
    assert own.scope == "on these 3 families"
    other = table["valley"]["default"]
    assert other.best == "gd 1.5x [1.35, 1.65]" and other.beside == ()
    assert other.next == "adam at least 400x [360, 440]"


def test_one_family_is_one_family():
    own = rows("tuned", ("adam", 1.0, 1), ("gd", 2.0, 0), families=1, note="")
    assert by_kind(pd.DataFrame(own))["valley"]["tuned"].scope == "1 family"


def test_one_optimizer_alone_has_no_answer():
    assert by_kind(pd.DataFrame(rows("tuned", ("adam", 1.0, 3)))) == {}
