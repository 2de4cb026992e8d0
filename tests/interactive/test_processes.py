"""Where Python is used: notebooks, scripts that guard nothing, threads, forks."""

import subprocess
import sys

import pytest

MINE = """
from optbench.define import problem

@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), source="by hand")
def mine(x):
    return SCALE * (x[0] * x[0] + x[1] * x[1])
"""
STUDY = """
import sys, warnings
import optbench

def study(out, **options):
    small = optbench.Study(
        name="small", optimizers=["gd"], problems=["mine", "booth"], steps=20, lr=0.1,
        tuning_instances=[1], scoring_instances=[2, 3],
    )
    run = optbench.run(small, out, folders="mine", **options)
    lanes = run.frames["lanes"].query("optimizer == 'gd'")
    return lanes[["label", "instance", "f_final"]].values.tolist()

def lanes():
    return optbench.minimize("adam", "rosenbrock", steps=200, lanes=8, lr=0.1).f.tobytes()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.py").write_text("from ._scale import SCALE\n" + MINE)
    (tmp_path / "mine" / "_scale.py").write_text("SCALE = 1.0\n")
    return tmp_path


def ran(folder, code, *flags):
    """Run a script in a process of its own; it must say nothing to standard error."""
    (folder / "script.py").write_text(code)
    process = subprocess.run(
        [sys.executable, *flags, "script.py"], cwd=folder, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert process.returncode == 0 and not process.stderr, process.stderr
    return process.stdout.splitlines()


EDITING = """
from pathlib import Path
import optbench

def value():
    return optbench.problem("mine", folders="mine").value([1.0, 1.0])

def edit(scale):
    Path("mine/_scale.py").write_text(f"SCALE = {scale}\\n")

"""
VALUES = (
    EDITING
    + """
held = optbench.problem("mine", folders="mine")
first = value()
edit(3.0)
second = value()
edit(1.0)
print(first, second, value(), held.value([1.0, 1.0]))
"""
)
STUDIES = (
    STUDY
    + EDITING
    + """
first, before = value(), study("first")
edit(3.0)
second, after = value(), study("second")
print(before[0][0], before[0][2] != after[0][2])
figure = optbench.Run("second").plot.curves("booth", backend="plotly")
print(len(figure.data) > 0)
"""
)


def test_edited_files_are_read_again(folder):
    assert ran(folder, VALUES, "-W", "error") == ["2.0 6.0 2.0 2.0"]


@pytest.mark.conformance
def test_studies_read_edited_files_again_and_need_no_main_guard(folder):
    assert ran(folder, STUDIES, "-W", "error") == ["mine (d=2) True", "True"]


FORKS = (
    STUDY
    + """
import multiprocessing, os

def child(function, *arguments, method="fork"):
    context = multiprocessing.get_context(method)
    queue = context.SimpleQueue()
    process = context.Process(target=answer, args=(queue, function, *arguments))
    process.start()
    process.join(120)
    assert process.exitcode == 0, process.exitcode
    return queue.get()

def answer(queue, function, *arguments):
    queue.put(function(*arguments))

if __name__ == "__main__":
    early = child(lanes)
    own = lanes()
    print(early == own == child(lanes))
    print(study("here") == child(study, "there"))  # whose workers the child must not take over
    process = os.fork()
    if not process:
        os._exit(lanes() != own)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    if SPAWN:
        print(child(lanes, method="spawn") == own)
"""
)


@pytest.mark.conformance
def test_forked_processes_compute_the_same(folder):
    said = ran(folder, "SPAWN = False\n" + FORKS, "-W", "error")
    assert said == ["True", "True", "0"]


THREADS = (
    STUDY
    + """
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(4) as pool:
    parts = [pool.submit(lanes) for _ in range(2)]
    runs = [pool.submit(study, name) for name in ("one", "two")]
    print(len({part.result() for part in parts}), runs[0].result() == runs[1].result())
"""
)


@pytest.mark.conformance
def test_runs_and_lanes_in_threads_do_not_meet(folder):
    assert ran(folder, THREADS, "-W", "error") == ["1 True"]


CELLS = '''
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()

def run(cell):
    shell.run_cell(cell, silent=True).raise_error()

def value_of(text):
    run(f"got = {text}")
    return shell.user_ns["got"]

DEFINED = """
from optbench.define import Log, optimizer, problem

SCALE = {scale}

@problem(start=[1.0, -2.0], minimum=0.0, f_min=0.0, box=(-4.0, 4.0), source="by hand")
def bowl(x):
    return SCALE * (x[0] * x[0] + x[1] * x[1])

@optimizer(lr=Log(0.1), source="by hand")
def scaled(x, g, lr):
    return x - {scale} * lr * g
"""
run("import optbench")
for scale in (1.0, 3.0):
    run(DEFINED.format(scale=scale))
    value, x = value_of(
        "(optbench.problem(bowl).value([1.0, 1.0]), "
        "optbench.minimize(scaled, bowl, steps=1, lr=0.1).x[0].tolist())"
    )
    print(value, [round(float(v), 12) for v in x])
run("""
async def lanes():
    return optbench.minimize("gd", "sphere", steps=3, lr=0.1).steps[0]

steps = await lanes()
""")
print(shell.user_ns["steps"])
for thing in ("optbench.problem(bowl)", "optbench.minimize('gd', bowl, steps=5, lr=0.1)"):
    data, _ = shell.display_formatter.format(value_of(thing))
    print("<table>" in data["text/html"])
'''


def test_cells_are_run_as_they_were_last_defined(folder):
    said = ran(folder, CELLS, "-W", "error")
    assert said[:3] == ["2.0 [0.8, -1.6]", "6.0 [-0.8, 1.6]", "3"]  # 1 - 3 * 0.1 * 6
    assert said[3:] == ["True", "True"]


@pytest.mark.conformance
def test_spawned_processes_and_workers_need_no_guard_of_ours(folder):
    assert ran(folder, "SPAWN = True\n" + FORKS)[-1] == "True"
    code = STUDY + "\nprint(study('local') == study('workers', workers=2))\n"
    assert ran(folder, code) == ["True"]
