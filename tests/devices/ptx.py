"""Runs compiled PTX for one thread, on NumPy arrays, and counts the instructions it takes.

It tells two things where there is no GPU: that the compiled code (not the simulator's Python)
computes what the CPU computes, without reading or writing outside its arrays; and how many
instructions a step takes. It knows the instructions that surface kernels consist of; an unknown one
raises. What is computed in registers is in `ptx_arithmetic`.
"""

import bisect
import re
import struct
from collections import Counter

import numpy as np

from .ptx_arithmetic import Registers

LABEL = re.compile(r"(\$?\w+):$")
LINE = re.compile(r"(?:@(!?)(%\w+)\s+)?([a-z][\w.]*)\s*(.*?);?$")
FORMATS = {
    "f64": "<d", "f32": "<f", "b64": "<Q", "u64": "<Q", "s64": "<q", "b32": "<I", "u32": "<I",
    "s32": "<i", "u16": "<H", "s16": "<h", "b16": "<H", "u8": "<B", "s8": "<b", "b8": "<B",
}  # fmt: skip


class Memory:
    """Arrays at addresses of their own; what lies outside them raises."""

    def __init__(self):
        self.starts, self.buffers, self.next = [], [], 1 << 20

    def add(self, buffer):
        """Give a buffer of bytes an address."""
        start = self.next
        self.starts.append(start)
        self.buffers.append(memoryview(buffer).cast("B") if len(buffer) else memoryview(b""))
        self.next += (len(buffer) + 4095) // 4096 * 4096 + 4096
        return start

    def place(self, start, buffer):
        """Put a buffer at an address behind all others."""
        self.starts.append(start)
        self.buffers.append(memoryview(buffer).cast("B"))

    def forget(self, count):
        """Keep the first `count` buffers alone."""
        del self.starts[count:], self.buffers[count:]

    def find(self, address, size):
        """Return (buffer, offset) of some bytes."""
        index = bisect.bisect_right(self.starts, address) - 1
        offset = address - self.starts[index]
        if index < 0 or offset + size > len(self.buffers[index]):
            raise IndexError(f"{size} bytes at {address:#x} lie outside all arrays")
        return self.buffers[index], offset


def global_arrays(ptx, memory):
    """Put the arrays of a module into memory; return their addresses by name."""
    given = re.findall(r"^\.global \.align \d+ \.b8 (\w+)\[\d+\] = \{(.*?)\}", ptx, re.M)
    return {name: memory.add(bytes(map(int, numbers.split(",")))) for name, numbers in given}


def instructions(body):
    """Return the instructions of a body in curly brackets, and the places of its labels."""
    code, labels, begun = [], {}, ""
    for line in map(str.strip, body.split("\n")):
        if LABEL.match(line):
            labels[LABEL.match(line).group(1)] = len(code)
        elif begun or (line and line[0] not in ".{}/"):
            begun += " " + line  # a call takes several lines
            if line.endswith(";"):
                code.append(_decoded(*LINE.match(begun.strip()).groups()))
                begun = ""
    return code, labels


def _decoded(negated, guard, operation, operands):
    braces = re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s]+", operands)
    parts = [tuple(p.strip() for p in o[1:-1].split(",")) if o[0] == "{" else o for o in braces]
    return negated == "!", guard, operation, operation.split("."), parts


