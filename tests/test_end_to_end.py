"""A study from TOML to its report, its tables checked against values worked out by hand.

Gradient descent with rate lr on f = |x / s|^2, s being the scale of an instance, multiplies x - x*
by q = 1 - 2 lr / s^2 a step, so every entry of the tables follows from the starts: the gap after T
steps is q^(2 T) f(x0), and it falls to a share tau of the start's after ceil(log tau / (2 log |q|))
steps.
"""

import functools
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
near = functools.partial(pytest.approx, rel=1e-6, abs=0)  # also of gaps far below 1e-12
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
seeds = 2
tuning_instances = [1, 2]
scoring_instances = [3, 4, 5, 6]
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


def starts(plugins, *instances):
    """Return f at the starts of seeds 1 and 2 of some instances."""
    definition = optbench.catalog.finding.definition("hand_bowl", (plugins,))
    problems = [optbench.problem(definition, instance=instance) for instance in instances]
    return np.concatenate([problem.value(problem.starts([1, 2])) for problem in problems])


def factors(plugins, rate, *instances):
    """Return by how much a step multiplies x - x* in the lanes of `starts`."""
    definition = optbench.catalog.finding.definition("hand_bowl", (plugins,))
    scales = [optbench.problem(definition, instance=n).placement.scale for n in instances]
    return np.repeat(1 - 2 * rate / np.array(scales) ** 2, 2)


def test_the_tuned_rate_is_the_one_that_contracts_fastest(run):
    row = run[1]["convergence"].iloc[0]
    assert row["lr"] == pytest.approx(0.1) and not row["at_edge"]


def test_the_convergence_table_is_what_the_closed_form_says(run):
    _, frames, plugins = run
    row = frames["convergence"].iloc[0]
    step = factors(plugins, 0.1, 3, 4, 5, 6)
    final = starts(plugins, 3, 4, 5, 6) * step ** (2 * STEPS)
    ordered = np.sort(final)
    assert row["lanes"] == row["reached"] == 8 and row["diverged"] == row["touched"] == 0
    assert row["median_gap"] == near(np.median(final))
    # Eight values: the extremes cover the median with 1 - 2^-7 >= 95%, the next pair does not.
    assert row["gap_low"] == near(ordered[0])
    assert row["gap_high"] == near(ordered[-1])
    assert row["canonical_gap"] == near(5 * 0.8 ** (2 * STEPS))
    hits = np.ceil(math.log(1e-6) / (2 * np.log(np.abs(step)))) + 1  # the start is evaluation 1
    assert row["evaluations_to_target"] == np.median(hits)
    assert row["canonical_evaluations"] == math.ceil(math.log(1e-6) / (2 * math.log(0.8))) + 1 == 32
    assert row["success_share"] == 1.0


def test_the_default_rate_is_scored_on_the_same_lanes_and_tuning_paid(run):
    _, frames, plugins = run
    row, rate = frames["convergence"].iloc[0], optbench.optimizers()["gd"].hyper["lr"].default
    final = starts(plugins, 3, 4, 5, 6) * factors(plugins, rate, 3, 4, 5, 6) ** (2 * STEPS)
    assert row["default_lr"] == rate and not row["default_wins"]
    assert row["default_median_gap"] == near(np.median(final))
    assert row["default_success_share"] == 0.0


def test_the_sensitivity_table_is_what_the_closed_form_says(run):
    _, frames, plugins = run
    table = frames["sensitivity"]
    f0 = starts(plugins, 1, 2)
    for rate in RATES:
        factor = factors(plugins, rate, 1, 2)
        row = table[np.isclose(table["lr"], rate) & (table["trial"] >= 0)].iloc[0]
        share = np.clip(factor ** (2 * STEPS), 100 * np.finfo(float).eps / f0, 100.0)
        assert row["mean_gap"] == near(np.exp(np.mean(np.log(f0 * share))))
        assert row["best"] == (rate == 0.1)
        falls = factors(plugins, rate, 3, 4, 5, 6) ** (2 * STEPS)
        assert row["success_share"] == np.mean(falls <= 1e-6) and row["diverged_share"] == 0.0


def test_the_frame_of_lanes_is_what_the_closed_form_says(run):
    _, frames, plugins = run
    lanes = frames["lanes"]
    assert len(lanes) == (4 + 8) * 4 + 2  # on the canonical draw the tuned and the default rate
    one = lanes[(lanes["instance"] == 5) & (lanes["seed"] == 2)]
    for row in one.itertuples():
        step = factors(plugins, row.lr, 5)[1]
        final = starts(plugins, 5)[1] * step ** (2 * STEPS)
        assert row.gap_final == near(final)
    assert one["setting"].tolist().count("tuned") == one["setting"].tolist().count("default") == 1


def test_the_curves_follow_the_closed_form(run):
    _, frames, plugins = run
    curves = frames["curves"]
    for instance in (3, 5):
        f0 = starts(plugins, instance)
        one = curves[(curves["instance"] == instance) & (curves["seed"] == 2)]
        one = one[one["setting"] == "tuned"]
        fall = factors(plugins, 0.1, instance)[1] ** (2 * one["step"].to_numpy())
        np.testing.assert_allclose(one["gap"], f0[1] * fall, rtol=1e-6)
        assert (one["evaluations"] == one["step"]).all()


def test_the_folder_holds_all_that_was_promised(run):
    out = run[0]
    assert (out / "run.sqlite").is_file()
    tables = {path.stem for path in (out / "tables").glob("*.csv")}
    assert {"convergence", "sensitivity", "problems"} <= tables
    with np.load(out / "tables" / "lanes.npz", allow_pickle=False) as lanes:
        assert lanes["f_final"].tolist() == run[1]["lanes"]["f_final"].tolist()
    assert (out / "report" / "index.html").is_file()
    stored = pd.read_csv(out / "tables" / "convergence.csv")
    assert stored["median_gap"].iloc[0] == run[1]["convergence"]["median_gap"].iloc[0]


def test_the_page_is_self_contained_and_tells_how_to_reproduce_it(run):
    page = (run[0] / "report" / "index.html").read_text()
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:|//|\.\.?/)""", page)
    # It ran from Python, so there is no command; the study is what another run needs.
    assert "Run from Python with optbench.run" in page and "python -m optbench run" not in page
    for item in ("hand_bowl", f"steps = {STEPS}", "seeds = 2"):
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
    # 4 draws of tuning and 8 of scoring, each with 3 rates and the default one, and the canonical
    # draw with two of them. None takes more than the budget.
    assert 0 < facts["lane_steps"] <= ((4 + 8) * 4 + 2) * STEPS
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
