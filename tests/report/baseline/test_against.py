"""A run against stored results: the verdict, the frames of the page, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optbench.errors import UserError
from optbench.report.baseline import finding, matching
from optbench.report.baseline.frames import with_stored
from optbench.report.baseline.matching import terms_of
from optbench.report.baseline.verdict import against_frame, verdict_lines
from optbench.report.comparing.comparison import compare
from optbench.report.comparing.comparisons import comparison_frame
from optbench.report.statistics.load import load, load_lanes
from optbench.study import invocation
from tests.command_line import call
from tests.report.baseline.conftest import STUDY

FIELDS = STUDY.model_dump(mode="json")


def turned(row):
    """Return a row with a and b in the other order."""
    ratios = {name: 1 / row[name] for name in ("ratio", "objective_ratio")}
    return {**row, **ratios, "low": 1 / row["high"], "high": 1 / row["low"]}


def test_rows_are_those_of_a_run_that_has_all_optimizers(whole, kept, part):
    """But for Holm's adjustment, which is for the rows of a problem: adam beside two others."""
    rows = against_frame(load_lanes(part("adam")), kept, 0)
    pairs = {(r["label"], frozenset((r["a"], r["b"]))): r
             for r in comparison_frame(load_lanes(whole)).to_dict("records")}  # fmt: skip
    assert len(rows) == sum("adam" in both for _, both in pairs)
    for row in rows.to_dict("records"):
        assert row["a"] == "adam"
        other = pairs[row["label"], frozenset(("adam", row["b"]))]
        with np.errstate(divide="ignore"):
            other = other if other["a"] == "adam" else turned(other)
        assert all(row[name] == other[name] for name in ("basis", "n", "untied"))
        for name in ("ratio", "low", "high", "objective_ratio", "p"):
            np.testing.assert_allclose(row[name], other[name], rtol=1e-12)


def test_what_is_stored_is_not_compared_with_itself(kept, part):
    rows = against_frame(load_lanes(part("adam", "gd")), kept, 0)
    assert set(rows["a"]) == {"adam", "gd"}
    assert set(rows["b"]) == {"momentum", "scipy_lbfgsb"}
    own = load_lanes(part("adam", "gd"))
    lines = list(verdict_lines(rows, own, kept, FIELDS))
    assert "not compared with what is stored of adam, gd: the run has them itself" in lines


def test_a_run_of_what_is_stored_says_that_nothing_is_compared(whole, kept):
    own = load_lanes(whole)
    rows = against_frame(own, kept, 0)
    first, last = verdict_lines(rows, own, kept, FIELDS)
    assert rows.empty and ", 0 problems" in first and last.endswith("the run has them itself")


def test_another_run_can_be_compared_with(whole, kept, part):
    own = load_lanes(part("adam"))
    pd.testing.assert_frame_equal(
        against_frame(own, finding.of_run(whole), 0), against_frame(own, kept, 0), check_exact=True
    )


def test_lines_count_problems_before_behind_and_open(kept, part):
    own = load_lanes(part("adam"))
    rows = against_frame(own, kept, 0)
    lines = list(verdict_lines(rows, own, kept, FIELDS))
    of_gd = next(line for line in lines if line.strip().startswith("gd"))
    on = rows[rows["b"] == "gd"]
    before, behind, still_open = map(int, of_gd.split()[1:4])
    assert before == (on["verdict"] == "a before b").sum()
    assert behind == (on["verdict"] == "b before a").sum()
    assert before + behind + still_open == len(on) == 3  # gd is for what is not noisy


def test_two_are_compared_of_which_one_is_stored(whole, tables, part):
    """As if the run had both: adjusted for these comparisons alone."""
    alone = compare(part("adam"), "adam", "gd", against=tables)
    both = compare(whole, "adam", "gd")
    pd.testing.assert_frame_equal(alone.frame, both.frame, check_exact=True)
    assert f"beside {tables}: ratios of costs" in str(alone)
    assert str(alone).splitlines()[1:] == str(both).splitlines()[1:]
    for a, b in (("adam", "gd"), ("gd", "momentum")):
        told = call("compare", a, b, "--run", part("adam"), "--against", tables, "--on", "sphere*")
        assert told.exit_code == 0 and "over 1 problem" in told.output, told.output


def test_an_optimizer_that_is_nowhere_is_refused_with_where_else_to_look(tables, part):
    with pytest.raises(UserError, match="no optimizer 'gd'; it has adam; --against RUN .*looks at"):
        compare(part("adam"), "adam", "gd")
    with pytest.raises(UserError, match="no optimizer 'lion'.*it has adam, gd, m.*lbfgsb$"):
        compare(part("adam"), "adam", "lion", against=tables)
    for option in (("--until", "separated"), ("--page", "page")):
        run = ("compare", "adam", "gd", "--run", part("adam"), "--against", tables)
        refused = call(*run, *option)
        assert refused.exit_code == 2 and "is of one run, and takes no --against" in refused.output


