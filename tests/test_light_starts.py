"""What a user waits for is not imported before it is needed: what starts bring, by name.

Seconds differ from machine to machine; what is imported does not.
"""

import importlib.util
import json
import subprocess
import sys

import pytest

HEAVY = {
    "numpy", "numba", "llvmlite", "scipy", "pandas", "matplotlib", "jinja2", "rich", "plotly",
    "pydantic", "sklearn", "distributed",
}  # fmt: skip
"""Each takes longer than all that is left of a start without them."""
OF_NETS = {
    "optbench.catalog.net_kernels", "optbench.catalog.data_identity", "optbench.lanes.net_units",
    "optbench.nets.net_problem", "optbench.nets.network", "optbench.nets.author_losses",
    "optbench.nets.data", "optbench.nets.datasets", "optbench.nets.diagnosis",
    "optbench.study.diagnosing", "optbench.study.instruments", "optbench.study.probing",
}  # fmt: skip
"""What surfaces do without."""
COMPILING = {
    "numba.np.arrayobj",
    "numba.np.linalg",
    "numba.cpython.unicode",
    "numba.typed.typeddict",
}
"""What Numba imports to compile, and not to run what was compiled."""
SOLVING = {"scipy.optimize", "scipy.sparse", "sklearn"}

MINIMIZE = """
import optbench
run = optbench.minimize("adam", "rosenbrock", steps=1000, lanes=64, lr=0.1)
assert run.best.max() < 1.0
"""
COMMAND = """
from optbench.cli.main import main
main({!r}, standalone_mode=False)
"""
SAYS = "import atexit, json, sys\natexit.register(lambda: print(json.dumps([*sys.modules])))\n"


def imported(code):
    """Return the names of all modules that a process has at its end."""
    process = subprocess.run(
        [sys.executable, "-c", SAYS + code], capture_output=True, text=True, timeout=600
    )
    assert process.returncode == 0, process.stderr
    return set(json.loads(process.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", sorted(OF_NETS | COMPILING | SOLVING))
def test_what_is_not_to_be_imported_has_not_been_renamed(name):
    assert importlib.util.find_spec(name)


def test_the_package_itself_is_light():
    assert imported("import optbench\ndir(optbench)") & HEAVY == set()


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["list", "--help"]])
def test_help_is_light(words):
    modules = imported(COMMAND.format(words))
    assert "click" in modules
    assert modules & HEAVY == set()


def test_lanes_that_were_compiled_before_import_what_runs_them():
    imported(MINIMIZE)  # fills the cache
    modules = imported(MINIMIZE)
    others = {
        "pandas",
        "matplotlib",
        "pydantic",
        "scipy.special",
        "scipy.linalg",
        "threadpoolctl",
        "numpy.ma",
    }
    assert "numba" in modules
    assert modules & (OF_NETS | COMPILING | SOLVING | others) == set()


def test_a_study_of_surfaces_imports_neither_nets_nor_solvers(tmp_path):
    words = ["run", "-o", "adam", "-p", "rosenbrock", "--quick", "--out", str(tmp_path / "run")]
    imported(COMMAND.format(words))
    modules = imported(COMMAND.format([*words[:-1], str(tmp_path / "again")]))
    assert "pandas" in modules
    assert modules & (OF_NETS | COMPILING | SOLVING | {"matplotlib"}) == set()


def test_a_net_imports_what_surfaces_do_without():
    modules = imported("import optbench\noptbench.problem('digits_mlp').compiled")
    assert modules >= {"optbench.nets.net_problem", "optbench.nets.datasets"}
