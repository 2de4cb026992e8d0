"""A run is exactly what it says: what is listed is what tables show, of the present code."""

import json
import math
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from optbench import session
from optbench.errors import ResultsError, UserError
from optbench.interactive import as_run
from optbench.report.statistics.load import load, load_with_manifest
from optbench.report.summary import summary
from optbench.study import invocation
from optbench.study.pairs import expand
from optbench.study.progress import Progress
from optbench.study.results import Results
from tests.command_line import call
from tests.faults.runs import BOWL, SMALL, Interrupting, study


def test_two_names_of_one_setting_are_two_equal_rows(tmp_path):
    both = study(
        optimizers=["momentum", "momentum[momentum=0.9]"], lr={"low": 0.01, "high": 0.1, "count": 2}
    )
    table = load(invocation.compute(both, tmp_path))["convergence"].set_index("optimizer")
    assert list(table.index) == ["momentum", "momentum[momentum=0.9]"]
    pd.testing.assert_series_equal(*(table.loc[name] for name in table.index), check_names=False)


def test_two_budgets_of_one_problem_are_two_rows(tmp_path):
    """Gradient descent with rate 0.1 multiplies the gap on the sphere by 0.64 a step."""
    budgets = study(problems=[{"name": "sphere", "dims": [2], "steps": s} for s in (10, 40)])
    table = load(invocation.compute(budgets, tmp_path))["convergence"].set_index("budget")
    assert list(table["label"]) == ["sphere (d=2), 10 steps", "sphere (d=2), 40 steps"]
    assert list(table["lanes"]) == [4, 4]
    ratio = table.loc[40, "canonical_gap"] / table.loc[10, "canonical_gap"]
    assert ratio == pytest.approx(0.64**30, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"problems": ["sphere", "spher?"]},
            r"sphere \(d=2\) with 20 steps .* 'sphere' and by 'spher\?'",
        ),
        ({"optimizers": ["adam", "ada?"]}, "optimizer adam is asked for twice, by 'adam' and by"),
    ],
)
def test_what_is_asked_for_twice_is_refused_and_both_are_named(changes, words):
    with pytest.raises(UserError, match=words):
        expand(study(**changes))


def test_the_target_that_was_asked_for_is_the_one_that_counts(tmp_path):
    """0.64^t <= tau holds after ceil(log(tau) / log(0.64)) steps; evaluation 1 is the start."""
    for tau, steps in ((1e-12, 62), (0.5, 2), (3e-7, 34)):
        folder = invocation.compute(study(target=tau, steps=70), tmp_path / f"{tau}")
        row = load(folder)["convergence"].iloc[0]
        assert steps == math.ceil(math.log(tau) / math.log(0.64))
        assert row["canonical_evaluations"] == steps + 1 and row["canonical_success"] == 1.0


def test_one_meaning_of_the_target_in_all_tables_and_figures(tmp_path):
    frames = load(invocation.compute(study(target=1e-2), tmp_path))
    lanes = frames["lanes"][frames["lanes"]["phase"] == "scoring"]
    assert (lanes["gap_final"] <= 1e-2 * lanes["f_start"]).all()
    assert (lanes["ended"] == "reached").all() and lanes["evaluations_to_target"].notna().all()
    hard = load(invocation.compute(study(target=1e-9), tmp_path / "hard"))["lanes"]
    assert not (hard["ended"] == "reached").any() and hard["evaluations_to_target"].isna().all()