def test_frames_have_stored_rows_and_say_which(whole, kept, part):
    frames = with_stored(load(part("adam")), load_lanes(part("adam")), kept, 0)
    every = load(whole)
    for name in ("convergence", "curves"):
        rows = frames[name]
        own = rows[~rows["stored"]]
        pd.testing.assert_frame_equal(
            own.drop(columns="stored").reset_index(drop=True),
            load(part("adam"))[name], check_dtype=False, check_categorical=False,
        )  # fmt: skip
        assert set(own["optimizer"]) == {"adam"}
        assert set(rows[rows["stored"]]["optimizer"]) == {"momentum", "gd", "scipy_lbfgsb"}
    stored_rows = frames["convergence"][frames["convergence"]["stored"]]
    expected = every["convergence"][every["convergence"]["optimizer"] != "adam"]
    for name in ("label", "optimizer", "lr", "median_gap", "objective"):
        assert stored_rows[name].tolist() == pytest.approx(
            expected[name].tolist(), nan_ok=True, abs=0
        )
    assert frames["sensitivity"].equals(load(part("adam"))["sensitivity"])
    assert len(frames["against"]) == 3 + 3 + 1 + 2
    costs = every["costs"][every["costs"]["setting"] != "one for the kind"]
    keys = ["label", "optimizer", "setting", "instance"]
    own, expected = (
        each[each["optimizer"] != "adam"].set_index(keys)[["cost", "reached", "log_gap", "value"]]
        for each in (frames["costs"], costs)
    )
    pd.testing.assert_frame_equal(own.sort_index(), expected.sort_index(), check_exact=True)


def test_other_efforts_in_tuning_are_named(kept, part):
    own = load_lanes(part("adam"))
    rows = against_frame(own, kept, 0)
    lines = list(verdict_lines(rows, own, kept, {**FIELDS, "space": "all"}))
    assert f"tuned otherwise than {kept.place}: space = 'all' here, 'lr' there" in lines
    assert not any("tuned otherwise" in line for line in verdict_lines(rows, own, kept, FIELDS))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steps": 30}, "budget 30 here, 60 there"),
        ({"target": 1e-3}, "target f - f_ref <= 0.001"),
        ({"dtype": "float32"}, "dtype float32 here, float64 there"),
        ({"scoring_instances": (7, 8)}, "instances 7-8 here, 7-13 there"),
        ({"seeds": 2}, "seeds 2 here, 1 there"),
        ({"study_seed": 3}, "study_seed 3 here, 0 there"),
        ({"objective": "anytime"}, "objective anytime here, evaluations there"),
        ({"problems": ["booth"]}, "it is not there"),
    ],
)
def test_what_differs_is_named_before_anything_runs(kept, tmp_path, changes, reason):
    study = STUDY.changed(**{"problems": [{"name": "sphere", "dims": [2]}], **changes})
    run = invocation.compute(study.changed(optimizers=["gd"]), tmp_path / "run", threads=1)
    own = load_lanes(run)
    terms = {pair.label: terms_of(pair, study.study_seed) for pair in own}
    (reason_found,) = matching.left_out(terms, kept).values()
    assert reason in reason_found
    assert against_frame(own, kept, study.study_seed).empty


def test_names_that_hold_nothing_are_refused(tables, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert finding.find(tables.parent, "small").optimizers == finding.find(tables, "x").optimizers
    with pytest.raises(UserError, match="holds results of small, none of default"):
        finding.find(tables.parent, "default")
    with pytest.raises(UserError, match="nothing to compare with is called 'nowhere'"):
        finding.find("nowhere", "default")


def test_a_rule_of_ones_own_is_judged_in_three_commands(tables, tmp_path, monkeypatch):
    """`new` and `check`, then `run`: the name alone adds the rule, and the page has the others."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(
        'optimizers = ["gd"]\nsteps = 60\nlr = { low = 1e-4, high = 1e-1, count = 7 }\n'
        'problems = [{ name = "sphere", dims = [2] }, "booth"]\n'
        "tuning_instances = [1, 2, 3, 4, 5, 6]\nscoring_instances = [7, 8, 9, 10, 11, 12, 13]\n"
    )
    assert call("new", "optimizer", "my_rule").exit_code == 0
    assert call("check", "my_rule").exit_code == 0
    judge = ("run", "small.toml", "-o", "my_rule", "--against", tables.parent, "--out", "mine")
    done = call(*judge)
    assert done.exit_code == 0, done.output
    assert "not compared with" in done.output and "booth (d=2): it is not there" in done.output
    assert [line.split()[0] for line in done.output.splitlines() if line.startswith("  ")] == [
        "beside", "adam", "gd", "momentum", "scipy_lbfgsb",
    ]  # fmt: skip
    convergence = pd.read_csv("mine/tables/convergence.csv")
    assert set(convergence["optimizer"]) == {"my_rule"} and "stored" not in convergence
    assert set(pd.read_csv("mine/tables/against.csv")["b"]) >= {"adam", "gd"}
    page = (tmp_path / "mine" / "report" / "index.html").read_text()
    assert "my_rule" in page and "momentum" in page
    again = call("report", "mine", "--against", tables.parent, "--out", "again")
    assert again.exit_code == 0 and "momentum" in Path("again/report/index.html").read_text()
    for more in ((), ("--dry-run",)):
        refused = call(*judge[:-1], "other", "--steps", "10", *more)
        assert refused.exit_code == 2 and "budget 10 here, 60 there" in refused.output
    assert not (tmp_path / "other").exists()
