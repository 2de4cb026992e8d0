"""The compile cache gives what compiling would give, whatever is broken or shared."""

import os
import pickle
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numba import types
from numba.core import errors

from optbench.kernels.authors import blocks
from optbench.kernels.compiling import cache, entries, loading, options, saved_units
from optbench.kernels.compiling.surroundings import FOLDER
from optbench.kernels.products import product
from tests.hostile import Trap

ROOT = Path(__file__).resolve().parents[3]


def units(folder):
    return sorted(folder.glob("*" + entries.SUFFIX))


def triple(v):
    return 3.0 * v


# ----------------------------------------------------------------------- what loaded code can do


def test_loaded_functions_are_as_good_as_compiled_ones(build):
    signature = types.float64(types.float64)
    pair = [build(triple, signature)[0] for _ in range(2)]
    assert cache.COUNTS["loaded"]
    kind = types.FunctionType(signature)
    call = options.jit(lambda f, v: f(v) + 1.0, types.float64(kind, types.float64))
    for function in pair:
        assert function(2.0) == 6.0
        assert call(function, 2.0) == 7.0
        assert "mulsd" in "".join(function.inspect_asm().values())
        assert "fmul" in "".join(function.inspect_llvm().values())
        assert function.signatures == [(types.float64,)]
    with pytest.raises(TypeError, match="No matching definition"):
        pair[1]("text")


def test_an_error_inside_loaded_code_is_raised(build):
    def root(v):
        if v < 0.0:
            raise ValueError("negative")
        return v**0.5

    for _ in range(2):
        function, happened = build(root)
        with pytest.raises(ValueError, match="negative"):
            function(-1.0)
    assert happened == "loaded"


def branching(scale):
    def author(x, g):
        g[0] = scale
        if x[0] > 0.0:
            g[0] = -scale
        return x[0]

    return author


def test_a_failed_attempt_is_remembered(folder):
    real = np.dtype("float64")
    attempts = []
    for _ in range(2):
        before = cache.COUNTS.copy()
        block = blocks.problem_block(branching(0.25), real)
        attempts.append((block.lanes, dict(cache.COUNTS - before)))
    assert attempts == [(1, {"compiled": 1}), (1, {"known to fail": 1, "loaded": 1})]


def test_a_final_failure_is_explained_anew_every_time(build, folder):
    for _ in range(2):
        with pytest.raises(errors.TypingError, match="unknown_name"):
            build(lambda v: unknown_name(v))  # noqa: F821
    assert not units(folder)


# ------------------------------------------------------------------------------- damaged entries


def damage(path, how):
    data = path.read_bytes()
    if how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "flipped":
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    elif how == "of another":
        cache.compiled(lambda v: v - 1.0, "float64(float64)", options.OPTIONS)
        (other,) = set(units(path.parent)) - {path}
        os.replace(other, path)
    elif how == "not loadable":
        entries.write(path.parent, path.stem, pickle.dumps(("neither", "code")))
    else:
        *parts, symbols = pickle.loads(entries.read(path.parent, path.stem))
        content = saved_units.dumped((*parts, [*symbols, "no_such_symbol"]))
        entries.write(path.parent, path.stem, content)


BROKEN = ("truncated", "empty", "flipped", "of another")


@pytest.mark.parametrize("how", [*BROKEN, "not loadable", "a symbol is missing"])
def test_damaged_entries_are_compiled_again_and_replaced(build, folder, how):
    build(triple)
    (path,) = units(folder)
    damage(path, how)
    why = "is damaged" if how in BROKEN else "cannot be loaded"
    with pytest.warns(entries.CacheWarning, match=f"{path.name}: an entry of the cache {why}"):
        function, happened = build(triple)
    assert (function(2.0), happened) == (6.0, "compiled")
    function, happened = build(triple)
    assert (function(2.0), happened) == (6.0, "loaded")


def test_a_damaged_entry_is_gone_where_warnings_are_errors_too(build, folder):
    build(triple)
    (path,) = units(folder)
    damage(path, "truncated")
    with warnings.catch_warnings(action="error"):
        with pytest.raises(entries.CacheWarning, match="is damaged"):
            entries.read(path.parent, path.stem)
    assert not path.exists()


@pytest.mark.filterwarnings("ignore::optbench.kernels.compiling.entries.CacheWarning")
@pytest.mark.parametrize("how", ["wrong digest", "open folder", "foreign folder", "none of it"])
def test_nothing_is_unpickled_that_is_not_safe(build, folder, tmp_path, monkeypatch, how):
    build(triple)
    (path,) = units(folder)
    entries.write(folder, path.stem, pickle.dumps(Trap(tmp_path / "sprung")))
    if how == "wrong digest":
        damage(path, "flipped")
    elif how == "open folder":
        folder.chmod(0o755)
    elif how == "foreign folder":
        monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert build(triple)[0](2.0) == 6.0
    assert (tmp_path / "sprung").exists() == (how == "none of it")


# ------------------------------------------------------------------------------- many processes


def script(text, *arguments, root=ROOT):
    """Start a Python process that runs `text` on the sources below `root`."""
    return subprocess.Popen(
        [sys.executable, "-c", text, *arguments], text=True, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)}, cwd=root,
    )  # fmt: skip


def output(process):
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return text.strip()


