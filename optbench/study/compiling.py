"""Nets compiled by a process of their own, while this one compiles all else.

Numba compiles one function at a time in a process, and the kernels of nets take as long as all
others of a small study together. What the process compiles is handed on through the cache.
"""

import contextlib
import os
import subprocess
import sys

from optbench.waiting import tell

CODE = """
import sys
from optbench.nets.network import compiled
for name in sys.argv[2:]:
    compiled(name, sys.argv[1])
"""


LONGEST = 300.0
"""Seconds after which a process that compiles is given up: it takes about ten."""


@contextlib.contextmanager
def nets(pairs, dtype):
    """Have the kernels that `pairs` of nets need compiled until the block ends.

    Nothing is done for what the cache has or cannot keep, nor on a single processor. A kernel that
    fails there is compiled again, and fails again, where it is used.
    """
    missing = _missing(pairs, dtype) if (os.cpu_count() or 1) > 1 else []
    if not missing:
        yield
        return
    command = [sys.executable, "-c", CODE, dtype, *missing]
    quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with subprocess.Popen(command, **quiet) as process:
        try:
            yield
            tell("waiting for the kernels of nets")
            with contextlib.suppress(subprocess.TimeoutExpired):  # then they are compiled here
                process.wait(LONGEST)
        finally:
            process.kill()


def _missing(pairs, dtype):
    """Return the names of the kernels that have to be compiled."""
    found = [pair.problem for pair in pairs if pair.device == "cpu"]
    if not found:
        return []
    from optbench.nets import network

    names = ["problem", "metrics"]
    if any(problem.net.training.adjusts for problem in found):
        names.append("adjust")
    return [name for name in names if not network.is_kept(name, dtype)]
