"""Every SIMD path in a process of its own: the level asked for, its registers, the same results.

Compiled blocks are compared here; whole runs on other paths are in `tests.paths`. That the name of
a processor has the same effect as the path it leads to comes with `make conformance`: each path
compiles twenty functions anew.
"""

import functools
import json
import re

import numpy as np
import pytest

from optbench.kernels.compiling.features import LEVELS
from tests.kernels.simd.paths import LEVEL_OF, PATHS, machine, offered, python

RULES, PROBLEMS = ("gd", "adam"), ("rosenbrock", "ackley")
TWINS = ("rastrigin", "branching")
STEPS = 3
SCRIPT = f"""
import json, re
import numpy as np
import optbench
from optbench.kernels.authors import blocks
from optbench.kernels.compiling import features, vector_library
from optbench.kernels.simd import newton
from optbench.rules import compose
from tests.problems import twins

def registers(block):
    (assembly,) = block.inspect_asm().values()
    return max(re.findall(r"%([xyz]mm)", assembly))

def evaluated(block, x):
    g, f, nothing = np.empty_like(x), np.empty(x.shape[1], x.dtype), np.empty(0, x.dtype)
    key = np.zeros(x.shape[1], np.uint64)
    block(x, g, f, nothing, np.empty(0, np.int64), nothing, key, 0, 1)
    return g, f

values, used = {{}}, {{}}
for dtype in ("float64", "float32"):
    x = np.random.default_rng(0).uniform(-2, 2, (2, 64)).astype(dtype)
    for problem in {PROBLEMS}:
        block = blocks.problem_block(optbench.problems()[problem].function, np.dtype(dtype))
        g, f = evaluated(block, x)
        values[problem + " " + dtype] = [g.tolist(), f.tolist()]
        used[problem + " " + dtype] = registers(block)
    for twin in {TWINS}:
        block = blocks.problem_block(getattr(twins, twin), np.dtype(dtype), 2)
        g, f = evaluated(block, x)
        values["dual " + twin + " " + dtype] = [g.tolist(), f.tolist()]
        if block.lanes > 1:
            used["dual " + twin + " " + dtype] = registers(block)
    for rule in {RULES}:
        points = optbench.replay(rule, np.ones((2, {STEPS})) / [[3], [7]], x[0, :{STEPS}], lr=0.1)
        values[rule + " " + dtype] = [points.tolist()]
        block = blocks.rule_block(compose.optimizer(rule).layout(), np.dtype(dtype))
        used[rule + " " + dtype] = registers(block)
print(json.dumps(dict(
    level=features.LEVEL, symbols=vector_library.symbols(), roots=newton.ROOTS,
    divides=newton.DIVIDES,
    values=values, used=used,
)))
"""
WIDEST = {"avx512": "zmm", "avx2": "ymm", "generic": "xmm"}


@functools.cache
def outcome(path):
    done = python("-c", SCRIPT, **PATHS[path])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


AT_ONCE = ("avx2", "generic", "newton")
"""What most of the other tests do not run: each path compiles all anew, in a process of its own."""


@pytest.fixture(params=[
    pytest.param(path, marks=() if path in AT_ONCE else pytest.mark.conformance) for path in PATHS
])  # fmt: skip
def path(request):
    return request.param


def test_path_is_taken_or_refused(path):
    if not offered(path):
        done = python("-m", "optbench", "run", "quick", "--dry-run", **PATHS[path])
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(r"optbench: .* this processor offers \w+ at most\n", done.stderr)
        return
    result = outcome(path)
    level = LEVEL_OF.get(path, path if path in LEVELS else machine())
    assert result["level"] == level
    assert result["roots"] == (level == "avx512" and path != "units")
    assert result["divides"] if path == "newton" else result["roots"] or not result["divides"]
    letter = {"avx512": "e", "avx2": "d"}.get(level)
    assert all(name.startswith(f"_ZGV{letter}") for name in result["symbols"])
    if level == "generic" or path == "polynomials":
        assert not result["symbols"]


def test_assembly_uses_the_registers_of_the_level(path):
    if not offered(path):
        return
    result = outcome(path)
    assert len(result["used"]) == 10
    for name, registers in result["used"].items():
        assert registers == WIDEST[result["level"]], name


def agree(computed, reference, tolerance):
    computed, reference = np.array(computed), np.array(reference)
    return (np.abs(computed - reference) <= tolerance * np.maximum(1, np.abs(reference))).all()


def test_results_are_the_same_on_every_path(path):
    if not offered(path):
        return
    computed, reference = outcome(path)["values"], outcome("generic")["values"]
    shared = computed.keys() & reference.keys()
    assert len(shared) == 12
    for name in shared:
        tolerance = 1e-13 if name.endswith("float64") else 5e-6
        for a, b in zip(computed[name], reference[name], strict=True):
            assert agree(a, b, tolerance), name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(OPTBENCH_SIMD="sse9"), "OPTBENCH_SIMD=sse9: use one of avx512, avx2, generic"),
        (
            dict(OPTBENCH_SIMD="avx2", NUMBA_CPU_NAME="x86-64"),
            "OPTBENCH_SIMD=avx2: this processor offers generic at most",
        ),
        (
            dict(OPTBENCH_VECTOR_MATH="exact"),
            "OPTBENCH_VECTOR_MATH=exact: use library or polynomial",
        ),
        (
            dict(OPTBENCH_DIVISION="Newton"),
            "OPTBENCH_DIVISION=Newton: use newton or hardware",
        ),
        (
            dict(OPTBENCH_SIMD="generic", OPTBENCH_ROOT="newton"),
            "OPTBENCH_ROOT=newton: the estimates need avx512 instructions, and these are generic; "
            "use hardware",
        ),
    ],
)
def test_wrong_values_give_one_message(settings, message, tmp_path):
    command = ("-m", "optbench", "run", "-o", "gd", "-p", "rosenbrock", "--out", tmp_path / "run")
    done = python(*command, **settings)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"optbench: {message}\n")


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        (dict(NUMBA_CPU_NAME="generic"), "generic"),
        (dict(NUMBA_CPU_NAME="x86-64-v2"), "generic"),
        (dict(NUMBA_CPU_FEATURES="-avx,-avx2,-avx512f"), "generic"),
        (dict(NUMBA_CPU_NAME="skylake"), "avx2"),
        (dict(NUMBA_CPU_FEATURES="-avx512f"), "avx2"),
    ],
)
def test_numbas_own_settings_are_respected(settings, level):
    code = "from optbench.kernels.compiling.features import LEVEL; print(LEVEL)"
    expected = max(level, machine(), key=LEVELS.index)
    assert python("-c", code, **settings).stdout.strip() == expected


def test_functions_compiled_before_cannot_be_taken_back():
    code = "import numba; numba.njit('i8()')(lambda: 1); import optbench.kernels.compiling.features"
    done = python("-c", code, OPTBENCH_SIMD="generic")
    if machine() == "generic":
        assert done.returncode == 0
    else:
        assert "UserError: cannot keep to generic instructions: Numba has compiled" in done.stderr
