"""The command line as a user meets it: what it prints, and one clear message for every mistake."""

import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from optbench.study.results import Results
from tests.command_line import call

SMALL = [
    "run", "quick", "-o", "momentum", "-p", "+booth", "-p", "booth", "--seeds", "2",
    "--steps", "20", "--lr", "1e-3:1e-1:5",
]  # fmt: skip


def refused(*arguments):
    """Run a command that must fail with exit code 2; return its message, a single line."""
    result = call(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "-o", "adm"], "unknown optimizer 'adm': did you mean adam"),
        (["run", "-p", "rosenbrok"], "unknown problem 'rosenbrok': did you mean rosenbrock"),
        (["run", "quik"], "unknown study 'quik': did you mean quick"),
        (["report", "nothing"], "unknown run 'nothing'"),
        (["run", "quick", "--lr", "0:1:5"], "low"),
        (["run", "quick", "--lr", "-1e-3"], "greater than 0"),
        (["run", "quick", "--lr", "nan"], "finite number"),
        (["run", "quick", "--lr", "1e-3:1:0"], "count"),
        (["run", "quick", "--lr", "1:1e-3:5"], "low < high"),
        (["run", "quick", "--lr", "fast"], "expected LOW:HIGH:COUNT"),
        (["run", "quick", "--steps", "0"], "steps"),
        (["run", "quick", "--seeds", "0"], "seeds"),
        (["run", "quick", "--threads", "0"], "--threads = 0 is out of range"),
        (["run", "quick", "--dtype", "float16"], "float64"),
        (["run", "quick", "-o", "adam[beta1=2]"], "adam: beta1 = 2.0 is outside its range [0, 1)"),
        (["run", "quick", "-o", "adam[bta1=0.5]"], "did you mean beta1"),
        (["run", "quick", "-o", "sgd", "-p", "himmelblau"], "himmelblau has no noise"),
        (["run", "missing.toml"], "missing.toml: cannot be read"),
    ],
)
def test_bad_input_is_named_and_exits_with_2(arguments, message):
    assert message in refused(*arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepz = 5", "field stepz is unknown; did you mean steps?"),
        ("steps = 'many'", "field steps = 'many' must be a whole number of at least 1"),
        ("seeds = 0", "field seeds = 0 is out of range: a whole number of at least 1"),
        ("lr = {low = 0.0}", "field lr.low"),
        ("lr = {low = 1.0, high = 0.1}", "low < high"),
        ("dtype = 'float16'", "field dtype"),
        ("steps = ", "is not valid TOML"),
    ],
)
def test_a_wrong_study_names_file_field_and_expectation(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(f"optimizers = ['adam']\nproblems = ['booth']\n{text}\n")
    output = refused("run", path)
    assert str(path) in output and message in output


def test_a_missing_field_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("optimizers = ['adam']\n")
    assert "field problems is missing" in refused("run", path)


def test_a_folder_that_cannot_be_written_is_said_before_anything_runs(tmp_path):
    (tmp_path / "file").touch()
    began = time.process_time()
    result = call(*SMALL, "--out", tmp_path / "file" / "run")
    assert result.exit_code == 3 and "cannot be written" in result.output
    assert time.process_time() - began < 1.0


def test_a_folder_that_was_removed_ends_in_one_message(tmp_path):
    script = f"""
import os, runpy, sys
os.makedirs({str(tmp_path / "gone")!r}); os.chdir({str(tmp_path / "gone")!r}); os.rmdir(os.getcwd())
sys.argv = ["optbench", *sys.argv[1:]]
runpy.run_module("optbench", run_name="__main__")
"""
    for arguments in (["list", "problems"], ["run", "quick", "--dry-run"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True
        )
        (line,) = done.stderr.splitlines()
        assert done.returncode == 2 and "the folder that this shell is in is not there" in line


def test_dry_run_says_what_would_run(tmp_path):
    result = call("run", "quick", "-o", "adam", "-p", "himmelblau", "--dry-run")
    assert result.exit_code == 0
    # 9 rates and the default on 4 instances and on 8; on the canonical draw two trials.
    pair = "adam on himmelblau (d=2): 300 steps, 10 trials, 40 tuning lanes and 82 scoring lanes\n"
    assert pair in result.output
    assert "1 pair, 2 cells, 122 lanes; " in result.output


def test_run_report_and_list(tmp_path):
    folder = tmp_path / "results" / "first"
    result = call(*SMALL, "--out", folder)
    assert result.exit_code == 0, result.output
    page = folder / "report" / "index.html"
    assert f"report: {page}" in result.output and page.is_file()
    page.unlink()
    assert call("report", folder).exit_code == 0 and page.is_file()
    listed = call("list", "runs", "--root", tmp_path / "results").output
    assert "first" in listed and "quick" in listed and "complete" in listed
    changed = [a if a != "20" else "21" for a in SMALL]
    result = call(*changed, "--out", folder)
    assert result.exit_code == 3
    assert "holds the results of another study (quick: steps = 20 there, 21 here)" in result.output


@pytest.mark.parametrize(
    ("what", "known"),
    [("optimizers", "adam"), ("problems", "rosenbrock"), ("studies", "quick")],
)
def test_lists(what, known):
    result = call("list", what)
    assert result.exit_code == 0 and known in result.output


def _seconds_of_children():
    """Return the processor time of processes that have ended: what else runs does not count."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_help_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, optbench.cli.main; "
        "heavy = {'numba', 'numpy', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    times = []
    for _ in range(5):
        began = _seconds_of_children()
        subprocess.run(
            [sys.executable, "-m", "optbench", "--help"], check=True, capture_output=True
        )
        times.append(_seconds_of_children() - began)
    assert min(times) <= 0.3


def test_ctrl_c_keeps_what_is_finished_and_exits_with_130(tmp_path):
    command = [
        sys.executable, "-m", "optbench", "run", "default", "-o", "nesterov", "-o", "momentum",
        "-p", "*ellipsoid*", "--steps", "100000", "--out", str(tmp_path),
    ]  # fmt: skip
    # A shell's background jobs ignore Ctrl-C, and so would what they start.
    heeding = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heeding)
    deadline = time.time() + 120
    while _stored(tmp_path) < 3 and time.time() < deadline and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "what has finished is kept" in message
    kept = _stored(tmp_path)
    assert kept >= 3
    listed = call("list", "runs", "--root", tmp_path.parent).output
    assert f"interrupted: {kept} of " in listed


def _stored(folder):
    if not os.path.exists(folder / "run.sqlite"):
        return 0
    try:
        with Results(folder) as store:
            return store.count()
    except Exception:  # the file is being created
        return 0


def test_a_run_prints_the_best_optimizers_of_each_problem(tmp_path):
    arguments = [*SMALL, "-o", "adam", "--out", tmp_path / "run"]
    lines = call(*arguments).output.splitlines()
    place = lines.index("booth (d=2)")
    assert {line.split()[0] for line in lines[place + 1 : place + 3]} == {"adam", "momentum"}
    assert "of 16 lanes reached the target" in lines[place + 1]
