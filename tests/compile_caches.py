"""A compile cache of a test's own, and functions to compile into it."""

from optbench.kernels.compiling import options


def fresh(tmp_path, monkeypatch):
    """Return the folder of a fresh cache, switched on, that the test and its processes use."""
    for name in ("OPTBENCH_CACHE", "OPTBENCH_CACHE_MB"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "cache"
    monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(path))
    return path


def adder(number):
    """Return what compiles a function that adds a number."""

    def add(v):
        return v + number

    return lambda: options.jit(add, "float64(float64)")
