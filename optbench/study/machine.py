"""What a run says of the machine: versions, processor, host, the commit of the source tree."""

import functools
import platform
import subprocess
from pathlib import Path

from optbench.catalog.blas import blas_kernels
from optbench.study.numeric_code import version

PACKAGES = ("optbench", "numba", "llvmlite", "numpy", "scipy", "pandas", "matplotlib")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide the numbers."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


@functools.cache
def cpu_name() -> str:
    """Return what tells the processor from others: "AMD EPYC (family 26, model 2; BLAS: Zen)".

    Makers give one name to several generations. BLAS picks its kernels by the processor, unless it
    was told which to take, and kernels differ in the last bits.
    """
    facts = _cpu_facts()
    name = facts.get("model name") or platform.processor() or platform.machine()
    parts = (
        [f"family {facts['cpu family']}, model {facts['model']}"] if "cpu family" in facts else []
    )
    kernels = blas_kernels()
    parts += [f"BLAS: {kernels}"] if kernels else []
    return f"{name} ({'; '.join(parts)})" if parts else name


def _cpu_facts() -> dict[str, str]:
    """Return what the system says of the first processor; nothing where it says nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs}


def git_commit() -> str | None:
    """Return the commit of the source tree, "+" appended if it has changes; None elsewhere."""
    folder = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str:
        process = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        )
        return process.stdout.strip()

    try:
        top, _, commit = git("rev-parse", "--show-toplevel", "HEAD").rpartition("\n")
        if Path(top) != folder:
            return None
        return commit + ("+" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
