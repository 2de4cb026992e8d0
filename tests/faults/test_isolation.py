"""User code that raises, exits, crashes, hangs or bursts costs its own pairs, and no other's."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from optbench import session
from optbench.define import limits, plugins, registry
from optbench.define.limits import Limits
from optbench.report.statistics.load import load
from optbench.rules import registry as rules
from optbench.study import invocation, supervising
from optbench.study.progress import Progress
from tests.command_line import call
from tests.faults.mines_apart import ACTS, LOOPS, REASONS, WAITS, write
from tests.faults.runs import BOWL, study

pytestmark = pytest.mark.filterwarnings("ignore::optbench.define.plugins.PluginWarning")


def compute(folder, own, *problems, **options):
    """Run a study of problems; return label -> reason of those that failed."""
    progress = Progress()
    invocation.compute(
        study(problems=problems), folder, folders=own, progress=progress, threads=1, **options
    )
    return {pair.partition(" on ")[2].partition(" ")[0]: why for pair, why in progress.failures}


def test_what_user_code_does_costs_its_own_pairs_alone(tmp_path):
    own, run = write(tmp_path / "own", acts=ACTS.items()), tmp_path / "results" / "run"
    others = ["fine", {"name": "sphere", "dims": [2]}]
    failed = compute(run, own, *ACTS, *others, limits=Limits(memory=400))
    assert failed.keys() == ACTS.keys()
    for name, reason in REASONS.items():
        assert re.search(reason, failed[name]), failed[name]
    frames = load(run)
    assert list(frames["convergence"]["label"]) == ["fine (d=2)", "sphere (d=2)"]
    traces = frames["skipped"].set_index("label")["trace"]
    assert "Segmentation fault" in traces["segfaults (d=2)"]
    assert "own.py" in traces["raises (d=2)"] and "own.py" in traces["sys_exits (d=2)"]
    page = session.write_report(run).read_text()
    listed = call("list", "runs", "-v", "--root", tmp_path / "results").output
    for text in (page, listed):
        assert "killed by signal 11 (SIGSEGV)" in text and "exited with 3" in text


def test_what_hangs_is_ended_and_its_place_is_told(tmp_path):
    own = write(tmp_path / "own", acts=[("hangs", "hang")], more=LOOPS, flag=tmp_path / "flag")
    failed = compute(tmp_path / "run", own, "hangs", "loops", limits=Limits(4.0, 400))
    assert re.fullmatch(r"no result in 4 s \(--timeout\), at .*own\.py:11", failed["hangs"])
    assert failed["loops"].startswith("no result in 4 s (--timeout)")


def test_retry_failed_runs_what_failed_again_and_what_was_mended_runs_by_itself(tmp_path):
    flag, where = tmp_path / "flag", (tmp_path / "run", tmp_path / "own")
    write(where[1], more=WAITS, flag=flag)
    options = {"limits": Limits(memory=400)}
    first = compute(*where, "waits_for_flag", "fine", **options)
    assert "FileNotFoundError" in first["waits_for_flag"]
    flag.write_text("")
    again = compute(*where, "waits_for_flag", "fine", **options)
    assert again["waits_for_flag"] == (
        f"{first['waits_for_flag']} (as before; --retry-failed runs it again)"
    )
    assert not compute(*where, "waits_for_flag", "fine", retry_failed=True, **options)
    assert len(load(where[0])["convergence"]) == 2


def test_a_mended_file_is_run_by_itself(tmp_path):
    where, options = (tmp_path / "run", tmp_path / "own"), {"limits": Limits(memory=400)}
    write(where[1], acts=[("mended", "lambda: 1 / 0")])
    assert compute(*where, "mended", **options)
    write(where[1], acts=[("mended", "lambda: 0 / 1")])
    forget()
    assert not compute(*where, "mended", **options)


def forget():
    """Let files of definitions be read anew, as by another process."""
    registry._names.cache_clear()
    plugins.MET.clear()
    for name in [name for name in sys.modules if name.startswith(plugins.PREFIX)]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import ctypes; ctypes.string_at(0)", r"killed by signal 11 \(SIGSEGV\), at .*bad\.py:1"),
        ("import os; os._exit(0)", "exited with 0"),
        ("import time; time.sleep(1e6)", r"no result in 2 s \(--timeout\), at .*bad\.py:1"),
        ("all = [bytes(10**8) for _ in range(50)]", r"takes more than 300 MB"),
    ],
)
def test_a_file_that_does_not_outlive_its_import_is_left_out(tmp_path, line, reason):
    (tmp_path / "bad.py").write_text(line)
    (tmp_path / "good.py").write_text(BOWL.format(name="good", slope=2.0))
    with limits.limited(Limits(2.0, 300)):
        (good,), (refused,) = registry.from_folder(tmp_path, plugins.PROBLEM)
    assert good.name == "good"
    assert re.search(rf"bad\.py: cannot be imported: {reason}", refused.message)


@pytest.mark.parametrize(
    ("line", "reason"),
    [("os._exit(5)", "exited with 5"), ("sys.exit(6)", r"exited with 6 \(sys\.exit\), at .*:\d+")],
)
@pytest.mark.parametrize("declared", ["constants\ndef _(rng, dim):", "instance\ndef _(dim, i):"])
def test_a_definition_that_ends_the_process_fails_its_pairs(tmp_path, declared, line, reason):
    text = BOWL.format(name="ends", slope=2.0).replace("(x, g)", "(x, g, p)")
    text = f"import os, sys\n{text}@ends.{declared}\n    {line}\n"
    (tmp_path / "own.py").write_text(text)
    failed = compute(tmp_path / "run", tmp_path, "ends", {"name": "sphere", "dims": [2]})
    assert re.search(rf"own\.py:\d+: ends: {reason}", failed["ends"])


RULE = """
import time
from optbench.define import Log, optimizer

