"""A kernel: compiled when it is first started, or loaded from the cache, and started.

What tests compile without a device is what runs on one: the same functions assemble and link.
"""

import importlib.metadata
import pickle
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from optbench.kernels.compiling import entries, fingerprint, surroundings
from optbench.kernels.cuda import arena, compiling, device
from optbench.kernels.cuda.device import SIMULATED, cuda
from optbench.waiting import working

PACKAGES = ("numba-cuda", "cuda-bindings", "cuda-core")
CUDA_FOLDER = surroundings.FOLDER / "cuda"
CUDA_DIGEST = surroundings.engine_digest(CUDA_FOLDER)
"""Of the files of this folder at import; those of all others are in every key."""


class Code(NamedTuple):
    """The machine code of a kernel."""

    entry: str
    cubin: bytes
    registers: int  # of a thread
    local: int  # bytes of local memory that a thread takes
    shared: int  # bytes of shared memory that a block takes, beside what a launch adds


NOTHING = Code("", b"", 0, 0, 0)
"""What the simulator has."""


class Kernel:
    """A kernel function for the device.

    Parameters
    ----------
    function : function
        What `surface.kernel` or `net.kernel` returned.
    dtype : numpy.dtype
        Of its numbers.
    rolled : bool
        See `cuda.typing.kernels_of`.
    registers : int, optional
        See `compiling.assembled`.
    """

    def __init__(
        self,
        function: Callable[..., None],
        dtype: np.dtype,
        rolled: bool = False,
        registers: int | None = None,
    ) -> None:
        self.function, self.dtype, self.rolled, self.registers = function, dtype, rolled, registers
        self._lock = threading.Lock()
        self._code: Code | None = None
        self._loaded: Any = cuda.jit(function) if SIMULATED else None

    def code(self, groups: Sequence[NamedTuple]) -> Code:
        """Return the machine code for arguments of these kinds, always the same ones."""
        if SIMULATED:
            return NOTHING
        with self._lock:
            if self._code is None:
                self._code = self._built(groups)
            return self._code

    @property
    def known(self) -> Code:
        """The machine code, once `code` was called."""
        assert SIMULATED or self._code is not None, "the code is there before it is asked about"
        return self._code or NOTHING

    def start(
        self, groups: Sequence[NamedTuple], blocks: int, threads: int, queue: Any, near: int = 0
    ) -> None:
        """Put the kernel into a queue; see `device.start`."""
        if SIMULATED:
            with _simulator:
                self._loaded[blocks, threads, queue, near](*groups)
            return
        code = self.code(groups)
        with self._lock:
            if self._loaded is None:
                self._loaded = device.loaded(code.cubin, code.entry)
        device.start(self._loaded, arena.words(groups), blocks, threads, near, queue)

    def _built(self, groups: Sequence[NamedTuple]) -> Code:
        """Load the code from the cache, or compile and keep it."""
        capability = device.capability()
        folder, key = None, ""
        try:
            folder, key = entries.usable(), self.key(groups, capability)
        except (entries.CacheOffError, fingerprint.UnknownValueError):
            folder = None
        saved = entries.read(folder, key) if folder else None
        if saved is not None:
            return Code(*pickle.loads(saved))
        with working("compiling a kernel for CUDA (once)"):
            ptx = compiling.assembled(
                self.function, groups, self.dtype, self.rolled, capability, self.registers
            )
            code = Code(entry_of(ptx), *facts(*compiling.linked(ptx, capability, self.registers)))
        if folder and surroundings.engine_digest(CUDA_FOLDER) == CUDA_DIGEST:
            entries.write(folder, key, pickle.dumps(tuple(code), protocol=5))
        return code

    def key(self, groups: Sequence[NamedTuple], capability: tuple[int, int]) -> str:
        """Return what the machine code depends on, as the key of the cache.

        Raises
        ------
        UnknownValueError
            If the code uses a value that is not understood.
        """
        return fingerprint.digest_of(
            surroundings.surroundings(), CUDA_DIGEST, _versions(), capability, self.registers,
            str(np.dtype(self.dtype)), self.rolled, compiling.BLOCKS, device.LANES,
            tuple(map(str, compiling.kinds_of(groups))), self.function,
        )  # fmt: skip


_simulator = threading.Lock()
"""It runs one kernel at a time."""


def _versions() -> tuple[Any, ...]:
    """Return the versions of all that compiles."""
    from cuda.bindings import nvjitlink, nvvm

    packages = (importlib.metadata.version(name) for name in PACKAGES)
    return (*packages, tuple(nvvm.version()), tuple(nvvm.ir_version()), tuple(nvjitlink.version()))


def entry_of(ptx: str) -> str:
    """Return the name of a module's kernel."""
    found = re.search(r"\.visible \.entry (\w+)", ptx)
    assert found, "every kernel has an entry"
    return found.group(1)


def facts(cubin: bytes, said: str) -> tuple[bytes, int, int, int]:
    """Return (cubin, registers, local, shared) from what the assembler says about a kernel.

    Of a kernel that calls functions the last line has what all of them take together.
    """
    line = r"used (\d+) registers.*? (\d+) stack, (\d+) bytes smem.* (\d+) bytes lmem"
    found = re.findall(line, said)
    registers, stack, shared, local = map(int, found[-1])
    return cubin, registers, stack + local, shared
