"""Runs compiled PTX for one thread, on NumPy arrays, and counts the instructions it takes.

It tells two things where there is no GPU: that the compiled code (not the simulator's Python)
computes what the CPU computes, without reading or writing outside its arrays; and how many
instructions a step takes. It knows the instructions that surface kernels consist of; an unknown one
raises. Integers are kept unsigned, float32 numbers as the doubles that they are equal to.
"""

import bisect
import math
import re
import struct
from collections import Counter

import numpy as np

LABEL = re.compile(r"(\$?\w+):$")
LINE = re.compile(r"(?:@(!?)(%\w+)\s+)?([a-z][\w.]*)\s*(.*?);?$")
FORMATS = {
    "f64": "<d", "f32": "<f", "b64": "<Q", "u64": "<Q", "s64": "<q", "b32": "<I", "u32": "<I",
    "s32": "<i", "u16": "<H", "s16": "<h", "b16": "<H", "u8": "<B", "s8": "<b", "b8": "<B",
}  # fmt: skip
COMPARED = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b, "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
    "num": lambda a, b: True, "nan": lambda a, b: False,
}  # fmt: skip
LONG = np.longdouble
LARGEST = 2.0**128 - 2.0**103
"""From here on numbers are rounded to an infinite float32."""


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
        self.names = {}
        for name, numbers in re.findall(
            r"^\.global \.align \d+ \.b8 (\w+)\[\d+\] = \{(.*?)\}", ptx, re.M
        ):
            self.names[name] = self.memory.add(bytes(map(int, numbers.split(","))))
        depot = re.search(r"(__local_depot\d+)\[(\d+)\]", body)
        if depot:
            self.names[depot.group(1)] = self.memory.add(bytearray(int(depot.group(2))))
        self.code, self.labels = [], {}
        self.own = len(self.memory.starts)
        begun = ""
        for line in map(str.strip, body.split("\n")):
            if LABEL.match(line):
                self.labels[LABEL.match(line).group(1)] = len(self.code)
            elif begun or (line and line[0] not in ".{}/"):
                begun += line  # a call takes several lines
                if line.endswith(";"):
                    self.code.append(self._decoded(*LINE.match(begun).groups()))
                    begun = ""

    def _decoded(self, negated, guard, operation, operands):
        braces = re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s]+", operands)
        parts = [tuple(p.strip() for p in o[1:-1].split(",")) if o[0] == "{" else o for o in braces]
        return negated == "!", guard, operation, operation.split("."), parts

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
        thread = _Thread(self, values, given)
        return thread.run()

    def _flat(self, arguments):
        """Yield what Numba passes: arrays as addresses, sizes and strides."""
        for value in arguments:
            if isinstance(value, np.ndarray):
                buffer = value.reshape(-1).view(np.uint8) if value.size else np.empty(0, np.uint8)
                yield from (0, 0, value.size, value.itemsize, self.memory.add(buffer.data))
                yield from (*value.shape, *value.strides)
            else:
                yield value


