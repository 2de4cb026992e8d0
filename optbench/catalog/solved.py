"""Numbers of a problem that took a solver, kept from one process to the next.

They lie in the folder of the compile cache, under its rules: private, bounded, each put in place in
one move and read only if whole. The key has all that a number depends on, so it is what a solver
would give again; what is damaged is solved again.
"""

import functools
import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

import scipy

from optbench.catalog.blas import blas_kernels
from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.errors import DefinitionError
from optbench.kernels.compiling import entries
from optbench.kernels.compiling.fingerprint import digest_of
from optbench.kernels.compiling.surroundings import surroundings

NUMBER = struct.Struct("<d")


def code(file: str) -> str:
    """Return a digest of a solver's file, to be taken at import."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def stored(what: str, problem: Problem) -> float | None:
    """Return a number of a problem, or None if there is none.

    Parameters
    ----------
    what : str
        Which number, and the `code` that solves for it.
    problem : Problem
    """
    try:
        content = entries.read(entries.usable(), _key(what, problem))
    except (entries.CacheOffError, DefinitionError):
        return None
    if content is None or len(content) != NUMBER.size:
        return None
    return float(NUMBER.unpack(content)[0])


def store(what: str, numbers: Mapping[Problem, float]) -> None:
    """Keep numbers of problems where that is possible; see `stored`."""
    try:
        folder = entries.usable()
        for problem, number in numbers.items():
            entries.place(folder, _key(what, problem), NUMBER.pack(number))
    except (entries.CacheOffError, DefinitionError):
        return


def _key(what: str, problem: Problem) -> str:
    """Return the name of an entry.

    Raises
    ------
    DefinitionError
        If the problem uses what has no digest.
    """
    text = f"{what} {_surroundings()} {problem_identity(problem)}"
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _surroundings() -> str:
    """Return a digest of what solves besides the solver: engine, libraries and processor.

    BLAS may have been told to take another processor's kernels, whose sums differ.
    """
    digest: str = digest_of(scipy.__version__, blas_kernels(), surroundings())
    return digest
