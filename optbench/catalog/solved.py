"""Reference values that took a solver, kept from one process to the next.

They lie in the folder of the compile cache, under its rules: private, bounded, each put in place in
one move and read only if whole. The key has all that a value depends on, so a value is what a
solver would give again; what is damaged is solved again.
"""

import functools
import hashlib
import math
import struct
from collections.abc import Mapping
from pathlib import Path

import scipy

from optbench.catalog import convex
from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.errors import DefinitionError
from optbench.kernels.compiling import entries
from optbench.kernels.compiling.fingerprint import digest_of, surroundings

VALUE = struct.Struct("<d")
SOLVER = hashlib.sha256(Path(convex.__file__).read_bytes()).hexdigest()
"""Of the solver's code at import."""


def stored(problem: Problem) -> float | None:
    """Return the value of a problem, or None if there is none."""
    try:
        content = entries.read(entries.usable(), _key(problem))
    except (entries.CacheOffError, DefinitionError):
        return None
    if content is None or len(content) != VALUE.size:
        return None
    (value,) = VALUE.unpack(content)
    return float(value) if math.isfinite(value) else None


def store(values: Mapping[Problem, float]) -> None:
    """Keep values where that is possible."""
    try:
        folder = entries.usable()
        for problem, value in values.items():
            entries.place(folder, _key(problem), VALUE.pack(value))
    except (entries.CacheOffError, DefinitionError):
        return


def _key(problem: Problem) -> str:
    """Return the name of a problem's entry.

    Raises
    ------
    DefinitionError
        If the problem uses what has no digest.
    """
    text = f"reference value {_solving()} {problem_identity(problem)}"
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _solving() -> str:
    """Return a digest of what solves: code, libraries and processor."""
    digest: str = digest_of(SOLVER, scipy.__version__, surroundings())
    return digest
