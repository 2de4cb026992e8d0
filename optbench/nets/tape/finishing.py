"""Finishing a tape: its buffers of gradients, and the integers of its records."""

import itertools
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from optbench.nets import packing
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.records import OWN
from optbench.nets.tape.values import Later, Record, Value


def finish(tape: Tape, place: int) -> tuple[list[int], list[int], NDArray[np.int64]]:
    """Return the starts of all records, their integers, and those of all tables.

    They come into `q` one after the other, from `place` on. Fills in `Tape.errors` and
    `Tape.table_starts`.
    """
    tape.errors = place_errors(tape)
    sizes = [OWN + len(record.own) for record in tape.records]
    starts = _starts(place + len(sizes), sizes)
    first_table = place + len(sizes) + sum(sizes)
    tape.table_starts = _starts(first_table, [len(table) for table in tape.tables])
    integers = [number for i in range(len(sizes)) for number in _integers(tape, i)]
    return starts, integers, np.concatenate([*tape.tables, np.zeros(0, np.int64)])


def _starts(first: int, lengths: list[int]) -> list[int]:
    """Return where runs of these lengths begin, one after the other."""
    return list(itertools.accumulate(lengths[:-1], initial=first)) if lengths else []


def _integers(tape: Tape, number: int) -> list[int]:
    """Return the integers of a record."""
    record = tape.records[number]
    value, output = record.inputs[0], record.output
    adds = any(value in later.inputs for later in tape.after(record.number))
    header = [
        record.operation, value.place, value.size, output.place, output.size,
        tape.errors[output], tape.errors[value], int(adds), value.lengths,
    ]  # fmt: skip
    own = [one.resolve() if isinstance(one, Later) else int(one) for one in record.own]
    return [*header, *own]


def wanted(records: list[Record], frozen: Collection[str] = ()) -> set[Value]:
    """Return the values whose dLoss/d(value) is wanted: tensors that are trained come before."""
    values: set[Value] = set()
    for record in records:
        if set(record.tensors).difference(frozen) or values & set(record.inputs):
            values.add(record.output)
    return values


def place_errors(tape: Tape) -> dict[Value, int]:
    """Give every value that wants one a buffer of dLoss/d(value), and others -1.

    On the way back a buffer is in use from the last record that takes the value to the one that
    gives it; values that do not meet share one.
    """
    wants, free, rooms = wanted(tape.records, tape.frozen), list[tuple[int, int]](), {}
    errors = {value: -1 for one in tape.records for value in (*one.inputs, one.output)}
    for record in reversed(tape.records):
        for value in (record.output, *record.inputs):
            if value in wants and errors[value] < 0:
                length = packing.padded(value.size * tape.rows)
                room = min((room for room in free if room[0] >= length), default=None)
                if room:
                    free.remove(room)
                rooms[value] = room or (length, tape.buffer(length))
                errors[value] = rooms[value][1]
        if record.output in rooms:
            free.append(rooms.pop(record.output))
    return errors
