"""The key of the compile cache: edits of code and values change it, comments do not."""

import ctypes
import importlib
import pickle
import shutil
import sys

import numpy as np
import pytest
from numba import types

from optbench.kernels.authors import retype
from optbench.kernels.compiling import cache, entries, fingerprint, surroundings
from optbench.kernels.compiling import options as compile


def triple(v):
    return 3.0 * v


# --------------------------------------------------------------------------- edits, by an author

FILES = {
    "author.py": """\
from {package} import third
from {package}.other import scale

def author(v):
    # a comment
    return scale(v) + 1.0 + third.OFFSET
""",
    "other.py": """\
from {package}.third import power

FACTOR = 2.0

def scale(v, shift=0.5):
    return FACTOR * power(v) + shift
""",
    "third.py": """\
OFFSET = 10.0
TABLE = (1.0, 4.0)

def power(v):
    return v * v * TABLE[1]
""",
}
BASE = 2.0 * 9.0 * 4.0 + 1.0 + 10.0 + 0.5


def author_of(folder, package, file=None, old="", new=""):
    """Write the files, one of them edited, import them anew and return the retyped author."""
    home = folder / package
    home.mkdir(exist_ok=True)
    for name, text in FILES.items():
        if name == file:
            assert old in text
            text = text.replace(old, new)
        (home / name).write_text(text.format(package=package))
    for name in [n for n in sys.modules if n.partition(".")[0] == package]:
        del sys.modules[name]
    importlib.invalidate_caches()
    module = importlib.import_module(f"{package}.author")
    return retype.retype(module.author, "float64")


@pytest.mark.parametrize(
    ("file", "old", "new", "counted", "change"),
    [
        (None, "", "", "loaded", 0.0),
        ("author.py", "# a comment", "# another\n\n    # one", "loaded", 0.0),
        ("author.py", "def author", "def unused(v):\n    return v\n\n\ndef author", "loaded", 0.0),
        ("other.py", "shift=0.5):\n", "shift=0.5):  # edited\n\n", "loaded", 0.0),
        ("third.py", "TABLE[1]", "(\n        TABLE[1]  # wrapped\n    )", "loaded", 0.0),
        ("author.py", "1.0", "2.0", "compiled", 1.0),
        ("other.py", "shift=0.5", "shift=1.5", "compiled", 1.0),
        ("author.py", "scale(v) + 1.0", "scale(v) - 1.0", "compiled", -2.0),
        ("other.py", "FACTOR *", "1.0 + FACTOR *", "compiled", 1.0),
        ("other.py", "FACTOR = 2.0", "FACTOR = 3.0", "compiled", 36.0),
        ("third.py", "OFFSET = 10.0", "OFFSET = 12.0", "compiled", 2.0),
        ("third.py", "(1.0, 4.0)", "(1.0, 5.0)", "compiled", 18.0),
        ("third.py", "v * v *", "v +", "compiled", -58.0),
    ],
)
def test_edits_of_code_count_and_comments_do_not(
    build, tmp_path, monkeypatch, file, old, new, counted, change
):
    package = "authors_" + format(abs(hash((file, old, new))), "x")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    first, happened = build(author_of(tmp_path, package))
    assert (first(3.0), happened) == (BASE, "compiled")
    second, happened = build(author_of(tmp_path, package, file, old, new))
    assert (second(3.0), happened) == (BASE + change, counted)


def test_the_file_may_have_changed_since_it_was_imported(build, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    author = author_of(tmp_path, "late")
    (tmp_path / "late" / "author.py").write_text("def author(v):\n    return 7.0\n")
    assert build(author)[0](3.0) == BASE
    sys.modules.pop("late.author")
    fresh = retype.retype(importlib.import_module("late.author").author, "float64")
    assert build(fresh)[0](3.0) == 7.0


# ------------------------------------------------------------------------------ what else counts


def test_closures_options_and_signatures_count(build):
    def make(factor, helper=None):
        return lambda v: factor * v if helper is None else factor * helper(v)

    def of(function, signature="float64(float64)", **options):
        return build(function, signature, {**compile.OPTIONS, **options})

    assert of(make(2.0))[1] == "compiled"
    assert of(make(2.0))[1] == "loaded"
    for function, value in ((make(3.0), 6.0), (make(np.float32(2.0)), 4.0), (make(2), 4.0)):
        built, happened = of(function)
        assert (built(2.0), happened) == (value, "compiled")
    for scale in (5.0, 6.0):
        built, happened = of(make(2.0, compile.helper(lambda v, scale=scale: v * scale)))
        assert (built(1.0), happened) == (2.0 * scale, "compiled")
    assert of(make(2.0), "float32(float32)")[1] == "compiled"
    assert of(make(2.0), fastmath=False)[1] == "compiled"
    assert of(make(2.0), error_model="python")[1] == "compiled"
    assert of(make(2.0), fastmath={"contract", "nsz"})[1] == "compiled"
    assert of(make(2.0), fastmath={"nsz", "contract"})[1] == "loaded"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 1.0), (1, True), (0.0, -0.0), ((1.0, 2.0), (2.0, 1.0)), ((1.0, (2.0,)), ((1.0, 2.0),)),
        (np.float32(1), np.float64(1)), (np.zeros(3), np.zeros((3, 1))), (np.arange(3), None),
        (np.arange(4.0), np.arange(4.0)[::-1]), ({"a": 1.0}, {"a": 2.0}), ("a", b"a"),
        (frozenset({1, 2}), frozenset({1, 3})), (np.sqrt, np.exp), (np.float32, np.float64),
    ],
)  # fmt: skip
def test_different_values_have_different_fingerprints(first, second):
    def of(value):
        walk = fingerprint._Walk()
        walk.value(value)
        return walk.hash.hexdigest()

    assert of(first) != of(second)
    assert of(first) == of(pickle.loads(pickle.dumps(first)))


