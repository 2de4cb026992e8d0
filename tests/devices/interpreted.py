"""A device whose driver is faked and whose kernels are run by the interpreter of PTX.

All that there is between `minimize` and the driver is as on a device: compiling and linking, the
cache, arenas, the arguments of kernels, chunks.
"""

import hashlib
from types import SimpleNamespace

import numpy as np

from .ptx_block import Module


class Device:
    """It stands for the driver; `install` puts it in place of the functions of `cuda.device`.

    Attributes
    ----------
    starts : list of (int, int, int)
        Blocks, threads of a block, and bytes of shared memory, of each kernel that was started.
    assembled : int
        How many kernels were compiled.
    """

    def __init__(self):
        self.buffers, self.next = {}, 1 << 40
        self.starts, self.assembled, self.texts = [], 0, {}

    def install(self, monkeypatch, cache=None):
        """Stand for the driver; machine code is kept in the folder `cache`, if there is one."""
        from optbench.kernels.compiling import entries
        from optbench.kernels.cuda import arena, built, compiling, device

        def usable():
            if cache is None:
                raise entries.CacheOffError
            return cache

        parts = dict(read=entries.read, write=entries.write, CacheOffError=entries.CacheOffError)
        monkeypatch.setattr(built, "entries", SimpleNamespace(usable=usable, **parts))

        assemble, link = compiling.assembled, compiling.linked

        def assembled(*arguments, **options):
            self.assembled += 1
            return assemble(*arguments, **options)

        def linked(ptx, *arguments):
            cubin, said = link(ptx, *arguments)
            self.texts[hashlib.sha256(cubin).hexdigest()] = ptx
            return cubin, said

        monkeypatch.setattr(arena, "_idle", [])
        monkeypatch.setattr(compiling, "assembled", assembled)
        monkeypatch.setattr(compiling, "linked", linked)
        stands = dict(
            obstacle=lambda: None, memory=lambda: (1 << 34, 1 << 34), capability=lambda: (9, 0),
            resident_threads=lambda: 132 * 2048, shared_limit=lambda: 227 << 10,
            pinned=lambda size: np.empty(size, np.uint8),
            stream=lambda: SimpleNamespace(synchronize=lambda: None), fill=fill, send=send,
            fetch=fetch, release=lambda: None,
        )  # fmt: skip
        for name in ("allocated", "address", "loaded", "start"):
            stands[name] = getattr(self, name)
        for name, function in stands.items():
            monkeypatch.setattr(device, name, function)
        return self

    def allocated(self, size):
        buffer = np.full(size, 0xA5, np.uint8)
        self.buffers[self.next] = buffer
        self.next += size + 4096
        return buffer

    def address(self, there):
        return next(start for start, buffer in self.buffers.items() if buffer is there)

    def loaded(self, cubin, entry):
        ptx = self.texts[hashlib.sha256(cubin).hexdigest()]
        assert f".visible .entry {entry}(" in ptx
        return Module(ptx)

    def start(self, kernel, words, blocks, threads, near, queue):
        self.starts.append((blocks, threads, near))
        values = [getattr(word, "value", word) for word in words]
        for block in range(blocks):
            kernel.run_words(values, self.buffers, threads, near, block)


def send(there, here, size, queue):
    there[:size] = here[:size]


def fill(there, first, last, queue):
    there[first:last] = 0xFF


def fetch(here, there, first, last, queue):
    here[first:last] = there[first:last]
