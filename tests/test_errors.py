"""How messages count."""

from typing import get_args

from optbench.errors import NamedThing, counted, plural


def test_what_is_counted():
    assert counted(1, "study") == "1 study" and counted(2, "study") == "2 studies"
    assert counted(1, "run", 1) == "1 run" and counted(1, "run", 3) == "1 of 3 runs"
    assert counted(3, "run", 3) == "3 runs" and counted(0, "more pair") == "0 more pairs"


def test_what_names_are_of_is_listed_under_its_plural():
    from optbench.cli.lists.group import list_group

    assert {plural(kind) for kind in get_args(NamedThing)} <= list_group.commands.keys()
