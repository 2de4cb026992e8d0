"""Bad problems are refused, each with its file, its line and what to do."""

import re
import textwrap

import pytest

from optbench.cli.checks.names import check
from optbench.define.plugins import PluginWarning
from tests.command_line import call

GOOD = """\
    import math
    from optbench.define import problem, where

    @problem(start=[1.0, 2.0], minimum=[0.0, 0.0], f_min=0.0, box=(-3.0, 3.0))
    def mine(x, g):
        g[0] = 2.0 * x[0]
        g[1] = 4.0 * x[1]
        return x[0] ** 2 + 2.0 * x[1] ** 2
"""
OWN_INSTANCES = """\
    from optbench.define import problem

    @problem(start=[1.0])
    def mine(x, g, p):
        g[0] = 2.0 * (x[0] - p[0])
        return (x[0] - p[0]) ** 2

    @mine.instance
    def _(dim, instance):
        return dict(p=[float(instance)], minimum=[min(instance, 3.0)], f_min=0.0)
"""
"""The declared minimum is right in the first three instances alone."""
DEFINED = 4
"""Line of the definition: that of its decorator."""


def report(folder, *changes):
    text = textwrap.dedent(GOOD)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "file.py").write_text(text)
    return check("mine", (folder,))


def failures(found):
    return {finding.check: finding.text for finding in found.findings if finding.failed}


def test_a_good_problem_passes_every_check(tmp_path):
    found = report(tmp_path)
    assert not found.failed and {f.status for f in found.findings} == {"ok"}
    assert found.place == f"{tmp_path / 'file.py'}:{DEFINED}"


def test_a_good_problem_without_a_gradient_passes_too(tmp_path):
    found = report(
        tmp_path,
        ("(x, g)", "(x)"), ("g[0] = 2.0 * x[0]", ""), ("g[1] = 4.0 * x[1]", ""),
    )  # fmt: skip
    assert not found.failed
    assert "from dual numbers" in found.findings[0].text


REFUSED = {
    "a minimum that is none": (
        "minimum", [("minimum=[0.0, 0.0]", "minimum=[0.5, 0.0]")], DEFINED,
        r"f\(minimum\) = 0\.25, but f_min = 0\.0 is declared.*correct minimum or f_min",
    ),
    "a stationary point that is rounded": (
        "minimum", [("minimum=[0.0, 0.0]", "minimum=[1e-6, 0.0]")], DEFINED,
        r"g\[0\] = 2e-06 at the declared minimum .*to all digits",
    ),
    "a minimum without a value": (
        "minimum", [(", f_min=0.0", "")], DEFINED, "minimum is declared without f_min",
    ),
    "points below f_min": (
        "lower points", [("minimum=[0.0, 0.0], f_min=0.0", "f_min=0.5")], DEFINED,
        r"below f_min = 0\.5: correct f_min",
    ),
    "lower points outside the box": (
        "lower points",
        [
            ("minimum=[0.0, 0.0], f_min=0.0", "f_min=-3.0"), ("x[0] ** 2", "x[0]"),
            ("2.0 * x[0]", "1.0"),
        ],
        DEFINED, r"outside the box, below f_min = -3\.0: .*does not constrain the search",
    ),
    "a function that falls without end": (
        "lower points",
        [
            ("minimum=[0.0, 0.0], f_min=0.0, ", ""), ("x[0] ** 2", "x[0]"),
            ("2.0 * x[0]", "1.0"),
        ],
        DEFINED, "falls without end outside of the box.* the largest rate .*; bound it below",
    ),
    "a wrong gradient": (
        "gradient", [("4.0 * x[1]", "4.001 * x[1]")], DEFINED,
        r"g\[1\] = .*but differences of f give .*the worst of 12 slopes\): correct the gradient",
    ),
    "a gradient of the other sign": (
        "gradient", [("2.0 * x[0]", "-2.0 * x[0]")], DEFINED, r"g\[0\] = ",
    ),
    "a coordinate that is left out": (
        "as written", [("g[1] = 4.0 * x[1]", "pass")], DEFINED, r"leaves g\[1\] unfilled.*every",
    ),
    "a gradient that is read before it is written": (
        "as written", [("g[1] = 4.0", "g[1] += 4.0")], DEFINED, r"leaves g\[1\] unfilled",
    ),
    "a coordinate too many": (
        "as written", [("return x[0]", "return x[2]")], 8, "reaches beyond its 2 coordinates",
    ),
    "a slope too many": (
        "as written", [("g[1] = ", "g[2] = ")], 7, "reaches beyond its 2 coordinates",
    ),
    "changes of x": (
        "as written", [("g[0] = 2.0 * x[0]", "x[0] = 2.0; g[0] = 0.0")], 6, "changes x",
    ),
    "an exception": (
        "as written", [("return", "assert x[0] < 0.0, 'too far'\n    return")], 8,
        "raises AssertionError: too far",
    ),
    "a name that does not exist": (
        "as written", [("2.0 * x[0]", "2.0 * y[0]")], 6, "'y', a name that is not defined",
    ),
    "no return": ("as written", [("return ", "")], DEFINED, "must return one number.*None"),
    "a list": ("as written", [("return x[0] ** 2", "return [x[0]] * 2")], DEFINED, "one number"),
    "code that Numba does not know": (
        "as written", [("return", "s = sorted([x[0]], key=abs)\n    return")], 8, "mine ",
    ),
    "NaN at the start": (
        "start", [("return", "return math.inf - math.inf +")], DEFINED,
        r"f = nan at its own start \[1, 2\]: choose a start",
    ),
    "a gradient of NaN at the start": (
        "start", [("4.0 * x[1]", "4.0 * x[1] + (math.inf if x[1] == 2.0 else 0.0)")], DEFINED,
        r"g\[1\] = inf at its own start",
    ),
    "NaN at other starts": (
        "other starts", [("return", "return (math.nan if x[1] < -0.5 else 0.0) +")], DEFINED,
        r"not finite at \d\d of 64 starts, which are drawn in its box, such as \[.*: give a box",
    ),
    "cancellation in single precision": (
        "float32", [("return x[0] ** 2", "return (1e9 + x[0] ** 2) - 1e9")], DEFINED,
        "float32 gives .* differences of large numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, tmp_path):
    failed, changes, line, message = REFUSED[case]
    found = failures(report(tmp_path, *changes))
    assert failed in found, found
    assert found[failed].startswith(f"{tmp_path / 'file.py'}:{line}: "), found[failed]
    assert re.search(message, found[failed]), found[failed]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("def mine", "def Mine"), "'Mine' is not lower snake case"),
        (("def mine(x, g)", "def mine(x, g, y)"), "may take any of p, q"),
        (("minimum=[0.0, 0.0]", "minimum=[0.0] * 3"), "minimum has 3 coordinates"),
    ],
)
def test_declarations_are_refused_at_import(change, message, tmp_path):
    with pytest.warns(PluginWarning):
        name = "file" if "Mine" in change[1] else "mine"
        (tmp_path / "file.py").write_text(textwrap.dedent(GOOD).replace(*change))
        (finding,) = check(name, (tmp_path,)).findings
    assert finding.failed and re.search(rf"file\.py:{DEFINED}: .*{message}", finding.text)


