"""Fusing records: an activation after a dense layer or a convolution becomes a part of it.

Its outputs then take the place of its arguments, which saves two passes over them.
"""

import dataclasses

from optbench.nets.activations import FROM_OUTPUT, LINEAR
from optbench.nets.operations import activation, convolution, dense
from optbench.nets.tape.operations import NUMBERS
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.records import OWN
from optbench.nets.tape.values import Part, Record, Value

FUSING = {NUMBERS["dense"]: dense.KIND, NUMBERS["convolution"]: convolution.KIND}
"""The field of the activation of operations that have one."""


def fuse(tape: Tape) -> None:
    """Fuse the records of a tape that is otherwise complete."""
    users: dict[int, int] = {}
    for record in tape.records:
        for value in record.inputs:
            users[value.number] = users.get(value.number, 0) + 1
    producers = {record.output.number: record for record in tape.records}
    for record in list(tape.records):
        source = producers.get(record.inputs[0].number)
        if source and users[source.output.number] == 1 and _fits(source, record):
            source.own[FUSING[source.operation] - OWN] = record.own[activation.KIND - OWN]
            tape.outputs = [
                record.output if value == source.output else value for value in tape.outputs
            ]
            tape.parts = [_giving(part, source.output, record.output) for part in tape.parts]
            source.output = record.output
            producers[record.output.number] = source
            tape.records.remove(record)


def _giving(part: Part, old: Value, new: Value) -> Part:
    """Return a part that gives the value `new` where it gave `old`, in the same shape."""
    if part.output != old:
        return part
    output = dataclasses.replace(new, shape=part.output.shape, lengths=part.output.lengths)
    return dataclasses.replace(part, output=output)


def _fits(source: Record, record: Record) -> bool:
    """Return whether a record is an activation that the record before it can do."""
    return (
        record.operation == NUMBERS["activation"]
        and source.operation in FUSING
        and record.own[activation.KIND - OWN] in FROM_OUTPUT
        and source.own[FUSING[source.operation] - OWN] == LINEAR
    )
