"""A run is exactly what it says, whatever happens on the way: mixed, killed, damaged, repeated."""

import gzip
import json
import math
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from optbench import choose, session, tuning
from optbench.analysis.load import load, load_with_manifest
from optbench.cells import expand
from optbench.cli import main
from optbench.errors import ResultsError, UserError
from optbench.progress import Progress
from optbench.results import FILE, Results
from optbench.store import Store
from optbench.store_schema import LOCK
from optbench.study import Study, studies

FIXTURES = Path(__file__).parent.parent / "fixtures"
SMALL = {
    "name": "small", "optimizers": ["gd[lr=0.1]"], "problems": [{"name": "sphere", "dims": [2]}],
    "steps": 20, "seeds": 2, "tuning_instances": [1], "scoring_instances": [2, 3],
}  # fmt: skip
BOWL = """
from optbench.define import problem

@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), source="by hand")
def {name}(x, g):
    g[0] = {slope} * x[0]
    g[1] = {slope} * x[1]
    return 0.5 * {slope} * (x[0] * x[0] + x[1] * x[1])
"""


def study(**changes):
    return Study(**{**SMALL, **changes})


def call(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "run"
    return session.compute(study(), folder)


# ------------------------------------------------------------ what is listed is what tables show


def test_two_names_of_one_setting_are_two_equal_rows(tmp_path):
    both = study(
        optimizers=["momentum", "momentum[momentum=0.9]"], lr={"low": 0.01, "high": 0.1, "count": 2}
    )
    table = load(session.compute(both, tmp_path))["convergence"].set_index("optimizer")
    assert list(table.index) == ["momentum", "momentum[momentum=0.9]"]
    pd.testing.assert_series_equal(*(table.loc[name] for name in table.index), check_names=False)


def test_two_budgets_of_one_problem_are_two_rows(tmp_path):
    """Gradient descent with rate 0.1 multiplies the gap on the sphere by 0.64 a step."""
    budgets = study(problems=[{"name": "sphere", "dims": [2], "steps": s} for s in (10, 40)])
    table = load(session.compute(budgets, tmp_path))["convergence"].set_index("budget")
    assert list(table["label"]) == ["sphere (d=2), 10 steps", "sphere (d=2), 40 steps"]
    assert list(table["total_lanes"]) == [4, 4]
    ratio = table.loc[40, "median_gap"] / table.loc[10, "median_gap"]
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
        folder = session.compute(study(target=tau, steps=70), tmp_path / f"{tau}")
        row = load(folder)["convergence"].iloc[0]
        assert steps == math.ceil(math.log(tau) / math.log(0.64))
        assert row["evaluations_to_target"] == steps + 1 and row["success_share"] == 1.0


def test_one_meaning_of_the_target_in_all_tables_and_figures(tmp_path):
    frames = load(session.compute(study(target=1e-2), tmp_path))
    lanes = frames["lanes"][frames["lanes"]["phase"] == "scoring"]
    assert (lanes["gap_final"] <= 1e-2 * lanes["f_start"]).all()
    assert (lanes["ended"] == "reached").all() and lanes["evaluations_to_target"].notna().all()
    hard = load(session.compute(study(target=1e-9), tmp_path / "hard"))["lanes"]
    assert not (hard["ended"] == "reached").any() and hard["evaluations_to_target"].isna().all()


def test_an_unknown_reference_is_unknown_everywhere(tmp_path):
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    text = BOWL.format(name="nobody_knows", slope=2.0).replace("minimum=0.0, f_min=0.0, ", "")
    (plugins / "own.py").write_text(text.replace("x[1])\n", "x[1]) - 7.0\n"))
    rates = study(optimizers=["gd[lr=0.01]", "gd[lr=0.1]"], problems=["nobody_knows"])
    folder = session.compute(rates, tmp_path / "run", folders=(plugins,))
    frames = load(folder)
    table = frames["convergence"]
    assert table[["median_gap", "success_share", "evaluations_to_target"]].isna().all(axis=None)
    lines = list(session.summary(frames))
    assert "gd[lr=0.1]" in lines[1] and "no target is known" in lines[1]  # -7 is less than -6.9...
    with Results(folder) as results:
        for facts, arrays in results.cells():
            assert facts["f_ref"] is None and np.isnan(arrays["f_ref"]).all()
    page = session.write_report(folder).read_text()
    assert "f = -7" in page


def test_a_diverged_lane_is_diverged_in_every_column(tmp_path):
    wild = study(
        optimizers=["sgd"], problems=[{"name": "moons_mlp", "steps": 20}], dtype="float32",
        lr={"low": 1e30, "high": 1e30, "count": 1},
    )  # fmt: skip
    frames = load(session.compute(wild, tmp_path))
    lanes, row = frames["lanes"], frames["convergence"].iloc[0]
    assert (lanes["status"] == "not finite").all()
    for column in ("f_final", "gap_final", "train_loss", "validation_loss", "test_loss"):
        assert np.isinf(lanes[column]).all(), column
    assert lanes[["train_accuracy", "test_accuracy"]].isna().all(axis=None)
    assert row["train_loss"] == np.inf and np.isnan(row["test_accuracy"])


# ----------------------------------------------------------------- only the cells of this code


def test_cells_of_an_edited_problem_are_kept_and_not_read(tmp_path):
    plugins = tmp_path / "plugins"
    script = """
        import sys
        from optbench import session
        from optbench.study import Study
        import json
        study = Study(**json.loads(sys.argv[1]))
        session.compute(study, sys.argv[2], folders=(sys.argv[3],))
    """
    plugins.mkdir()
    medians, counts = [], []
    for slope in (2.0, 1.0):
        (plugins / "own.py").write_text(BOWL.format(name="edited", slope=slope))
        described = json.dumps({**SMALL, "problems": ["edited"]})
        command = [sys.executable, "-c", textwrap.dedent(script), described]
        subprocess.run([*command, tmp_path / "run", plugins], check=True)
        frames = load(tmp_path / "run")
        assert frames["convergence"].iloc[0]["total_lanes"] == 4
        medians.append(frames["convergence"].iloc[0]["median_gap"])
        with Results(tmp_path / "run") as results:
            counts.append(results.connection.execute("SELECT count(*) FROM cells").fetchone()[0])
            assert results.count() == 3
    assert counts == [3, 6]  # kept
    assert medians[1] / medians[0] == pytest.approx((0.9**2 / 0.8**2) ** 20 / 2, rel=1e-9)


def test_other_code_makes_other_cells(tmp_path, monkeypatch):
    session.compute(study(), tmp_path)
    again = Progress()
    session.compute(study(), tmp_path, progress=again)
    assert again.lane_steps == 0
    monkeypatch.setattr("optbench.cells.numeric_code", lambda: "other")
    changed = Progress()
    session.compute(study(), tmp_path, progress=changed)
    assert changed.lane_steps == 3 * 2 * 20
    frames, manifest = load_with_manifest(tmp_path)
    assert len(frames["lanes"]) == 6 and len(manifest["invocations"]) == 3


def test_a_run_of_other_code_that_is_interrupted_does_not_show_the_old_results(
    tmp_path, monkeypatch
):
    session.compute(study(), tmp_path)
    monkeypatch.setattr("optbench.cells.numeric_code", lambda: "other")

    class Interrupting(Progress):
        def begin(self, work):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.compute(study(), tmp_path, progress=Interrupting())
    with pytest.raises(ResultsError, match="interrupted: 0 of 3 cells"):
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
    session.compute(
        study(problems=["remembered"]), tmp_path / "run", folders=(tmp_path / "plugins",)
    )
    assert call("report", tmp_path / "run").exit_code == 0
    surfaces = session._surfaces(load(tmp_path / "run")["problems"], [tmp_path / "plugins"])
    value, box, minimum = surfaces("remembered (d=2)", 2)
    assert value(minimum) == pytest.approx(0.0, abs=1e-30) and len(box) == 2
    shutil.rmtree(tmp_path / "plugins")  # no contours then, and all else
    assert call("report", tmp_path / "run").exit_code == 0


# ------------------------------------------------------------------------ failures are results


@pytest.fixture
def broken(monkeypatch):
    """Make the pair on booth fail when its lanes run."""
    compute = tuning.compute

    def failing(cell):
        if cell.problem.name == "booth":
            raise ValueError("nothing converges here")
        return compute(cell)

    monkeypatch.setattr(tuning, "compute", failing)


def test_one_bad_pair_fails_alone_with_its_traceback(tmp_path, broken):
    run = tmp_path / "results" / "run"
    both = study(problems=["booth", {"name": "sphere", "dims": [2]}])
    progress = Progress()
    session.compute(both, run, progress=progress)
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
    session.compute(both, tmp_path / "run", folders=(tmp_path / "plugins",), progress=progress)
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
    session.compute(both, tmp_path / "run", folders=(tmp_path / "plugins",), progress=progress)
    ((_, reason),) = progress.failures
    assert re.search(message, reason), reason
    assert list(load(tmp_path / "run")["convergence"]["label"]) == ["sphere (d=2)"]


# ------------------------------------------------------------------ interrupted, killed, damaged


class Stopping(Progress):
    def advance(self, cell):
        if self.cells == 4:
            raise KeyboardInterrupt


def test_an_interrupted_run_says_so_on_its_page_and_in_the_list(tmp_path):
    run = tmp_path / "results" / "run"
    both = study(problems=["booth", {"name": "sphere", "dims": [2]}])
    with pytest.raises(KeyboardInterrupt):
        session.compute(both, run, threads=1, progress=Stopping())
    frames, manifest = load_with_manifest(run)
    assert manifest["state"] == "interrupted: 4 of 6 cells"
    assert len(frames["convergence"]) == 1
    assert "the same command goes on" in frames["skipped"].iloc[0]["reason"]
    page = session.write_report(run).read_text()
    assert "interrupted: 4 of 6 cells" in page and "Not run" in page
    assert "interrupted: 4 of 6 cells" in call("list", "runs", "--root", run.parent).output
    session.compute(both, run)
    assert load_with_manifest(run)[1]["state"] == "complete"


def test_a_terminated_run_is_one_that_was_interrupted(tmp_path):
    """A SIGTERM in the middle of a run: exit code 130, and a page of what is there."""
    script = """
        import os, signal, sys
        from optbench import tuning
        from optbench.cli import main
        compute = tuning.compute
        def terminated(cell):
            arrays = compute(cell)
            if cell.problem.name == "booth" and cell.scoring:
                os.kill(os.getpid(), signal.SIGTERM)
            return arrays
        tuning.compute = terminated
        main(["run", sys.argv[1], "--out", sys.argv[2], "--threads", "1"])
    """
    toml = tmp_path / "both.toml"
    toml.write_text(
        """optimizers = ["gd[lr=0.1]"]\nproblems = [{ name = "sphere", dims = [10] }, "booth"]
steps = 10\nseeds = 1"""
    )
    command = [sys.executable, "-c", textwrap.dedent(script), toml, tmp_path / "run"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 130, done.stderr
    assert "interrupted; what has finished is kept" in done.stderr
    assert call("report", tmp_path / "run").exit_code == 0
    assert "interrupted:" in (tmp_path / "run" / "report" / "index.html").read_text()


def test_a_killed_run_is_reported_without_touching_it(tmp_path):
    """After a SIGKILL the journal still lies beside the file: reading leaves both as they are."""
    script = """
        import os, signal, sys
        from optbench import session
        from optbench.progress import Progress
        from optbench.study import Study
        import json
        class Killed(Progress):
            def advance(self, cell):
                if self.cells == 4:
                    os.kill(os.getpid(), signal.SIGKILL)
        session.compute(Study(**json.loads(sys.argv[1])), sys.argv[2], threads=1, progress=Killed())
    """
    both = json.dumps({**SMALL, "problems": ["booth", {"name": "sphere", "dims": [2]}]})
    command = [sys.executable, "-c", textwrap.dedent(script), both, tmp_path / "run"]
    assert subprocess.run(command).returncode == -9
    before = contents(tmp_path / "run")
    assert f"{FILE}-wal" in before
    frames, manifest = load_with_manifest(tmp_path / "run")
    assert contents(tmp_path / "run") == before
    assert manifest["state"] == "interrupted: 4 of 6 cells" and len(frames["convergence"]) == 1
    assert call("report", tmp_path / "run").exit_code == 0
    session.compute(study(problems=["booth", {"name": "sphere", "dims": [2]}]), tmp_path / "run")
    assert load_with_manifest(tmp_path / "run")[1]["state"] == "complete"


def contents(folder):
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file()}


def test_reading_writes_nothing(finished):
    before = contents(finished)
    load(finished)
    assert call("list", "runs", "-v", "--root", finished.parent).exit_code == 0
    assert contents(finished) == before and f"{FILE}-wal" not in before


def test_two_processes_do_not_write_into_one_run(finished):
    script = f"""
        import sys
        from optbench.store import Store
        with Store({str(finished)!r}) as store:
            store.begin_invocation(process=1234, host="elsewhere", started="today")
            print("held", flush=True)
            sys.stdin.read()
    """
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "held\n"
        words = r"process 1234 on elsewhere \(since today\) is writing a run there.*--out"
        with pytest.raises(ResultsError, match=words):
            Store(finished)
        assert len(load(finished)["lanes"]) == 6  # reading goes on
    finally:
        holder.communicate("")


def test_two_runs_of_one_second_have_two_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = {session.new_folder(study()) for _ in range(5)}
    assert len(folders) == 5 and all(folder.is_dir() for folder in folders)


def test_one_bad_file_harms_no_other_run(finished, tmp_path):
    root = tmp_path / "results"
    shutil.copytree(finished, root / "good")
    whole = (finished / FILE).read_bytes()
    for name, data in (("junk", b"junk" * 999), ("empty", b""), ("cut", whole[: len(whole) // 3])):
        (root / name).mkdir()
        (root / name / FILE).write_bytes(data)
    result = call("list", "runs", "--root", root)
    assert result.exit_code == 0 and "Traceback" not in result.output
    assert "good" in result.output and "complete" in result.output
    for name in ("junk", "empty", "cut"):
        assert str(root / name) in result.output, name
        failed = call("report", root / name)
        assert failed.exit_code == 3 and str(root / name) in failed.output


def test_flipped_bytes_are_found_by_their_checksum(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    connection = sqlite3.connect(tmp_path / "run" / FILE)
    (data,) = connection.execute("SELECT data FROM arrays WHERE name = 'f_best' LIMIT 1").fetchone()
    flipped = bytearray(data)
    flipped[-3] ^= 0x10
    with connection:
        connection.execute("UPDATE arrays SET data = ? WHERE data = ?", (bytes(flipped), data))
    connection.close()
    result = call("report", tmp_path / "run")
    assert result.exit_code == 3 and "bytes of an array (f_best) have changed" in result.output


def test_a_full_disk_is_one_message_and_keeps_what_was_stored(tmp_path):
    with Store(tmp_path) as store:
        store.put("small", {}, {"a": np.arange(3)})
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(ResultsError, match="cannot be written.*full.*make room"):
            store.put("large", {}, {"a": np.arange(100_000)})
        assert not store.has("large")
    with Results(tmp_path) as results:
        assert results.has("small")


def test_other_databases_and_later_versions_are_refused(tmp_path):
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("CREATE TABLE of_somebody_else (a)")
    for opened in (Results, Store):
        with pytest.raises(ResultsError, match="not a results file of optbench"):
            opened(tmp_path)
    later = tmp_path / "later"
    Store(later).__exit__()
    with sqlite3.connect(later / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ResultsError, match="later version of optbench"):
        Results(later)


OF_TARGETS = (
    "evaluations_to_target", "basin_evaluations", "success_share", "success_low", "success_high",
    "seed0_success",
)  # fmt: skip
"""Version 0 numbered evaluations from 0, and put others in the place of targets below rounding."""


@pytest.mark.parametrize("how", ["read", "written"])
def test_a_run_of_version_0_is_upgraded(tmp_path, how):
    """The file was written by 0.1.0, before results had a version; its table is what it made."""
    path = tmp_path / FILE
    path.write_bytes(gzip.decompress((FIXTURES / "run_of_version_0.sqlite.gz").read_bytes()))
    before = path.read_bytes()
    if how == "written":
        Store(tmp_path).__exit__()
        assert path.read_bytes() != before
    table = load(tmp_path)["convergence"]
    if how == "read":
        assert path.read_bytes() == before
    expected = pd.read_csv(FIXTURES / "run_of_version_0.csv")
    keys = ["label", "optimizer"]
    table, expected = (t.sort_values(keys, ignore_index=True) for t in (table, expected))
    shared = [name for name in expected if name not in OF_TARGETS]
    pd.testing.assert_frame_equal(table[shared], expected[shared], check_dtype=False, rtol=1e-7)
    assert dict(zip(table["label"], table["budget"], strict=True))["sphere (d=10)"] == 20
    # Rounding hides a gap of 1e-6 of the start's on the spheres in float32, but no loss of a net.
    assert table["success_share"].isna().tolist() == [False, *[True] * 4, *[False] * 2]
    nets = table["label"] == "xor_sigmoid"
    assert (table["success_share"] == expected["success_share"])[nets].all()


def test_a_report_is_written_aside_and_moved_whole(finished, tmp_path, monkeypatch):
    shutil.copytree(finished, tmp_path / "run")
    page = session.write_report(tmp_path / "run")
    first = page.read_text()
    (tmp_path / "run" / "figures" / "of_an_earlier_report.svg").touch()
    monkeypatch.setattr("optbench.report.page._html", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        session.write_report(tmp_path / "run")
    assert page.read_text() == first
    monkeypatch.undo()
    session.write_report(tmp_path / "run")
    assert not (tmp_path / "run" / "figures" / "of_an_earlier_report.svg").exists()
    assert not list((tmp_path / "run").glob(".*"))


# -------------------------------------------------------------------------- filters and words


def narrowed(name, **options):
    return choose.narrowed(Study.from_toml(studies()[name]), **options)


def test_a_filter_keeps_the_settings_of_the_study():
    entry = narrowed("nets", problems=["digits_mlp"]).problems
    assert [(one.name, one.steps) for one in entry] == [("digits_mlp", 300)]
    assert narrowed("default", optimizers=["momentum*"]).optimizers == (
        "momentum", "momentum[clip_norm=1]", "momentum[sam_rho=0.05]",
    )  # fmt: skip
    assert len(narrowed("default", optimizers=["*"]).optimizers) == 14
    assert narrowed("baselines", optimizers=["scipy_*"]).optimizers == (
        "scipy_lbfgsb", "scipy_cg", "scipy_bfgs", "scipy_newton_cg", "scipy_nelder_mead",
    )  # fmt: skip
    settings = narrowed("default", optimizers=["momentum[clip_norm=1]"]).optimizers
    assert settings == ("momentum[clip_norm=1]",)


def test_a_plus_adds_and_filters_reach_what_is_added():
    assert "lion" in narrowed("quick", optimizers=["+lion"]).optimizers
    assert len(narrowed("quick", optimizers=["+lion"]).optimizers) == 7
    assert narrowed("quick", optimizers=["+lion", "lion"]).optimizers == ("lion",)
    names = [one.name for one in narrowed("quick", problems=["+booth", "booth"]).problems]
    assert names == ["booth"]
    assert "scipy_cg" in narrowed("quick", optimizers=["+scipy_cg"]).optimizers


def test_what_a_study_does_not_have_is_not_added_silently():
    with pytest.raises(UserError, match=r"quick has no optimizer 'lion'; add it with -o '\+lion'"):
        narrowed("quick", optimizers=["lion"])
    with pytest.raises(UserError, match=r"quick has no problem 'booth'; add it with -p '\+booth'"):
        narrowed("quick", problems=["booth"])


def test_quick_keeps_a_grid_that_can_compare():
    """Two rates a decade over the study's six: 13, a fifth of the steps and two seeds."""
    quick = narrowed("default", quick=True)
    assert (quick.lr.low, quick.lr.high, quick.lr.count) == (1e-5, 10.0, 13)
    assert quick.steps == 200 and quick.seeds == 2
    ratios = np.diff(np.log10(quick.lr.rates()))
    assert ratios.max() <= 0.5 + 1e-9


def test_a_dry_run_counts_what_will_run(tmp_path):
    toml = tmp_path / "one.toml"
    toml.write_text(
        """optimizers = ["gd[lr=0.1]", "adam", "scipy_cg"]
problems = ["booth"]\nseeds = 2\nsteps = 10
lr = { low = 1e-3, high = 1e-1, count = 5 }\ntuning_instances = [1]\nscoring_instances = [2]"""
    )
    lines = call("run", toml, "--dry-run").output.splitlines()
    assert lines[:3] == [
        "gd[lr=0.1] on booth (d=2): 10 steps, 1 rate", "adam on booth (d=2): 10 steps, 5 rates",
        "scipy_cg on booth (d=2): 10 steps, 1 rate",
    ]  # fmt: skip
    # 2 tuning lanes at each of 1 + 5 + 1 rates, 2 scoring lanes of each pair.
    assert lines[3].startswith("3 pairs, 6 cells, 20 lanes: of each pair 1 to 5 rates")


def test_the_folder_names_the_run(tmp_path, monkeypatch):
    folder = tmp_path / "my run"
    folder.mkdir()
    monkeypatch.chdir(folder)
    session.compute(study(), Path("."))
    assert load_with_manifest(folder)[1]["run"] == "my run"
    result = call("run", "quick", "--out", "")
    assert result.exit_code == 2 and "names no folder" in result.output
    assert not (folder / LOCK).stat().st_size