def test_a_net_whose_data_are_missing_is_refused_beside_others(tmp_path):
    (tmp_path / "lost.py").write_text(
        "from optbench.define import net\n"
        'lost = net("lost", data="gone.csv", sizes=(2, 2), batch=4, loss_target=0.1,'
        " error_target=0.1)\n"
    )
    done = call("check", "lost", "booth", "--plugins", tmp_path)
    assert done.exit_code == 1 and "problem booth: ok" in done.output, done.output
    assert re.search(r"FAILED  made +.*lost.py:2: .*gone.csv: no such file", done.output)


def test_a_second_problem_of_a_name_is_refused_with_both_files(tmp_path):
    (tmp_path / "other.py").write_text(textwrap.dedent(GOOD))
    with pytest.warns(PluginWarning):
        found = report(tmp_path)
    assert found.failed
    assert re.search(r"other\.py:4: .* first at .*file\.py:4\. Rename", found.findings[0].text)


def test_the_minimum_is_checked_in_instances_too(tmp_path):
    (tmp_path / "file.py").write_text(textwrap.dedent(OWN_INSTANCES))
    message = failures(check("mine", (tmp_path,)))["minimum"]
    assert "f(minimum) = 1.0, but f_min = 0.0 is declared, at [3] (d = 1, instance 4)" in message


BRANCHING = (
    ("def mine(x, g):\n", "def mine(x, g):\n    s = 1.0\n    if x[0] > 9.0:\n        s = 2.0\n"),
    ("return", "return 0.0 * s +"),
)


def test_the_line_that_branches_is_named(tmp_path):
    found = {f.check: f for f in report(tmp_path, *BRANCHING).findings}
    assert found["SIMD"].status == "ok"
    assert re.search(r"lane by lane: .*file\.py:7: mine branches on data here", found["SIMD"].text)
    moved = textwrap.dedent(GOOD)
    for old, new in BRANCHING:
        moved = moved.replace(old, new)
    other = tmp_path / "other"
    other.mkdir()
    (other / "moved.py").write_text("# One line more, and the same code.\n" + moved)
    found = {f.check: f for f in check("mine", (other,)).findings}
    assert "moved.py:8: " in found["SIMD"].text


def test_kinks_are_skipped_where_they_are_declared(tmp_path):
    dense = ("2.0 * x[1] ** 2", "1e-3 * abs(math.sin(1e9 * x[1]))")
    slope = ("4.0 * x[1]", "x[1]")
    undeclared = failures(report(tmp_path, dense, slope))
    assert "if it has kinks, tag it nonsmooth" in undeclared.get("gradient", ""), undeclared
    (tmp_path / "sub").mkdir()
    tagged = ("f_min=0.0", "f_min=0.0, tags=['nonsmooth']")
    assert "gradient" not in failures(report(tmp_path / "sub", dense, slope, tagged))
