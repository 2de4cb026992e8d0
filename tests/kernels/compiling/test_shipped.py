"""Bitcode that comes with the package is what compiling would give, and used only while it is."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from numba import types

from optbench.kernels.compiling import cache, entries, options, shipped, surroundings
from tests.kernels.simd.paths import offered

ROOT = Path(__file__).resolve().parents[3]
SIGNATURE = types.float64(types.float64)


def triple(v):
    return 3.0 * v


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return the folder that stands for the one in the package."""
    path = tmp_path / "bitcode"
    monkeypatch.setattr(shipped, "FOLDER", path)
    return path


def ship(package, function, by_level, **how):
    """Compile a function without the cache, and write its bitcode; return the file."""
    with pytest.MonkeyPatch.context() as patch, shipped.recording():
        patch.setenv("OPTBENCH_CACHE", "off")
        built = cache.compiled(function, SIGNATURE, how or options.OPTIONS)
    return shipped.write(built, package, by_level)


@pytest.mark.parametrize("by_level", [False, True])
def test_a_shipped_unit_is_loaded_and_becomes_an_entry_of_the_cache(
    build, package, folder, by_level
):
    ship(package, triple, by_level)
    for expected in ("shipped", "loaded"):
        function, happened = build(triple, SIGNATURE)
        assert (function(2.0), happened) == (6.0, expected)
        assert "mulsd" in "".join(function.inspect_asm().values())
        assert "fmul" in "".join(function.inspect_llvm().values())
    with pytest.raises(TypeError, match="No matching definition"):
        function("text")


def test_an_error_inside_a_shipped_unit_is_raised(build, package):
    def root(v):
        if v < 0.0:
            raise ValueError("negative")
        return v**0.5

    ship(package, root, False)
    function, happened = build(root)
    assert happened == "shipped"
    with pytest.raises(ValueError, match="negative"):
        function(-1.0)


@pytest.mark.parametrize(
    "module, name, value",
    [
        (surroundings, "ENGINE_DIGEST", "edited"), (surroundings.numba, "__version__", "0.1"),
        (surroundings.llvmlite, "__version__", "0.1"), (surroundings.np, "__version__", "9.0"),
        (surroundings, "sys", SimpleNamespace(**{**vars(sys), "version_info": (3, 99)})),
        (surroundings.config, "LOOP_VECTORIZE", 17),
        (surroundings.platform, "machine", lambda: "riscv64"),
        (surroundings.platform, "system", lambda: "Plan 9"),
    ],
)  # fmt: skip
def test_a_stale_or_foreign_unit_is_never_used(build, package, monkeypatch, module, name, value):
    with monkeypatch.context() as patch:
        patch.setattr(module, name, value)
        ship(package, triple, False)
    assert build(triple)[1] == "compiled"


@pytest.mark.parametrize("by_level", [False, True])
def test_only_units_that_ask_for_the_level_are_bound_to_it(build, package, monkeypatch, by_level):
    with monkeypatch.context() as patch:
        patch.setattr(surroundings, "LEVEL", "another")
        ship(package, triple, by_level)
    assert build(triple)[1] == ("compiled" if by_level else "shipped")


def test_other_code_and_other_options_are_other_units(build, package):
    ship(package, triple, False)
    assert build(lambda v: 4.0 * v)[1] == "compiled"
    assert build(triple, options=options.ENTRY_OPTIONS)[1] == "compiled"


@pytest.mark.parametrize("how", ["cut", "flipped", "renamed", "a symbol is missing"])
def test_a_damaged_unit_is_not_used_and_left_alone(build, package, how):
    path = ship(package, triple, False)
    data = path.read_bytes()
    if how == "cut":
        path.write_bytes(data[:-100])
    elif how == "flipped":
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    elif how == "renamed":
        os.replace(ship(package, lambda v: 5.0 * v, False), path)
    else:
        *parts, symbols = cache.pickle.loads(entries.content(package, path.stem))
        content = shipped.dumped((*parts, [*symbols, "no_such_symbol"]))
        path.write_bytes(entries.packed(path.stem, content))
    before = path.read_bytes()
    function, happened = build(triple)
    assert (function(2.0), happened) == (6.0, "compiled")
    assert path.read_bytes() == before


def test_what_was_compiled_without_being_recorded_is_refused(package, build):
    with pytest.raises(ValueError, match="triple has no bitcode"):
        shipped.write(build(triple)[0], package, False)


MAKE = """
import sys
from pathlib import Path
import numpy as np
from optbench.kernels.compiling import shipped
from optbench.kernels.cpu.driver import compiled
with shipped.recording():
    shipped.write(compiled(np.dtype("float64"), general=False), Path(sys.argv[1]), False)
"""
RUN = """
import hashlib, sys
from pathlib import Path
import optbench
from optbench.kernels.compiling import cache, features, shipped
shipped.FOLDER = Path(sys.argv[1])
for rule in ("adam", "momentum"):
    for problem in ("rosenbrock", "rastrigin"):
        run = optbench.minimize(rule, problem, steps=300, lanes=70, lr=0.3, seed=1)
        arrays = (run.x, run.f, run.best, run.hits, run.steps, run.status)
        print(hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
print(features.LEVEL, cache.COUNTS["shipped"])
"""


def output(text, *arguments, **settings):
    """Return the lines that a Python process with settings prints."""
    done = subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)], cwd=ROOT, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings}, stdout=subprocess.PIPE,
    )  # fmt: skip
    return done.stdout.split("\n")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with the driver's bitcode, made on this processor."""
    folder = tmp_path_factory.mktemp("bitcode")
    output(MAKE, folder, OPTBENCH_CACHE="off")
    return folder


@pytest.mark.conformance
@pytest.mark.parametrize("path", ["generic", "avx512", "avx2"])
def test_the_driver_gives_the_same_bytes_wherever_its_bitcode_was_made(made, tmp_path, path):
    """It is made on this processor, and taken by all with the same or fewer instructions."""
    if not offered(path):
        pytest.skip(f"this processor has no {path}")
    *bytes_, last = (
        output(
            RUN, folder, OPTBENCH_SIMD=path, OPTBENCH_CACHE="on",
            OPTBENCH_CACHE_DIR=str(tmp_path / f"cache of {folder.name}"),
        )[:-1]
        for folder in (tmp_path / "none", made)
    )  # fmt: skip
    assert last[:-1] == bytes_[0][:-1]
    assert (bytes_[0][-1], last[-1]) == (f"{path} 0", f"{path} 1")


def test_units_in_the_package_are_current(folder):
    """What `make bitcode` made, if it did, is of the code that is there: else it is of no use."""
    if not shipped.FOLDER.is_dir():
        pytest.skip("no bitcode was made in this tree")
    from optbench.lanes import release

    before = cache.COUNTS.copy()
    names = [*release.of_all_levels(), *release.of_this_level()]
    happened = cache.COUNTS - before
    assert set(happened) <= {"shipped", "loaded"} and names, f"run make bitcode: {happened}"
