"""Property-based tests and the tests of known faults, over and over with random draws.

``python -m tests.soak SECONDS`` begins rounds until the time is over; each has a seed of its own,
which is printed. It ends at the first round that fails, and says how to repeat that.
"""

import os
import secrets
import subprocess
import sys
import time

PROFILE = {"HYPOTHESIS_PROFILE": "soak"}


def command(seed, *arguments):
    """Return the command of a round; `arguments` are pytest's."""
    return ["-m", "pytest", "-m", "soak", f"--hypothesis-seed={seed}", "-q", *arguments]


def main(seconds, *arguments):
    """Return the exit status."""
    end, rounds = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        rounds += 1
        again = command(secrets.randbelow(2**32), *arguments)
        shown = " ".join(["HYPOTHESIS_PROFILE=soak", sys.executable, *again])
        print(f"round {rounds}: {shown}", flush=True)
        done = subprocess.run([sys.executable, *again], env={**os.environ, **PROFILE})
        if done.returncode:
            print(f"round {rounds} failed; to repeat it:\n  {shown}")
            return done.returncode
    print(f"{rounds} rounds passed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
