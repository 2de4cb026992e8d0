"""Runs from a study to the frames: a wider study, narrowed, chooses what the study itself does."""

import numpy as np
import pytest
from click.testing import CliRunner

import optbench
from optbench.cli.main import main
from optbench.report.tuning.frames import frame_makers
from optbench.study.invocation import compute
from optbench.study.schema import Study

STUDY = Study(
    name="tuned", optimizers=["gd", "momentum"],
    problems=[{"name": "sphere", "dims": [2, 5]}, {"name": "rosenbrock", "dims": [2]}],
    steps=200, target=1e-3, lr={"low": 1e-4, "high": 1.0, "count": 9},
    tuning_instances=[1, 2, 3], scoring_instances=[4, 5, 6, 7],
)  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the folders of the study and of the one that searches ten times as far."""
    root = tmp_path_factory.mktemp("widened")
    return compute(STUDY, root / "own"), compute(STUDY.changed(widen=10), root / "wide")


def test_a_wider_study_narrowed_is_the_study(runs):
    own, wide = (optbench.load(run) for run in runs)
    narrowing = wide["narrowing"].set_index(["optimizer", "label"])
    tuned = own["narrowing"].set_index(["optimizer", "label"])
    assert (narrowing.note == "").all() and (narrowing.trials > tuned.trials).all()
    np.testing.assert_allclose(narrowing.lr_narrow, tuned.lr, rtol=1e-9)
    np.testing.assert_allclose(narrowing.score_narrow, tuned.score, rtol=1e-6)


def test_every_frame_of_a_run_has_rows_or_columns(runs):
    frames = optbench.load(runs[0])
    assert set(frame_makers(list)) <= set(frames)
    rows = {name: len(frames[name]) for name in frame_makers(list)}
    for name in ("regret", "good_settings", "rulesets", "narrowing"):
        assert rows[name] == 6
    assert rows["axes"] == 1 and rows["slopes"] == 2 and rows["discrimination"] == 3
    assert rows["tuning_curves"] >= 6 * 9 and rows["subset"] >= 1
    assert (frames["regret"]["regret"] >= 1.0).all()


def test_a_report_says_how_well_tuning_chose(runs, tmp_path):
    result = CliRunner().invoke(main, ["report", str(runs[0]), "--out", str(tmp_path)])
    assert result.exit_code == 0
    page = (tmp_path / "report" / "index.html").read_text()
    line = result.output.splitlines()[1]
    assert line.startswith("On scoring lanes the chosen trial costs at most 1.25 times")
    assert line in page and (tmp_path / "tables" / "regret.csv").is_file()
