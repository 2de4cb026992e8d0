"""Runs compiled PTX for a whole block: threads that call functions and wait for each other.

It adds to `ptx` what the kernels of nets consist of besides: functions, shared memory, barriers.
"""

import math
import re
import threading

from .ptx import Kernel, Memory, Thread, global_arrays, instructions

STACK = 1 << 16
OR_OVER_THREADS = re.compile(
    r"\{\s*\.reg \.pred\s+%p1;\s*\.reg \.pred\s+%p2;\s*setp\.ne\.u32\s+%p1, (%r\d+), 0;"
    r"\s*bar\.red\.or\.pred\s+%p2, 0, %p1;\s*selp\.u32\s+(%r\d+), 1, 0, %p2;\s*\}"
)
FUNCTION = re.compile(
    r"^\.(?:visible |weak |extern )*\.?(entry|func)\s*(?:\([^)]*\))?\s*(\w+)\s*\(([^)]*)\)\s*"
    r"[^{;]*\{(.*?)^\}",
    re.S | re.M,
)


class Function(Kernel):
    """One function of a module."""

    def __init__(self, module, parameters, body):
        self.memory, self.names = module.memory, module.names
        self.params = [line.split()[-1] for line in parameters.replace(",", "").split("\n") if line]
        self.kinds = re.findall(r"\.param (?:\.align \d+ )?\.(\w+)", parameters)
        self.depot = re.search(r"(__local_depot\d+)\[(\d+)\]", body)
        self.code, self.labels = instructions(body)


class Module:
    """All functions of a module."""

    def __init__(self, ptx):
        ptx = OR_OVER_THREADS.sub(r"barred.or \2, \1;", ptx)
        self.memory, self.functions = Memory(), {}
        self.names = global_arrays(ptx, self.memory)
        self.shared = re.findall(r"^\.extern \.shared .* (\w+)\[\];", ptx, re.M)
        for kind, name, parameters, body in FUNCTION.findall(ptx):
            self.functions[name] = Function(self, parameters, body)
            if kind == "entry":
                self.entry = self.functions[name]
        self.own = len(self.memory.starts)

    def run(self, arguments, threads, near):
        """Run one block of so many threads with `near` bytes of shared memory."""
        self._run(list(self.entry._flat(arguments)), threads, near, 0)

    def run_words(self, words, buffers, threads, near, block):
        """Run a block on arguments one by one, with buffers at given addresses {int: array}.

        They lie behind all that a module has of its own.
        """
        self.memory.forget(self.own)
        for start, buffer in sorted(buffers.items()):
            self.memory.place(start, buffer)
        self.memory.next = max([self.memory.next, *(s + len(b) for s, b in buffers.items())])
        self._run(words, threads, near, block)

    def _run(self, words, threads, near, number):
        shared = self.memory.add(bytearray(near))
        self.names.update(dict.fromkeys(self.shared, shared))
        given = {}
        for name, kind, value in zip(self.entry.params, self.entry.kinds, words, strict=True):
            given[name] = value if kind[0] == "f" else value & (1 << 64) - 1
        block = Block(self, threads, near, number)
        stacks = [self.memory.add(bytearray(STACK)) for _ in range(threads)]
        runs = [
            threading.Thread(target=block.run, args=(number, stacks[number], given))
            for number in range(threads)
        ]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        if block.failed:
            raise block.failed[0]


class Block:
    """Threads that wait for each other."""

    def __init__(self, module, threads, near, number):
        self.module, self.threads, self.near, self.number = module, threads, near, number
        self.barrier, self.votes, self.failed = threading.Barrier(threads), [0] * threads, []

    def run(self, number, stack, given):
        """Run one thread to its end."""
        registers = {
            "%tid.x": number, "%ctaid.x": self.number, "%ntid.x": self.threads,
            "%dynamic_smem_size": self.near,
        }  # fmt: skip
        try:
            Frame(self, number, self.module.entry, stack, registers, given).run()
        except threading.BrokenBarrierError:
            pass  # another thread failed
        except Exception as error:
            self.failed.append(error)
            self.barrier.abort()


class Frame(Thread):
    """A function that a thread is in."""

    def __init__(self, block, number, function, stack, registers, given):
        super().__init__(function, dict(registers), given)
        self.block, self.number, self.registers, self.passed = block, number, registers, {}
        self.own = {}
        self.stack = stack
        if function.depot:
            self.own[function.depot.group(1)] = stack
            self.stack += (int(function.depot.group(2)) + 15) // 16 * 16

    def read(self, name, kind):
        return super().read(str(self.own[name]) if name in self.own else name, kind)

    def do_ld(self, words, parts):
        name, offset = self.place(parts[1])
        if words[1] == "param" and name in self.passed:
            self.write(parts[0], words[-1], self.passed[name])
        else:
            super().do_ld(words, parts)

    def do_st(self, words, parts):
        if words[1] == "param":
            self.passed[self.place(parts[0])[0]] = self.read(parts[1], words[-1])
        else:
            super().do_st(words, parts)

    def do_call(self, words, parts):
        words = (part if isinstance(part, str) else " ".join(part) for part in parts)
        returned, called, *given = re.findall(r"[\w$]+", " ".join(words))
        function = self.block.module.functions[called]
        values = {
            name: self.passed.get(place, 0)
            for name, place in zip(function.params, given, strict=True)
        }
        inner = Frame(self.block, self.number, function, self.stack, self.registers, values)
        inner.run()
        self.passed = {returned: inner.passed.get("func_retval0", 0)}

    def do_bar(self, words, parts):
        self.block.barrier.wait()

    def do_barred(self, words, parts):
        self.block.votes[self.number] = self.read(parts[1], "u32")
        self.block.barrier.wait()
        found = int(any(self.block.votes))
        self.block.barrier.wait()
        self.write(parts[0], "u32", found)

    def do_ex2(self, words, parts):
        self.write(parts[0], words[-1], 2.0 ** self.read(parts[1], words[-1]))

    def do_copysign(self, words, parts):
        self.binary(words, parts, lambda a, b: math.copysign(b, a))

    def do_bfi(self, words, parts):
        a, b, at, n = (self.read(part, words[-1]) for part in parts[1:5])
        mask = (1 << n) - 1 << at
        self.write(parts[0], words[-1], b & ~mask | a << at & mask)


def flat(groups):
    """Return the arguments of a kernel that takes groups."""
    return [value for group in groups for value in group]