class Kernel:
    """The entry of a module.

    Parameters
    ----------
    ptx : str
    """

    def __init__(self, ptx):
        head, body = re.search(
            r"\.visible \.entry \w+\((.*?)\)\s*[^{]*\{(.*?)^\}", ptx, re.S | re.M
        ).groups()
        self.params = [line.split()[-1] for line in head.replace(",", "").split("\n") if line]
        self.kinds = re.findall(r"\.param (?:\.align \d+ )?\.(\w+)", head)
        self.memory = Memory()
        self.names = global_arrays(ptx, self.memory)
        depot = re.search(r"(__local_depot\d+)\[(\d+)\]", body)
        if depot:
            self.names[depot.group(1)] = self.memory.add(bytearray(int(depot.group(2))))
        self.own = len(self.memory.starts)
        self.code, self.labels = instructions(body)

    def run(self, arguments, thread=0, block=0, threads=128):
        """Run one thread.

        Parameters
        ----------
        arguments : sequence
            Numbers, or arrays: those are written in place.

        Returns
        -------
        Counter
            How often each instruction was executed.
        """
        self.memory.forget(self.own)
        values = {"%tid.x": thread, "%ctaid.x": block, "%ntid.x": threads}
        given = {}
        for name, kind, value in zip(self.params, self.kinds, self._flat(arguments), strict=True):
            given[name] = float(value) if kind[0] == "f" else int(value) & (1 << 64) - 1
        return Thread(self, values, given).run()

    def _flat(self, arguments):
        """Yield what Numba passes: arrays as addresses, sizes and strides."""
        for value in arguments:
            if isinstance(value, np.ndarray):
                buffer = value.reshape(-1).view(np.uint8) if value.size else np.empty(0, np.uint8)
                yield from (0, 0, value.size, value.itemsize, self.memory.add(buffer.data))
                yield from (*value.shape, *value.strides)
            else:
                yield value


class Thread(Registers):
    """One thread of a kernel: what it loads and stores, and its way through the code."""

    def __init__(self, kernel, values, given):
        super().__init__(values, kernel.names)
        self.kernel, self.given = kernel, given

    def run(self):
        counted, code, at = Counter(), self.kernel.code, 0
        while True:
            negated, guard, operation, words, parts = code[at]
            at += 1
            counted[operation] += 1
            if guard is not None and self.values[guard] == negated:
                continue
            word = words[0]
            if word == "bra":
                at = self.kernel.labels[parts[0]]
            elif word == "ret":
                return counted
            else:
                getattr(self, "do_" + word)(words, parts)

    def place(self, text):
        name, _, offset = text[1:-1].partition("+")
        return name, int(offset or 0)

    def cells(self, address, operands, kind):
        """Yield (operand, format, buffer, start) of neighbouring cells from an address on."""
        form = FORMATS[kind]
        size = struct.calcsize(form)
        for number, name in enumerate(operands if isinstance(operands, tuple) else (operands,)):
            yield name, form, *self.kernel.memory.find(address + number * size, size)

    def do_ld(self, words, parts):
        name, offset = self.place(parts[1])
        if words[1] == "param":
            self.write(parts[0], words[-1], self.given[name])
            return
        address = self.read(name, "u64") + offset
        for target, form, buffer, start in self.cells(address, parts[0], words[-1]):
            self.write(target, words[-1], struct.unpack_from(form, buffer, start)[0])

    def do_st(self, words, parts):
        name, offset = self.place(parts[0])
        address = self.read(name, "u64") + offset
        for source, form, buffer, start in self.cells(address, parts[1], words[-1]):
            struct.pack_into(form, buffer, start, self.read(source, words[-1]))

    def do_cvta(self, words, parts):
        self.values[parts[0]] = self.read(parts[1], "u64")

    def do_mov(self, words, parts):
        kind = words[-1]
        if kind == "pred":
            self.values[parts[0]] = bool(self.read(parts[1], "pred"))
        elif isinstance(parts[0], tuple):
            whole = self._bits(parts[1], kind)
            half = int(kind[1:]) // 2
            for number, target in enumerate(parts[0]):
                self.values[target] = whole >> half * number & (1 << half) - 1
        elif isinstance(parts[1], tuple):
            half = int(kind[1:]) // 2
            low, high = (self.read(part, f"u{half}") for part in parts[1])
            self._set_bits(parts[0], kind, low | high << half)
        elif kind[0] == "b":
            self._set_bits(parts[0], kind, self._bits(parts[1], kind))
        else:
            self.write(parts[0], kind, self.read(parts[1], kind))

    def _bits(self, name, kind):
        value = self.read(name, "pred")
        if isinstance(value, float):
            form, whole = ("<d", "<Q") if kind == "b64" else ("<f", "<I")
            return struct.unpack(whole, struct.pack(form, value))[0]
        return value & (1 << int(kind[1:])) - 1

    def _set_bits(self, name, kind, bits):
        if name.startswith("%f"):
            form, whole = ("<d", "<Q") if kind == "b64" else ("<f", "<I")
            bits = struct.unpack(form, struct.pack(whole, bits))[0]
        self.values[name] = bits
