"""Failures are results: an error fails its own pair, and every finished one stays."""

import re

import numpy as np
import pytest

from optbench import session
from optbench.report.statistics.load import load, load_with_manifest
from optbench.report.summary import summary
from optbench.study import invocation, tuning
from optbench.study.pairs import expand
from optbench.study.progress import Progress, Work
from tests.command_line import call
from tests.faults.runs import BOWL, LANES, Interrupting, study


@pytest.fixture
def broken(monkeypatch):
    """Make the pair on booth fail when its lanes run."""
    compute = tuning.compute

    def failing(cell, *others):
        if cell.problem.name == "booth":
            raise ValueError("nothing converges here")
        return compute(cell, *others)

    monkeypatch.setattr(tuning, "compute", failing)


def test_one_bad_pair_fails_alone_with_its_traceback(tmp_path, broken):
    run = tmp_path / "results" / "run"
    both = study(problems=["booth", {"name": "sphere", "dims": [2]}])
    progress = Progress()
    invocation.compute(both, run, progress=progress)
    assert progress.failures == [
        ("gd[lr=0.1] on booth (d=2)", "ValueError: nothing converges here")
    ]
    frames = load(run)
    assert list(frames["convergence"]["label"]) == ["sphere (d=2)"]
    left_out = frames["skipped"].iloc[0]
    assert left_out["state"] == "failed" and "in failing" in left_out["trace"]
    page = session.write_report(run).read_text()
    assert "failed: ValueError: nothing converges here" in page and "in failing" in page
    listed = call("list", "runs", "-v", "--root", tmp_path / "results").output
    assert "finished, 1 of 2 pairs failed" in listed and "in failing" in listed


def test_a_failed_pair_exits_with_1(tmp_path, broken):
    toml = tmp_path / "both.toml"
    toml.write_text(
        """optimizers = ["gd[lr=0.1]"]\nproblems = ["booth", "beale"]\nsteps = 10\nseeds = 1"""
    )
    result = call("run", toml, "--out", tmp_path / "run")
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert "failed: gd[lr=0.1] on booth (d=2): ValueError: nothing converges here" in result.output
    assert (tmp_path / "run" / "report" / "index.html").is_file()


def test_a_pair_that_does_not_compile_fails_alone(tmp_path):
    (tmp_path / "plugins").mkdir()
    text = BOWL.format(name="typo", slope=2.0).replace("return 0.5", "return half")
    (tmp_path / "plugins" / "own.py").write_text(text)
    both = study(problems=["typo", {"name": "sphere", "dims": [2]}])
    progress = Progress()
    invocation.compute(both, tmp_path / "run", folders=(tmp_path / "plugins",), progress=progress)
    ((pair, reason),) = progress.failures
    assert "typo" in pair and "half" in reason
    assert list(load(tmp_path / "run")["convergence"]["label"]) == ["sphere (d=2)"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("g[0] = x[2]", r"own\.py:\d+.*x\[2\]"),
        (
            "g[0] = math.inf - math.inf",
            r"own\.py:5: beyond leaves g\[0\] unfilled .*or computes NaN",
        ),
    ],
)
def test_a_problem_that_reads_beyond_itself_or_starts_at_nan_is_not_run(tmp_path, line, message):
    (tmp_path / "plugins").mkdir()
    text = "import math\n" + BOWL.format(name="beyond", slope=2.0).replace(
        "g[0] = 2.0 * x[0]", line
    )
    (tmp_path / "plugins" / "own.py").write_text(text)
    progress = Progress()
    both = study(problems=["beyond", {"name": "sphere", "dims": [2]}])
    invocation.compute(both, tmp_path / "run", folders=(tmp_path / "plugins",), progress=progress)
    ((_, reason),) = progress.failures
    assert re.search(message, reason), reason
    assert list(load(tmp_path / "run")["convergence"]["label"]) == ["sphere (d=2)"]


def test_if_all_pairs_fail_the_reasons_are_shown(tmp_path, broken):
    toml = tmp_path / "one.toml"
    toml.write_text("""optimizers = ["gd[lr=0.1]"]\nproblems = ["booth"]\nsteps = 10\nseeds = 1""")
    result = call("run", toml, "--out", tmp_path / "run")
    assert result.exit_code == 1, result.output
    assert "ValueError: nothing converges here" in result.output and "no report" in result.output
    with pytest.warns(session.FailedPairWarning, match="nothing converges here"):
        session.run(study(problems=["booth"]), tmp_path / "again")