BLOCKS = """
import sys
import numpy as np
from optbench.kernels.authors import blocks
from optbench.kernels.compiling import cache
def make(k):
    def author(x, g):
        g[0] = k
        return k * x[0]
    return author
real = np.dtype("float64")
compiled = [blocks.problem_block(make(float(k)), real) for k in sys.argv[1:]]
for block in compiled:
    x, g, f, none = np.full((1, 64), 2.0), np.empty((1, 64)), np.empty(64), np.empty(0)
    block(x, g, f, none, np.empty(0, np.int64), none, np.zeros(64, np.uint64), 0, 1)
    print(f[0], end=" ")
print(cache.COUNTS["compiled"])
"""


def test_entries_of_several_processes_do_not_mix_up_in_one(folder):
    """All blocks have the same name and types: Numba's symbols for them differ by number alone."""
    assert output(script(BLOCKS, "3")).split()[0] == "6.0"
    assert output(script(BLOCKS, "5")).split() == ["10.0", "1"]
    assert output(script(BLOCKS, "3", "5", "7")).split() == ["6.0", "10.0", "14.0", "1"]


def test_processes_may_write_at_the_same_time(folder):
    both = [script(BLOCKS, "3", "5", "7") for _ in range(2)]
    for process in both:
        assert output(process).split()[:3] == ["6.0", "10.0", "14.0"]
    assert output(script(BLOCKS, "3", "5", "7")).split() == ["6.0", "10.0", "14.0", "0"]
    assert units(folder) == sorted(folder.iterdir())


RUN = """
import sys
import numpy as np
import optbench
from optbench.kernels.compiling import cache, options
from optbench.kernels.products import product as products
for name in ("noisy_quadratic", "rosenbrock"):
    run = optbench.minimize("adam", name, steps=20, lanes=3, lr=0.01, seed=1)
    print(run.f.tobytes().hex(), run.x.tobytes().hex())
def dot(a, b, c):
    np.dot(a, b, c)
compiled = options.jit(dot, "void(f8[:, ::1], f8[:, ::1], f8[:, ::1])")
c = np.empty((2, 2))
compiled(np.eye(2), np.full((2, 2), 3.0), c)
products.symbol("float64", products.SHARED_SYMBOL)  # which calls another by symbol
print(c.tolist(), "scipy.linalg.cython_blas" in sys.modules, cache.COUNTS["compiled"] > 0)
"""


def test_a_warm_process_compiles_nothing_and_gives_the_same_bytes(folder):
    cold, warm = (output(script(RUN)).splitlines() for _ in range(2))
    assert cold[:2] == warm[:2]
    assert cold[2] == "[[3.0, 3.0], [3.0, 3.0]] True True"
    assert warm[2] == "[[3.0, 3.0], [3.0, 3.0]] True False"


def test_an_edited_kernel_file_is_noticed_by_the_next_process(folder, tmp_path):
    shutil.copytree(FOLDER.parent, tmp_path / "optbench", ignore=shutil.ignore_patterns("bitcode"))
    counts = [output(script(BLOCKS, "3", root=tmp_path)).split()[-1] for _ in range(2)]
    assert counts[1] == "0" < counts[0]
    with open(tmp_path / "optbench" / "kernels" / "simd" / "rows.py", "a") as file:
        file.write("# edited\n")
    assert output(script(BLOCKS, "3", root=tmp_path)).split()[-1] == counts[0]


def test_where_only_loading_is_asked_for_nothing_is_compiled(build, folder):
    def once(v):
        return v + 0.125

    with loading.only_loading(), pytest.raises(loading.NotKeptError):
        build(once)
    assert not units(folder) and build(once)[1] == "compiled"
    with loading.only_loading():
        function, happened = build(once)
    assert happened == "loaded" and function(1.0) == 1.125


def test_what_cannot_be_kept_is_compiled_all_the_same(build, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    with loading.only_loading():
        assert build(triple)[0](1.0) == 3.0


def test_an_entry_whose_callee_is_missing_is_not_discarded(folder):
    """A net's kernel calls the matrix product, which has an entry of its own."""
    script = """
from optbench.kernels.compiling import entries, loading
from optbench.kernels.compiling.surroundings import FOLDER
from optbench.kernels.products import product

def missing(dtype, name):
    raise loading.NotKeptError

from optbench.rules import compose
from optbench.kernels.authors import blocks
layout = compose.optimizer("muon").layout()
if COMPILE:
    blocks.rule_block(layout, "float64")
else:
    product.symbol = missing
    try:
        with loading.only_loading():
            blocks.rule_block(layout, "float64")
    except loading.NotKeptError:
        print("not kept")
"""
    for compile, printed in (("True", ""), ("False", "not kept\n")):
        done = subprocess.run(
            [sys.executable, "-c", script.replace("COMPILE", compile)], cwd=ROOT, text=True,
            capture_output=True, check=True,
        )  # fmt: skip
        assert done.stdout == printed
        assert len(units(folder)) == 4  # the rule, the product, large ones and their blocks


def test_no_symbols_begin_as_those_of_another_provider():
    """What loads one kind would be asked for the other, and its entries be compiled every time."""
    begins = sorted(saved_units.PROVIDERS)
    assert {"numba_xx", product.SYMBOL, product.BLOCK_SYMBOL} <= set(begins)
    pairs = [(one, other) for one in begins for other in begins if one != other]
    assert [pair for pair in pairs if pair[1].startswith(pair[0])] == []