class _Thread:
    def __init__(self, kernel, values, given):
        self.kernel, self.values, self.given = kernel, values, given
        self.carry = 0

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

    def read(self, name, kind):
        """Return an operand."""
        if name[0] == "%":
            value = self.values[name]
        elif name[:2] in ("0d", "0f"):
            form = ">d" if name[1] == "d" else ">f"
            value = struct.unpack(form, bytes.fromhex(name[2:]))[0]
        elif name in self.kernel.names:
            value = self.kernel.names[name]
        else:
            value = int(name, 0)
        if kind[0] == "s":
            size = int(kind[1:])
            value &= (1 << size) - 1
            return value - (1 << size) if value >> size - 1 else value
        if kind[0] in "bu" and isinstance(value, int):
            return value & (1 << int(kind[1:])) - 1
        return value

    def write(self, name, kind, value):
        """Set a register."""
        if kind == "f32":
            value = _single(value)
        elif kind[0] in "bus" and not isinstance(value, float):
            value &= (1 << int(kind[1:])) - 1
        self.values[name] = value

    def binary(self, words, parts, function):
        kind = words[-1]
        a, b = (self.read(part, kind) for part in parts[1:3])
        self.write(parts[0], kind, function(a, b))

    # ------------------------------------------------------------------------------- memory

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

    # --------------------------------------------------------------------------- arithmetic

    def do_add(self, words, parts):
        if "cc" in words:
            return self._carrying(words, parts, 0)
        return self.binary(words, parts, lambda a, b: a + b)

    def do_addc(self, words, parts):
        return self._carrying(words, parts, self.carry)

    def _carrying(self, words, parts, carry):
        kind = words[-1]
        whole = self.read(parts[1], kind) + self.read(parts[2], kind) + carry
        self.carry = whole >> int(kind[1:]) & 1
        self.write(parts[0], kind, whole)

    def do_sub(self, words, parts):
        self.binary(words, parts, lambda a, b: a - b)

    def do_mul(self, words, parts):
        kind = words[-1]
        if "wide" in words:
            a, b = (self.read(part, kind) for part in parts[1:3])
            self.write(parts[0], kind[0] + str(2 * int(kind[1:])), a * b)
        elif "hi" in words:
            self.binary(words, parts, lambda a, b: a * b >> int(kind[1:]))
        else:
            self.binary(words, parts, lambda a, b: a * b)

    def do_fma(self, words, parts):
        kind = words[-1]
        a, b, c = (self.read(part, kind) for part in parts[1:4])
        exact = a * b + c if kind == "f32" else float(LONG(a) * LONG(b) + LONG(c))
        self.write(parts[0], kind, exact)

    def do_mad(self, words, parts):
        a, b, c = (self.read(part, words[-1]) for part in parts[1:4])
        self.write(parts[0], words[-1], a * b + c)

    def do_div(self, words, parts):
        self.binary(words, parts, _quotient if words[-1][0] == "f" else _whole_quotient)

    def do_rem(self, words, parts):
        self.binary(words, parts, lambda a, b: a - b * _whole_quotient(a, b))

    def do_rcp(self, words, parts):
        self.write(parts[0], words[-1], _quotient(1.0, self.read(parts[1], words[-1])))

    def do_sqrt(self, words, parts):
        value = self.read(parts[1], words[-1])
        root = math.sqrt(value) if value >= 0 else math.nan
        self.write(parts[0], words[-1], root)

    def do_rsqrt(self, words, parts):
        value = self.read(parts[1], words[-1])
        root = math.sqrt(value) if value >= 0 else math.nan
        self.write(parts[0], words[-1], _quotient(1.0, root))

    def do_ex2(self, words, parts):
        value = self.read(parts[1], words[-1])
        self.write(parts[0], words[-1], 2.0**value if value < 1000 else math.inf)

    def do_lg2(self, words, parts):
        value = self.read(parts[1], words[-1])
        self.write(parts[0], words[-1], math.log2(value) if value > 0 else -math.inf)

    def do_abs(self, words, parts):
        self.write(parts[0], words[-1], abs(self.read(parts[1], words[-1])))

    def do_neg(self, words, parts):
        self.write(parts[0], words[-1], -self.read(parts[1], words[-1]))

    def do_max(self, words, parts):
        self.binary(words, parts, lambda a, b: b if a != a or b > a else a)

    def do_min(self, words, parts):
        self.binary(words, parts, lambda a, b: b if a != a or b < a else a)

    # ------------------------------------------------------------------------ bits and choices

    def do_and(self, words, parts):
        self._logic(words, parts, lambda a, b: a & b)

    def do_or(self, words, parts):
        self._logic(words, parts, lambda a, b: a | b)

    def do_xor(self, words, parts):
        self._logic(words, parts, lambda a, b: a ^ b)

    def _logic(self, words, parts, function):
        if words[-1] == "pred":
            a, b = (bool(self.read(part, "pred")) for part in parts[1:3])
            self.values[parts[0]] = function(a, b)
        else:
            self.binary(words, parts, function)

    def do_not(self, words, parts):
        if words[-1] == "pred":
            self.values[parts[0]] = not self.values[parts[1]]
        else:
            self.write(parts[0], words[-1], ~self.read(parts[1], words[-1]))

    def do_shl(self, words, parts):
        value, by = self.read(parts[1], words[-1]), self.read(parts[2], "u32")
        self.write(parts[0], words[-1], value << min(by, 64))

    def do_shr(self, words, parts):
        value, by = self.read(parts[1], words[-1]), self.read(parts[2], "u32")
        self.write(parts[0], words[-1], value >> min(by, 64))

    def do_clz(self, words, parts):
        value = self.read(parts[1], words[-1])
        self.write(parts[0], "u32", int(words[-1][1:]) - value.bit_length())

    def do_setp(self, words, parts):
        how, kind = words[1], words[-1]
        a, b = (self.read(part, kind) for part in parts[1:3])
        if kind[0] == "f" and (a != a or b != b):
            self.values[parts[0]] = how.endswith("u") or how == "nan"
            return
        if kind[0] == "f" and how.endswith("u"):
            how = how[:-1]
        self.values[parts[0]] = COMPARED[how](a, b)

    def do_selp(self, words, parts):
        chosen = parts[1] if self.values[parts[3]] else parts[2]
        self.write(parts[0], words[-1], self.read(chosen, words[-1]))

    def do_cvt(self, words, parts):
        to, source = words[-2:]
        value = self.read(parts[1], source)
        if source[0] == "f" and to[0] != "f":
            value = round(value) if "rni" in words else math.trunc(value)
        elif source[0] == "f":
            whole = {"rmi": math.floor, "rpi": math.ceil, "rzi": math.trunc, "rni": round}
            for name, function in whole.items():
                if name in words and math.isfinite(value):
                    value = float(function(value))
        elif to[0] == "f":
            value = float(value)
        self.write(parts[0], to, value)


def _single(value):
    if abs(value) >= LARGEST:
        return math.copysign(math.inf, value)
    return float(np.float32(value))


def _quotient(a, b):
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def _whole_quotient(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
