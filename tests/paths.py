"""The suites on the paths that other processors take, and with memory full of telltale numbers.

``python -m tests.paths`` runs them once for every path of `PATHS` that this machine can take and
that is not its own (`make test` takes that one). Names of paths restrict it to these; all other
arguments are pytest's. A path that the engine refuses in words is left out; one on which it breaks
counts as failed.
"""

import os
import subprocess
import sys

SUITES = ("tests/kernels", "tests/rules", "tests/problems")
UNWRITTEN = (
    "tests/kernels/test_poison.py", "tests/rules/test_laws.py", "tests/rules/test_first_steps.py",
    "tests/test_definitions.py", "tests/test_definitions_of_studies.py", "tests/nets/test_mlp.py",
)  # fmt: skip
"""Suites that would read memory that nobody wrote, if anything did."""
PATHS = {
    "avx2": ({"OPTBENCH_SIMD": "avx2"}, SUITES),
    "generic": ({"OPTBENCH_SIMD": "generic"}, SUITES),
    "newton": ({"OPTBENCH_DIVISION": "newton", "OPTBENCH_ROOT": "newton"}, SUITES),
    "units": (
        {"OPTBENCH_DIVISION": "hardware", "OPTBENCH_ROOT": "hardware"},
        ("tests/kernels", "tests/rules"),  # problems have the hardware's in any case
    ),
    "poison": ({"OPTBENCH_POISON": "1"}, UNWRITTEN),
}
"""By name: settings in the environment, and what runs under them."""
ELSEWHERE = ("tests/kernels/simd/test_simd_paths.py",)
"""What takes every path by itself."""
ASKED = """
import sys
from optbench.errors import UserError
try:
    from optbench.kernels.compiling import features
    from optbench.kernels.memory import buffers
except UserError as error:
    sys.exit(f"refused: {error}")
print(features.LEVEL, features.DIVIDES, features.ROOTS, buffers.POISONED)
"""
REFUSED = "refused: "


def python(*arguments, settings, **options):
    return subprocess.run([sys.executable, *arguments], env={**os.environ, **settings}, **options)


def taken(settings):
    """Return what the engine uses under settings, and why not: one of them is None.

    Raises
    ------
    RuntimeError
        If it neither starts nor says why.
    """
    done = python("-c", ASKED, settings=settings, capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout, None
    if not done.stderr.startswith(REFUSED):
        raise RuntimeError(f"the engine does not start under {settings}:\n{done.stderr}")
    return None, done.stderr.removeprefix(REFUSED).strip()


def main(*arguments):
    """Return whether a suite failed."""
    own, failed = taken({})[0], False
    left_out = [f"--ignore={path}" for path in ELSEWHERE]
    options = [argument for argument in arguments if argument not in PATHS]
    for name in [argument for argument in arguments if argument in PATHS] or PATHS:
        settings, suites = PATHS[name]
        used, refusal = taken(settings)
        if used in (None, own):
            print(f"{name}: {refusal or 'the path of this machine'}", flush=True)
            continue
        print(f"{name}:", flush=True)
        command = ["-m", "pytest", *suites, *left_out, *options]
        failed |= bool(python(*command, settings=settings).returncode)
    return failed


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