@pytest.mark.parametrize(
    "declared", ["instance\ndef _(dim, instance):", "constants\ndef _(rng, dim):"]
)
def test_a_broken_definition_harms_its_own_pairs_alone(tmp_path, declared):
    (tmp_path / "plugins").mkdir()
    text = BOWL.format(name="broken_one", slope=2.0).replace("(x, g)", "(x, g, p)")
    text += f"@broken_one.{declared}\n    raise ValueError('boom')\n"
    (tmp_path / "plugins" / "own.py").write_text(text)
    progress = Progress()
    both = study(problems=["broken_one", {"name": "sphere", "dims": [2]}])
    invocation.compute(both, tmp_path / "run", folders=(tmp_path / "plugins",), progress=progress)
    ((pair, reason),) = progress.failures
    assert "broken_one" in pair and re.search(r"own\.py:\d+: .*ValueError: boom", reason)
    frames = load(tmp_path / "run")
    assert list(frames["convergence"]["label"]) == ["sphere (d=2)"]
    assert list(frames["skipped"]["state"]) == ["failed"]


def test_a_solver_that_raises_fails_its_pair(tmp_path, monkeypatch):
    monkeypatch.setattr("optbench.lanes.simulating.solvers.simulate", lambda *a, **k: 1 / 0)
    progress = Progress()
    invocation.compute(study(optimizers=["gd[lr=0.1]", "scipy_cg"]), tmp_path, progress=progress)
    assert [pair for pair, _ in progress.failures] == ["scipy_cg on sphere (d=2)"]


PRETRAINED = """
from optbench.define import net

shape = dict(data="wine", sizes=(13, 8, 3), batch=32, loss_target=0.1, error_target=0.1)
base = net("wine_before", **shape)
after = net("wine_after", **shape, pretrained=dict(net=base, optimizer="sgd", lr=1e30, steps=9))
"""


def test_a_pretraining_that_diverges_fails_its_pair(tmp_path):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "own.py").write_text(PRETRAINED)
    both = study(
        optimizers=["momentum[lr=0.01]"], problems=["wine_after", {"name": "sphere", "dims": [2]}]
    )
    progress = Progress()
    invocation.compute(both, tmp_path / "run", folders=(tmp_path / "plugins",), progress=progress)
    ((pair, reason),) = progress.failures
    assert (
        "wine_after" in pair and "pretraining of wine_before with sgd[lr=1e+30] diverged" in reason
    )
    assert list(load(tmp_path / "run")["convergence"]["label"]) == ["sphere (d=2)"]


def test_a_failed_pair_is_run_again_on_demand_and_finished_ones_are_not(
    tmp_path, broken, monkeypatch
):  # fmt: skip
    both = study(problems=["booth", {"name": "sphere", "dims": [2]}])
    invocation.compute(both, tmp_path)
    monkeypatch.undo()
    computed = []
    compute = tuning.compute

    def counting(cell, *others):
        computed.append(cell)
        return compute(cell, *others)

    monkeypatch.setattr(tuning, "compute", counting)
    progress = Progress()
    invocation.compute(both, tmp_path, progress=progress)
    ((pair, reason),) = progress.failures
    assert not computed and pair == "gd[lr=0.1] on booth (d=2)"
    assert reason.startswith("ValueError: nothing converges here (as before; --retry-failed")
    invocation.compute(both, tmp_path, retry_failed=True)
    assert {cell.problem.name for cell in computed} == {"booth"} and len(computed) == 1
    frames, manifest = load_with_manifest(tmp_path)
    assert manifest["state"] == "complete" and len(frames["convergence"]) == 2


def test_an_interrupted_second_run_keeps_what_the_first_has_finished(tmp_path):
    invocation.compute(study(), tmp_path)

    with pytest.raises(KeyboardInterrupt):
        invocation.compute(study(), tmp_path, progress=Interrupting())
    frames, manifest = load_with_manifest(tmp_path)
    assert manifest["state"] == "complete" and len(frames["lanes"]) == LANES


def test_the_bar_knows_a_pair_by_its_key(tmp_path):
    """A pair that falls back from CUDA to the CPU is replaced by a copy."""
    from dataclasses import replace

    from optbench.cli.bar import Bar

    (pair,) = expand(study())[0]
    with Bar() as bar:
        bar.begin([Work(pair, 2.0, 1)])
        bar.pair_done(replace(pair, device="cuda"))
        assert bar.share == bar.bar.tasks[0].completed == 1.0


def test_solvers_are_shown_without_a_rate(tmp_path):
    frames = load(invocation.compute(study(optimizers=["gd[lr=0.1]", "scipy_cg"]), tmp_path))
    rates = frames["convergence"].set_index("optimizer")["lr"]
    assert rates["gd[lr=0.1]"] == 0.1 and np.isnan(rates["scipy_cg"])
    assert not any("lr 1 " in line for line in summary(frames) if "scipy_cg" in line)
