"""The kernel, rule and problem suites on the paths that other processors take.

``python -m tests.paths`` runs them once for every path of `PATHS` that this machine can take and
that is not its own (`make test` takes that one); what follows are pytest's arguments.
"""

import os
import subprocess
import sys

PATHS = {
    "avx2": {"OPTBENCH_SIMD": "avx2"},
    "generic": {"OPTBENCH_SIMD": "generic"},
    "newton": {"OPTBENCH_DIVISION": "newton", "OPTBENCH_ROOT": "newton"},
}
SUITES = ("tests/kernels", "tests/rules", "tests/problems")
ASKED = """
from optbench.kernels import features, newton
print(features.LEVEL, newton.DIVIDES, newton.ROOTS)
"""


def python(*arguments, settings, **options):
    return subprocess.run([sys.executable, *arguments], env={**os.environ, **settings}, **options)


def taken(settings):
    """Return what the engine would use under environment variables, or None if it refuses."""
    done = python("-c", ASKED, settings=settings, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def main(*arguments):
    """Return whether a suite failed."""
    own, failed = taken({}), False
    for name, settings in PATHS.items():
        if taken(settings) in (None, own):
            print(f"{name}: not another path of this machine", flush=True)
            continue
        print(f"{name}:", flush=True)
        failed |= bool(python("-m", "pytest", *SUITES, *arguments, settings=settings).returncode)
    return failed


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
