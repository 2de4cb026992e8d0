"""What the machine code of all functions of a process depends on, beside the functions themselves.

Every file of the engine is a part of it, but those that serve CUDA alone.
"""

import contextlib
import hashlib
import platform
import sys
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import config
from numba.core.registry import cpu_target

# `features` sets the processor before the code generator is used for anything.
from optbench.kernels.compiling import vector_library
from optbench.kernels.compiling.features import DIVIDES, LEVEL, ROOTS

FOLDER = Path(__file__).resolve().parents[1]
"""All of the engine."""
_SETTINGS = (
    "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "USING_SVML",
    "LLVM_REFPRUNE_PASS", "LLVM_REFPRUNE_FLAGS",
)  # fmt: skip
"""Numba's own settings that change the code it makes."""


def is_cuda(path: Path) -> bool:
    """Say whether a file, relative to the folder of the kernels, serves CUDA alone."""
    return path.parts[0] == "cuda"


def is_bitcode(path: Path) -> bool:
    """Say whether a file, relative to the folder of the kernels, is made of the others."""
    return path.parts[:2] == ("compiling", "bitcode")


def engine_digest(folder: Path = FOLDER) -> str:
    """Return a digest of all files in the folder of the kernels but those that serve CUDA alone.

    What is made of them (see `shipped`) is none of them.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        ours = "__pycache__" not in name.parts and not (is_cuda(name) or is_bitcode(name))
        if ours and path.is_file():
            with contextlib.suppress(FileNotFoundError):  # an editor's, gone again
                content = path.read_bytes()
                digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


ENGINE_DIGEST = engine_digest()
"""The digest at import: the code that runs here, even if the files change later."""


def surroundings() -> tuple[Any, ...]:
    """Everything that is the same for all functions of a process."""
    return (
        ENGINE_DIGEST, sys.version, numba.__version__, llvmlite.__version__, np.__version__,
        platform.system(), platform.machine(), LEVEL, DIVIDES, ROOTS, vector_library.WAY,
        tuple(vector_library.symbols()), tuple(cpu_target.target_context.codegen().magic_tuple()),
        _settings(),
    )  # fmt: skip


def portable(by_level: bool) -> tuple[Any, ...]:
    """What the bitcode of the engine's own units follows from, beside their code.

    They hold no rule, so nothing of how rules divide, and call nothing of NumPy's.

    Parameters
    ----------
    by_level : bool
        Whether the level of SIMD instructions counts, and the vector functions that go with it.
    """
    level = LEVEL, vector_library.WAY, tuple(vector_library.symbols())
    return (
        "bitcode", ENGINE_DIGEST, sys.implementation.name, tuple(sys.version_info[:2]),
        numba.__version__, llvmlite.__version__, np.__version__.partition(".")[0],
        platform.system(), platform.machine(), level if by_level else (), _settings(),
    )  # fmt: skip


def _settings() -> tuple[str, ...]:
    return tuple(str(getattr(config, name, None)) for name in _SETTINGS)
