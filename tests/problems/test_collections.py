"""docs/collections.md: what it says is here is here, and every function has its place."""

import importlib.util
import re
from pathlib import Path

import optbench

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "collections.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n\n(.+?)(?=\n## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
SCIPYS = " ".join(SECTIONS["SciPy's benchmarks of global optimization"].split())
HERE, OTHERWISE, LEFT_OUT = re.split("These are here in another form|The others are left", SCIPYS)


def scipys_names():
    """Ours by theirs, of the problems whose values are compared with SciPy's."""
    file = ROOT / "tests" / "oracles" / "make_surfaces.py"
    spec = importlib.util.spec_from_file_location("make_surfaces", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {theirs: ours for ours, theirs in module.SCIPY.items()}


def test_every_problem_that_is_named_is_in_the_catalog():
    elsewhere = {"landscapes", "make conformance"}
    elsewhere |= {"optbench list problems", "chung_reynolds", "rotated_hyper_ellipsoid"}
    elsewhere |= {"sum_of_squares"}
    names = {" ".join(name.split()) for name in re.findall("`([^`]+)`", TEXT)} - elsewhere
    assert len(names) > 100 and not names - {*optbench.problems()}


def test_the_functions_of_more_garbow_and_hillstrom_say_their_number():
    listed = re.findall(r"(\d+)\s+`(\w+)`", SECTIONS["Moré, Garbow and Hillstrom 1981"])
    assert [int(number) for number, _ in listed] == [n for n in range(1, 36) if n not in (32, 34)]
    for number, name in listed:
        source = optbench.problems()[name].source
        if "Garbow" in source:
            assert re.search(rf"(no\.|and) {number}\b", source), (name, source)
        else:
            assert name in ("rosenbrock", "beale")


def test_what_is_compared_with_scipys_collection_is_listed():
    listed = HERE.partition("these are here:")[2]
    assert dict(re.findall(r"(\w+) `(\w+)`", listed)) == scipys_names()


def test_every_function_of_scipys_collection_has_one_place():
    there = [name for name, _ in re.findall(r"(\w+) `(\w+)`", HERE.partition("here:")[2])]
    there += [name for name, _ in re.findall(r"(\w+) `(\w+)`", OTHERWISE)]
    for reason in LEFT_OUT.split(" - ")[1:]:
        there += reason.rpartition(": ")[2].rstrip(".").split(", ")
    assert len(there) == len({*there}) == 195
