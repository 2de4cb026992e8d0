"""``optbench compare`` on small runs: answers, lanes that are added, and what is refused."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from optbench.cli import until
from optbench.cli.main import main
from optbench.report.comparing.questions import of_two
from optbench.report.statistics.load import load, load_lanes
from optbench.study import invocation, more_lanes
from optbench.study.more_lanes import MoreLanes
from optbench.study.results import Results
from optbench.study.schema import Study

STUDY = {
    "name": "small", "optimizers": ["gd", "momentum", "adam"], "steps": 60,
    "problems": [
        {"name": "sphere", "dims": [2]}, {"name": "rosenbrock", "dims": [2]},
        {"name": "noisy_quadratic", "dims": [10]},
    ],
    "lr": {"low": 1e-3, "high": 1.0, "count": 7}, "tuning_instances": [1, 2, 3, 4],
    "scoring_instances": list(range(11, 19)),
}  # fmt: skip


def compare(*arguments):
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return invocation.compute(Study(**STUDY), tmp_path_factory.mktemp("runs") / "one", threads=2)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    study = Study(**{**STUDY, "optimizers": ["adam", "nesterov"], "lr": 0.1})
    return invocation.compute(study, tmp_path_factory.mktemp("runs") / "two", threads=2)


@pytest.fixture
def own(run, tmp_path):
    """Return a copy of the run that lanes may be added to."""
    return shutil.copytree(run, tmp_path / "copy")


def answer(*arguments):
    done = compare(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_answer_is_that_of_the_frame_but_for_the_adjustment(run):
    answered = answer("adam", "momentum", run)
    frame = load(run)["comparisons"].query("a == 'adam' and b == 'momentum'").set_index("label")
    assert len(answered["problems"]) == len(frame) == 3
    for row in answered["problems"]:
        for name in ("ratio", "low", "high", "objective_ratio", "nested_low", "p"):
            value = np.nan if row[name] is None else float(row[name])
            np.testing.assert_array_equal(value, frame.loc[row["label"], name])
        assert 0.0 <= row["improvement"] <= 1.0
    adjusted = [row["p_holm"] for row in answered["problems"]]
    assert min(adjusted) == pytest.approx(min(1.0, 3 * min(r["p"] for r in answered["problems"])))


def test_a_page_of_the_two_alone_is_written_where_it_is_asked_for(run, other, tmp_path):
    done = answer("adam", "momentum", "--run", run, "--on", "sphere", "--page", tmp_path / "two")
    assert done["page"] == str(tmp_path / "two" / "report" / "index.html")
    table = pd.read_csv(tmp_path / "two" / "tables" / "convergence.csv")
    assert set(table["optimizer"]) == {"adam", "momentum"} and set(table["problem"]) == {"sphere"}
    assert "not two runs" in compare(run, other, "--page", tmp_path / "none").stderr


def test_exchanging_the_two_exchanges_the_answer(run):
    one, two = answer("adam", "momentum", run), answer("momentum", "adam", run)
    assert one["overall"]["holds"] == two["overall"]["reverses"]
    assert one["overall"]["improvement"] == pytest.approx(1 - two["overall"]["improvement"])
    assert one["overall"]["p"] == two["overall"]["p"]
    assert len(one["problems"]) == 3
    for first, second in zip(one["problems"], two["problems"], strict=True):
        assert first["lanes_paired"] == second["lanes_paired"]
        assert first["untied"] - first["wins"] == second["wins"]


def test_the_text_says_what_holds_and_what_it_would_take(run):
    done = compare("adam", "momentum", "--run", run, "--on", "sphere", "--on", "noisy*")
    assert done.exit_code == 0, done.output
    assert "sphere (d=2)" in done.stdout and "rosenbrock" not in done.stdout
    assert "over 2 problems" in done.stdout and "fewer than six" in done.stdout
    assert "a before b on" in done.stdout and "b before a on 0 of" in done.stdout


def test_two_runs_share_an_optimizer(run, other):
    answered = answer(run, other)
    assert {(row["a"], row["b"]) for row in answered["problems"]} == {("adam", "adam")}
    assert len(answered["problems"]) == 3 and answered["run"] is None
    same = answer(run, run)
    assert len(same["problems"]) == 8  # gd is not run on noise
    assert all(row["untied"] == 0 and row["ratio"] == 1.0 for row in same["problems"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("adam", "lion"), "the run has no optimizer 'lion'; it has adam, gd, momentum"),
        (("adam", "adm"), "did you mean adam"),
        (("adam", "adam"), "compared with itself"),
        (("adam", "gd", "--on", "booth"), "no problem of both is 'booth'; they share sphere"),
        (("adam", "gd", "--most", "0"), "0 is not in the range"),
        (("adam", "gd", "--until", "never"), "is not 'separated'"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(run, arguments, message):
    done = compare(*arguments, "--run", run)
    assert done.exit_code == 2 and message in done.stderr
    assert "Traceback" not in done.output


def test_runs_that_are_not_there_or_share_nothing_are_refused(run, other, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "there is no run below results" in compare("adam", "gd").stderr
    assert "unknown run 'nope'" in compare("adam", "gd", "nope").stderr
    assert "named twice" in compare("adam", "gd", run, "--run", run).stderr
    assert "not two runs" in compare(run, other, "--until", "separated").stderr
    for changes, message in [
        ({"optimizers": ["gd[lr=0.1]"]}, "share no optimizer on a problem"),
        ({"steps": 5}, "with the same target and budget"),
        ({"target": 1e-3}, "with the same target and budget"),
        ({"study_seed": 1}, "study seed 0 and"),
    ]:
        study = Study(**{**STUDY, "problems": [{"name": "sphere", "dims": [2]}], **changes})
        third = invocation.compute(study, tmp_path / str(*changes), threads=1)
        done = compare(run, third)
        assert done.exit_code == 2 and message in done.stderr


def test_the_latest_run_is_the_default(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run, tmp_path / "results" / "latest")
    assert answer("adam", "gd", "--on", "sphere")["run"] == "results/latest"


def decided(folder, *arguments):
    return answer("adam", "momentum", folder, "--until", "separated", *arguments)["until"]


def test_lanes_are_added_until_decided_or_the_cap_is_met(own):
    before = (own / "run.sqlite").read_bytes()
    decisions = decided(own, "--most", 40)
    assert len(decisions) == 3
    for one in decisions:
        assert one["level"] == pytest.approx(1 - 0.05 / 3)
        assert one["instances"] == 8 + one["added"] <= 40
        if one["decided_after"] is None:
            assert one["verdict"] == "not separated" and one["instances"] == 40
            assert one["low"] <= 0.5 <= one["high"]
        else:
            assert one["verdict"] in ("a before b", "b before a")
            assert not one["low"] <= 0.5 <= one["high"]
    assert any(one["added"] for one in decisions)
    assert (own / "run.sqlite").read_bytes() == before
    with Results(own) as results, MoreLanes(own) as more:
        named = {cell for (cell,) in results._rows("SELECT cell FROM named")}
        added = {cell for (cell,) in more.store._rows("SELECT id FROM cells")}
        assert added and not added & named


def test_lanes_that_are_kept_are_not_run_again(own, monkeypatch):
    first = decided(own, "--most", 20)

    def fail(*arguments, **options):
        raise AssertionError("ran again")

    monkeypatch.setattr(more_lanes, "compute", fail)
    assert decided(own, "--most", 20) == first


def test_lanes_of_other_code_are_no_pairs(own, monkeypatch):
    monkeypatch.setattr(more_lanes, "numeric_code", lambda: "another")
    done = compare("adam", "momentum", own, "--until", "separated")
    assert done.exit_code == 3 and "computed by other code" in done.stderr


def test_added_lanes_are_those_that_the_study_would_have_run(own):
    lanes = {(each.optimizer, each.label): each for each in load_lanes(own)}
    with MoreLanes(own) as more:
        for key in [("adam", "rosenbrock (d=2)"), ("momentum", "noisy_quadratic (d=10)")]:
            each = lanes[key]
            setting = until.tuned_setting(more, each)
            costs = more.costs(setting, tuple(each.instance.tolist()))
            for name in ("cost", "reached", "log_gap", "value"):
                stored = getattr(each.scoring, name)[:, [each.chosen]]
                assert np.array_equal(getattr(costs, name), stored)


def test_instances_that_tuned_or_scored_are_not_added(own):
    with MoreLanes(own) as more:
        pair = more.pairs["adam", "sphere (d=2)"]
        assert more.instances(pair, 3) == (31, 32, 33)
        more.study = more.study.changed(scoring_instances=[31, 33], tuning_instances=[34])
        assert more.instances(pair, 3) == (32, 35, 36)


def test_pairs_are_of_problems_that_both_finished(run):
    lanes = load_lanes(run)
    assert [a.label for a, _ in of_two(lanes, "gd", "adam")] == [
        "sphere (d=2)", "rosenbrock (d=2)",
    ]  # fmt: skip