def test_surroundings_count(monkeypatch):
    from optbench.kernels.compiling import vector_library

    def key():
        dispatcher = compile.jit(triple)
        return fingerprint.fingerprint(dispatcher, types.float64(types.float64))

    keys = [key(), key()]
    assert keys[0] == keys[1]
    with monkeypatch.context() as patch:
        patch.setattr(vector_library, "symbols", lambda: ["_ZGVeN8v_exp"])
        keys.append(key())
    for module, name in ((surroundings.numba, "__version__"), (surroundings.np, "__version__")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, "0.1")
            keys.append(key())
    with monkeypatch.context() as patch:
        patch.setattr(surroundings.config, "LOOP_VECTORIZE", 17)
        keys.append(key())
    codegen = surroundings.cpu_target.target_context.codegen()
    with monkeypatch.context() as patch:
        patch.setattr(codegen, "magic_tuple", lambda: ("x86_64", "haswell", "+avx2"))
        keys.append(key())
    assert len(set(keys)) == len(keys) - 1


def test_every_file_of_the_kernels_counts(build, tmp_path, monkeypatch):
    copy = tmp_path / "kernels"
    shutil.copytree(surroundings.FOLDER, copy)
    assert surroundings.engine_digest(copy) == surroundings.engine_digest()
    for path in sorted(copy.rglob("*.py")):
        before, text = surroundings.engine_digest(copy), path.read_text()
        path.write_text(text + "\n# edited\n")
        assert (surroundings.engine_digest(copy) == before) == surroundings.is_cuda(
            path.relative_to(copy)
        )
        path.write_text(text)
    build(triple)
    (copy / "new.txt").write_text("new")
    monkeypatch.setattr(surroundings, "ENGINE_DIGEST", surroundings.engine_digest(copy))
    assert build(triple)[1] == "compiled"


def test_what_serves_cuda_alone_is_no_part_of_a_key():
    files = [path.relative_to(surroundings.FOLDER) for path in surroundings.FOLDER.rglob("*.py")]
    cuda = {path.as_posix() for path in files if surroundings.is_cuda(path)}
    assert {"cuda/device.py", "cuda/onelane.py", "cuda/net.py"} <= cuda
    assert cuda == {path.as_posix() for path in files if path.parts[0] == "cuda"}


def test_functions_of_sub_folders_count_as_their_names(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "engine.py").write_text("def f(v):\n    return v * FACTOR\nFACTOR = 2.0\n")
    monkeypatch.syspath_prepend(str(tmp_path / "deep"))
    engine = importlib.import_module("engine")
    outside = fingerprint.digest_of(engine.f)
    monkeypatch.setattr(fingerprint, "FOLDER", tmp_path)
    inside = fingerprint.digest_of(engine.f)
    engine.FACTOR = 3.0  # its globals follow from the files, which are a part of every key
    assert fingerprint.digest_of(engine.f) == inside != outside


def test_nothing_is_kept_once_the_kernels_are_not_those_that_run(build, folder, monkeypatch):
    monkeypatch.setattr(cache, "engine_digest", lambda: "edited")
    assert build(triple)[0](2.0) == 6.0
    assert not list(folder.glob("*" + entries.SUFFIX))


COSINE = ctypes.CDLL(None).cos
COSINE.argtypes, COSINE.restype = [ctypes.c_double], ctypes.c_double
LARGE = np.arange(200_000.0)


@pytest.mark.parametrize(
    "function", [lambda v: COSINE(v), lambda v: v + LARGE[int(v)]], ids=["pointer", "large array"]
)
def test_code_with_addresses_is_not_kept(build, folder, function):
    expected = function(0.0)
    for _ in range(2):
        built, happened = build(function)
        assert (built(0.0), happened in ("compiled", "")) == (expected, True)
    assert not list(folder.glob("*" + entries.SUFFIX))
