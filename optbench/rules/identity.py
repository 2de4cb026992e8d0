"""What tells one rule's results from another's: the hash of its functions and declarations."""

import functools

from optbench.define.definitions import Part
from optbench.kernels.compiling.contents import definition_digest
from optbench.rules.guests.rule import GuestRule


@functools.cache
def part_hash(part: Part) -> str:
    """Hash of a rule's or wrapper's functions and declarations."""
    if isinstance(part, GuestRule):
        return part.identity
    functions = [part.functions[kind] for kind in sorted(part.functions)]
    facts = (
        part.name, part.state, part.lane_state, part.iterate, part.evaluations, part.full_batch,
        part.layerwise, part.after, part.matrix, part.memory, part.buffers, sorted(part.functions),
    )  # fmt: skip
    digest: str = definition_digest(part, functions, facts)
    return digest
