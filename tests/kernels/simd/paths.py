"""The paths of SIMD: what switches each on, and which of them this machine has."""

import functools
import os
import subprocess
import sys
from pathlib import Path

from optbench.kernels.compiling.features import LEVELS

ROOT = Path(__file__).parents[3]
PATHS = {
    "avx512": dict(OPTBENCH_SIMD="avx512"),
    "avx2": dict(OPTBENCH_SIMD="avx2"),
    "generic": dict(OPTBENCH_SIMD="generic"),
    "haswell": dict(NUMBA_CPU_NAME="haswell"),
    "polynomials": dict(OPTBENCH_VECTOR_MATH="polynomial"),
    "newton": dict(OPTBENCH_SIMD="avx512", OPTBENCH_DIVISION="newton", OPTBENCH_ROOT="newton"),
    "units": dict(OPTBENCH_DIVISION="hardware", OPTBENCH_ROOT="hardware"),
}
LEVEL_OF = {"haswell": "avx2", "newton": "avx512"}


def environment(**settings):
    """Return the environment with these settings, and none of its own that name a path."""
    ours = (
        "OPTBENCH_SIMD", "OPTBENCH_VECTOR_MATH", "OPTBENCH_DIVISION", "OPTBENCH_ROOT",
        "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES",
    )  # fmt: skip
    base = {key: value for key, value in os.environ.items() if key not in ours}
    return {**base, "OPTBENCH_CACHE": "off", **settings}


def python(*arguments, **settings):
    """Run Python under settings; return what it printed."""
    return subprocess.run(
        [sys.executable, *arguments], env=environment(**settings), cwd=ROOT, capture_output=True,
        text=True,
    )  # fmt: skip


@functools.cache
def machine():
    """The level of this machine, whatever the environment names."""
    code = "from optbench.kernels.compiling.features import LEVEL; print(LEVEL)"
    return python("-c", code).stdout.strip()


def offered(path):
    """Whether this machine has the instructions of a path."""
    level = LEVEL_OF.get(path, path)
    return level not in LEVELS or LEVELS.index(level) >= LEVELS.index(machine())
