"""Which SIMD instructions to use: found out at import, or forced by ``OPTBENCH_SIMD``.

"avx512" and "avx2" name instruction sets of x86-64, "generic" is whatever LLVM makes of plain
vectors. Forcing a set below the machine's takes the others away from Numba's code generator, so
that what runs is what such a machine would run. It must happen before anything is compiled.
"""

import os

import llvmlite.binding as llvm
from numba.core import config

from optbench.errors import UserError

LEVELS = ("avx512", "avx2", "generic")
_NEEDED = {
    "avx512": ("avx512f", "avx512dq", "avx512vl", "avx2", "fma"),
    "avx2": ("avx2", "fma"),
    "generic": (),
}
_NAMED = {"generic": "generic", "haswell": "avx2", "skylake": "avx2", "znver3": "avx2"}
"""Levels of processors that ``NUMBA_CPU_NAME`` may name; others are taken at their features."""


def _chosen():
    available = {name for name, there in llvm.get_host_cpu_features().items() if there}
    best = next(level for level in LEVELS if available.issuperset(_NEEDED[level]))
    named = _NAMED.get((config.CPU_NAME or "").lower())
    if named is not None:
        best = max(best, named, key=LEVELS.index)
    wanted = os.environ.get("OPTBENCH_SIMD")
    if wanted is None:
        return best
    if wanted not in LEVELS:
        raise UserError(f"OPTBENCH_SIMD={wanted}: use one of {', '.join(LEVELS)}")
    if LEVELS.index(wanted) < LEVELS.index(best):
        raise UserError(f"OPTBENCH_SIMD={wanted}: this processor offers {best} at most")
    return wanted


def _restrict(level):
    """Take the instructions beyond `level` away from the code generator."""
    if level == "avx512" or config.CPU_FEATURES is not None:
        return
    beyond = ("avx512",) if level == "avx2" else ("avx", "fma", "f16c", "vaes", "vpclmul", "gfni")
    features = llvm.get_host_cpu_features()
    for name in features:
        if name.startswith(beyond):
            features[name] = False
    config.CPU_FEATURES = features.flatten()
    if config.CPU_NAME is None:
        # A processor's name implies features, so a plain one is named.
        config.CPU_NAME = "haswell" if level == "avx2" else "x86-64"


LEVEL = _chosen()
_restrict(LEVEL)
