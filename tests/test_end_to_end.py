"""A study from TOML to its report, its tables checked against values worked out by hand.

Gradient descent with rate lr on f = |x|^2 multiplies x - x* by 1 - 2 lr a step, so every entry of
the tables follows from the starts: the gap after T steps is (1 - 2 lr)^(2 T) f(x0), and the gap
falls to a share tau of the start's after ceil(log tau / (2 log |1 - 2 lr|)) steps.
"""

import json
import math
import os
import re
import sqlite3

import numpy as np
import pandas as pd
import pytest

import optbench
from optbench import session
from optbench.study.schema import Study

STEPS, RATES = 60, (0.01, 0.1, 1.0)
BOWL = """
from optbench.define import problem

@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), tags=["convex"])
def hand_bowl(x, g):
    g[0] = 2.0 * x[0]
    g[1] = 2.0 * x[1]
    return x[0] * x[0] + x[1] * x[1]
"""
TOML = f"""
steps = {STEPS}
seeds = 3
optimizers = ["gd"]
problems = ["hand_bowl"]
lr = {{ low = 0.01, high = 1.0, count = 3 }}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("end to end")
    (folder / "plugins").mkdir()
    (folder / "plugins" / "bowl.py").write_text(BOWL)
    (folder / "by_hand.toml").write_text(TOML)
    study = Study.from_toml(folder / "by_hand.toml")
    out = session.run(study, folder / "run", folders=(folder / "plugins",))
    return out, optbench.load(out), folder / "plugins"


def starts(plugins, instance):
    found = optbench.catalog.finding.definition("hand_bowl", (plugins,))
    problem = optbench.problem(found, instance=instance)
    return problem.value(problem.starts(range(3)))


def test_the_tuned_rate_is_the_one_that_contracts_fastest(run):
    row = run[1]["convergence"].iloc[0]
    assert row["lr"] == pytest.approx(0.1) and not row["at_edge"]


def test_the_convergence_table_is_what_the_closed_form_says(run):
    _, frames, plugins = run
    row = frames["convergence"].iloc[0]
    final = np.concatenate([starts(plugins, i)[1:] for i in (3, 4, 5, 6)]) * 0.8 ** (2 * STEPS)
    ordered = np.sort(final)
    assert row["lanes"] == 8 and row["total_lanes"] == 12 and row["diverged"] == 0
    assert row["median_gap"] == pytest.approx(np.median(final), rel=1e-6)
    # Eight values: the extremes cover the median with 1 - 2^-7 >= 95%, the next pair does not.
    assert row["gap_low"] == pytest.approx(ordered[0], rel=1e-6)
    assert row["gap_high"] == pytest.approx(ordered[-1], rel=1e-6)
    assert row["seed0_gap"] == pytest.approx(5 * 0.8 ** (2 * STEPS), rel=1e-6)
    hit = math.ceil(math.log(1e-6) / (2 * math.log(0.8)))
    assert hit == 31 and row["evaluations_to_target"] == hit + 1  # the start is evaluation 1
    assert row["success_share"] == 1.0


def test_the_sensitivity_table_is_what_the_closed_form_says(run):
    _, frames, plugins = run
    table = frames["sensitivity"]
    f0 = np.concatenate([starts(plugins, i) for i in (1, 2)])
    for rate, factor in zip(RATES, (0.98, 0.8, -1.0), strict=True):
        row = table[np.isclose(table["lr"], rate)].iloc[0]
        assert row["score"] == pytest.approx(np.median(f0 * factor ** (2 * STEPS)), rel=1e-6)
        assert row["best"] == (rate == 0.1)


def test_the_curves_follow_the_closed_form(run):
    _, frames, plugins = run
    curves = frames["curves"]
    for instance in (3, 5):
        f0 = starts(plugins, instance)
        one = curves[(curves["instance"] == instance) & (curves["seed"] == 2)]
        assert np.allclose(one["gap"], f0[2] * 0.64 ** one["step"].to_numpy(), rtol=1e-6)
        assert (one["evaluations"] == one["step"]).all()


def test_the_folder_holds_all_that_was_promised(run):
    out = run[0]
    assert (out / "run.sqlite").is_file()
    tables = {path.stem for path in (out / "tables").glob("*.csv")}
    assert {"convergence", "sensitivity", "lanes", "problems"} <= tables
    names = {path.stem for path in (out / "figures").glob("*.svg")}
    assert names and names == {path.stem for path in (out / "figures").glob("*.png")}
    stored = pd.read_csv(out / "tables" / "convergence.csv")
    assert stored["median_gap"].iloc[0] == run[1]["convergence"]["median_gap"].iloc[0]


def test_the_page_is_self_contained_and_tells_how_to_reproduce_it(run):
    page = (run[0] / "report" / "index.html").read_text()
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:|//|\.\.?/)""", page)
    # It ran from Python, so there is no command; the study is what another run needs.
    assert "Run from Python with optbench.run" in page and "python -m optbench run" not in page
    for item in ("hand_bowl", f"steps = {STEPS}", "seeds = 3"):
        assert item in page


def test_the_manifest_says_what_ran_and_where(run):
    with sqlite3.connect(run[0] / "run.sqlite") as connection:
        manifest = dict(connection.execute("SELECT key, value FROM manifest"))
        rows = connection.execute("SELECT facts FROM invocations").fetchall()
    assert {"run", "study", "created", "study_seed"} <= manifest.keys()
    assert json.loads(manifest["study"])["steps"] == STEPS
    (facts,) = [json.loads(text) for (text,) in rows]  # it was computed once
    assert (
        facts["versions"]["numpy"] == np.__version__ and facts["cpu"] and facts["command"] is None
    )
    assert facts["process"] == os.getpid() and facts["started"] <= facts["ended"]
    assert min(facts["compile_seconds"], facts["run_seconds"]) >= 0.0
    # 2 tuning instances, 3 seeds and 3 rates; 4 scoring instances and 3 seeds. None ends before
    # the last target is hit, and none takes more than the budget.
    assert 0 < facts["lane_steps"] <= (2 * 3 * 3 + 4 * 3) * STEPS
    assert "git_commit" in facts


def test_the_quick_study_runs_end_to_end(tmp_path):
    out = session.run("quick", tmp_path / "quick")
    frames = optbench.load(out)
    table = frames["convergence"].set_index(["optimizer", "label"])
    assert table.loc[("gd", "sphere (d=2)"), "success_share"] == 1.0
    assert table.loc[("adam", "digits_mlp"), "test_accuracy"] > 0.9
    assert table.loc[("adam", "digits_mlp"), "validation_accuracy"] > 0.9
    reasons = frames["skipped"]["reason"]
    assert reasons.str.contains("mini-batch").any() and reasons.str.contains("full batch").any()
    assert len(table) == 6 * 6 - len(frames["skipped"])
    net = frames["curves"][frames["curves"]["label"] == "digits_mlp"]
    assert (
        net[["train_loss", "validation_loss", "test_loss", "test_accuracy"]].notna().all(axis=None)
    )
