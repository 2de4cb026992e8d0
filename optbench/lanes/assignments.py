"""What a function assigns on its way: names, values and lines, watched by the interpreter."""

import dis
import functools
import sys
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np


class Assignment(NamedTuple):
    """A number that got a name, and the line of the source where it did."""

    name: str
    line: int
    value: float


def return_line(function: Callable[..., Any]) -> int:
    """Return the line of a function's return; of a function with several its first line."""
    lines = {
        own.positions.lineno
        for own in dis.get_instructions(function)
        if own.opname.startswith("RETURN_") and own.opname != "RETURN_GENERATOR" and own.positions
    }
    first = function.__code__.co_firstlineno
    return lines.pop() or first if len(lines) == 1 else first


def watched(
    function: Callable[..., Any], arguments: Sequence[Any]
) -> tuple[Any, int, list[Assignment]]:
    """Call a function; return its result, the line of its return, and what it assigned.

    Of a name that a line assigns again and again there is the last value.
    Callees are not looked into. A tracer that is set, such as a debugger's, waits meanwhile.
    """
    seen: dict[tuple[int, str], float] = {}
    stores = _stores(function.__code__)
    pending: tuple[int, tuple[str, ...]] | None = None
    returned = function.__code__.co_firstlineno

    def opcode(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal pending, returned
        returned = frame.f_lineno
        if pending is not None and event in ("opcode", "return"):
            line, names = pending
            values = frame.f_locals
            for name in names:
                _note(seen, line, name, values.get(name))
            pending = None
        if event == "opcode":
            pending = stores.get(frame.f_lasti)
        return opcode

    def begin(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code is not function.__code__:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return opcode

    before = sys.gettrace()
    sys.settrace(begin)
    try:
        result = function(*arguments)
    finally:
        sys.settrace(before)
    assigned = [Assignment(name, line, value) for (line, name), value in seen.items()]
    return result, returned, assigned


def _note(seen: dict[tuple[int, str], float], line: int, name: str, value: Any) -> None:
    """Keep a number, or each one of a tuple of numbers."""
    if isinstance(value, tuple):
        for i, each in enumerate(value):
            _note(seen, line, f"{name}[{i}]", each)
    elif isinstance(value, bool | int | float | np.number | np.bool_):
        seen[line, name] = float(value)


@functools.lru_cache(maxsize=1024)
def _stores(code: CodeType) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Return by the place of each instruction that assigns: its line, and the names."""
    stores = {}
    for instruction in dis.get_instructions(code):
        names = _names(instruction.opname, instruction.argval)
        line = instruction.positions.lineno if instruction.positions else None
        if names and line:
            stores[instruction.offset] = line, names
    return stores


def _names(operation: str, argument: Any) -> tuple[str, ...]:
    """Return the names of local variables that an instruction sets; some set two at once."""
    if operation in ("STORE_FAST", "STORE_DEREF"):
        return (argument,)
    if operation == "STORE_FAST_STORE_FAST":
        return tuple(argument)
    if operation == "STORE_FAST_LOAD_FAST":
        return (argument[0],)
    return ()
