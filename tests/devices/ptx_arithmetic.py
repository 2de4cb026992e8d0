"""What PTX computes in registers: arithmetic, bits and choices.

Integers are kept unsigned, float32 numbers as the doubles that they are equal to. An instruction is
a method ``do_...`` of its words and operands; an unknown one raises.
"""

import math
import struct

import numpy as np

COMPARED = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b, "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
    "num": lambda a, b: True, "nan": lambda a, b: False,
}  # fmt: skip
LONG = np.longdouble
LARGEST = 2.0**128 - 2.0**103
"""From here on numbers are rounded to an infinite float32."""


class Registers:
    """The registers of a thread.

    Parameters
    ----------
    values : dict
        What the registers hold at first, by name.
    names : dict
        Addresses of a module's arrays, by name.
    """

    def __init__(self, values, names):
        self.values, self.names, self.carry = values, names, 0

    def read(self, name, kind):
        """Return an operand."""
        if name[0] == "%":
            value = self.values[name]
        elif name[:2] in ("0d", "0f"):
            form = ">d" if name[1] == "d" else ">f"
            value = struct.unpack(form, bytes.fromhex(name[2:]))[0]
        elif name in self.names:
            value = self.names[name]
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