@optimizer(lr=Log(0.1), source="by hand")
def waits(x, g, lr, c):
    return x - lr * c * g

@waits.uniform
def _(t):
    time.sleep(1e6)
    return (1.0,)
"""


def test_a_rule_that_hangs_where_it_is_tried_is_left_out(tmp_path):
    (tmp_path / "own.py").write_text(RULE)
    with limits.limited(Limits(2.0)):
        refused = rules.named(tmp_path).refused
    assert [own.name for own in refused] == ["waits"]
    assert re.search(r"own\.py:\d+: no result in 2 s .*own\.py:11", refused[0].message)


def test_a_check_that_hangs_ends_and_fails(tmp_path):
    own = write(tmp_path / "own", more=LOOPS)
    result = call("check", "loops", "--plugins", own, "--timeout", 2)
    assert result.exit_code == 1
    assert "FAILED  process" in result.output and "no result in 2 s (--timeout)" in result.output


SCRIPT = """
import sys
import optbench
print("begun", flush=True)
study = optbench.Study.from_toml(sys.argv[1])
optbench.run(study, sys.argv[2], folders=sys.argv[3], threads=1)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_the_run_and_scripts_need_no_guard(tmp_path, ending):
    own = write(tmp_path / "own", acts=[("hangs", "hang")], flag=tmp_path / "flag")
    script, toml = tmp_path / "script.py", tmp_path / "hangs.toml"
    script.write_text(SCRIPT)
    toml.write_text(
        'optimizers = ["gd[lr=0.1]"]\nproblems = ["hangs"]\nsteps = 10\n'
        "tuning_instances = [1]\nscoring_instances = [2, 3]\n"
    )
    process = subprocess.Popen(
        [sys.executable, script, toml, tmp_path / "run", own], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        worker = int(awaited(lambda: (tmp_path / "flag").read_text(), 60.0))
        process.send_signal(ending)
        output, _ = process.communicate(timeout=30.0)
    finally:
        process.kill()
    assert output.splitlines() == ["begun"] and process.returncode != 0
    assert awaited(lambda: not is_running(worker), 10.0)


def awaited(question, seconds):
    """Return the answer to a question when it has one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if answer := question():
                return answer
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError("no answer")


def is_running(process):
    """Say whether a process is there, and is no zombie that nobody has asked for."""
    try:
        os.kill(process, 0)
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.fixture(scope="module", autouse=True)
def no_worker_is_left():
    yield
    supervising.end_idle()