def test_an_unknown_reference_is_unknown_everywhere(tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    text = BOWL.format(name="nobody_knows", slope=2.0).replace("minimum=0.0, f_min=0.0, ", "")
    (plugins / "own.py").write_text(text.replace("x[1])\n", "x[1]) - 7.0\n"))
    rates = study(optimizers=["gd[lr=0.01]", "gd[lr=0.1]"], problems=["nobody_knows"])
    folder = invocation.compute(rates, tmp_path / "run", folders=(plugins,))
    frames = load(folder)
    table = frames["convergence"]
    assert table[["median_gap", "success_share", "evaluations_to_target"]].isna().all(axis=None)
    lines = list(summary(frames))
    assert "gd[lr=0.1]" in lines[1] and "no target is known" in lines[1]  # -7 is less than -6.9...
    with Results(folder) as results:
        for facts, arrays in results.cells():
            assert np.isnan(arrays["f_ref"]).all(), facts["phase"]
    page = session.write_report(folder).read_text()
    assert "f = -7" in page


def test_a_diverged_lane_is_diverged_in_every_column(tmp_path):
    wild = study(
        optimizers=["sgd"], problems=[{"name": "moons_mlp", "steps": 20}], dtype="float32",
        lr={"low": 1e30, "high": 1e30, "count": 1},
    )  # fmt: skip
    frames = load(invocation.compute(wild, tmp_path))
    lanes, row = frames["lanes"], frames["convergence"].iloc[0]
    lanes = lanes[lanes["setting"] == "tuned"]
    assert (lanes["status"] == "not finite").all()
    for column in ("f_final", "gap_final", "train_loss", "validation_loss", "test_loss"):
        assert np.isinf(lanes[column]).all(), column
    assert lanes[["train_accuracy", "test_accuracy"]].isna().all(axis=None)
    assert row["train_loss"] == np.inf and np.isnan(row["test_accuracy"])


def test_cells_of_an_edited_problem_are_kept_and_not_read(tmp_path):
    plugins = tmp_path / "plugins"
    script = """
        import sys
        from optbench.study.invocation import compute
        from optbench.study.schema import Study
        import json
        study = Study(**json.loads(sys.argv[1]))
        compute(study, sys.argv[2], folders=(sys.argv[3],))
    """
    plugins.mkdir()
    medians, counts = [], []
    for slope in (2.0, 1.0):
        (plugins / "own.py").write_text(BOWL.format(name="edited", slope=slope))
        described = json.dumps({**SMALL, "problems": ["edited"]})
        command = [sys.executable, "-c", textwrap.dedent(script), described]
        subprocess.run([*command, tmp_path / "run", plugins], check=True)
        frames = load(tmp_path / "run")
        assert frames["convergence"].iloc[0]["lanes"] == 4
        medians.append(frames["convergence"].iloc[0]["canonical_gap"])
        with Results(tmp_path / "run") as results:
            counts.append(results.connection.execute("SELECT count(*) FROM cells").fetchone()[0])
            assert results.count() == 1
    assert counts == [1, 2]  # kept
    assert medians[1] / medians[0] == pytest.approx((0.9**2 / 0.8**2) ** 20 / 2, rel=1e-9)


def test_other_code_makes_other_cells(tmp_path, monkeypatch):
    invocation.compute(study(), tmp_path)
    again = Progress()
    invocation.compute(study(), tmp_path, progress=again)
    assert again.lane_steps == 0
    for module in ("cells", "fingerprint"):
        monkeypatch.setattr(f"optbench.study.{module}.numeric_code", lambda: "other")
    changed = Progress()
    invocation.compute(study(), tmp_path, progress=changed)
    assert changed.lane_steps == (2 * 2 + 1) * 20
    frames, manifest = load_with_manifest(tmp_path)
    assert len(frames["lanes"]) == 5 and len(manifest["invocations"]) == 3


def test_a_run_of_other_code_that_is_interrupted_does_not_show_the_old_results(
    tmp_path, monkeypatch
):
    invocation.compute(study(), tmp_path)
    for module in ("cells", "fingerprint"):
        monkeypatch.setattr(f"optbench.study.{module}.numeric_code", lambda: "other")

    with pytest.raises(KeyboardInterrupt):
        invocation.compute(study(), tmp_path, progress=Interrupting())
    with pytest.raises(ResultsError, match="interrupted: 0 of . cells"):
        load(tmp_path)


def test_every_invocation_is_kept(finished):
    _, manifest = load_with_manifest(finished)
    (one,) = manifest["invocations"]
    assert {"versions", "cpu", "host", "device", "plugins", "git_commit", "started", "ended",
            "run_seconds"} <= set(one)  # fmt: skip
    with Results(finished) as results:
        facts = next(results.cells())[0]
    assert {"code", "versions", "cpu", "device", "seconds"} <= set(facts)


def test_a_report_finds_the_plugins_of_its_run(tmp_path):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "own.py").write_text(BOWL.format(name="remembered", slope=2.0))
    invocation.compute(
        study(problems=["remembered"]), tmp_path / "run", folders=(tmp_path / "plugins",)
    )
    assert call("report", tmp_path / "run").exit_code == 0
    surfaces = as_run.surfaces(load(tmp_path / "run")["problems"], [tmp_path / "plugins"])
    value, box, minimum = surfaces("remembered (d=2)")
    assert value(minimum) == pytest.approx(0.0, abs=1e-30) and len(box) == 2
    shutil.rmtree(tmp_path / "plugins")  # no contours then, and all else
    assert call("report", tmp_path / "run").exit_code == 0
