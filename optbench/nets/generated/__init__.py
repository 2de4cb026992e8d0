"""Generated data sets by name.

What is drawn is drawn afresh for every instance of a problem, from one law: teachers, maps and
frequencies, which belong to it, are the same in all. An instance is the same numbers every time.
"""

from collections.abc import Callable
from functools import partial

from optbench.nets.generated import sequences, tokens
from optbench.nets.generated.drawing import Examples
from optbench.nets.generated.points import moons, parity, two_spirals, xor
from optbench.nets.generated.students import (
    TEACHER_SIZES,
    generalisation_loss,
    linear_map,
    teacher,
    teacher_outputs,
    teacher_student,
)

__all__ = [
    "CLASSES", "COMPLETE", "DRAWN", "TEACHER_SIZES", "Examples", "generalisation_loss",
    "linear_map", "moons", "parity", "teacher", "teacher_outputs", "teacher_student",
    "two_spirals", "xor",
]  # fmt: skip

DRAWN: dict[str, Callable[[int], Examples]] = {
    "adding": sequences.adding,
    "copy_memory": tokens.copy_memory,
    "linear_map": linear_map,
    "moons": moons,
    "parity_strings": sequences.parity_strings,
    "teacher_student": teacher_student,
    "xor": xor,
    "xor_strings": sequences.xor_strings,
    **{
        f"xor_strings_{time}": partial(sequences.xor_strings, time=time)
        for time in sequences.XOR_TIMES
    },
    "zipf_tokens": tokens.zipf_tokens,
}
"""Name -> function of the instance: X [n, k], and labels int [n] or [n, time] (one at every step),
or answers float [n, m]."""

COMPLETE: dict[str, Callable[[], Examples]] = {
    "modular_sums": tokens.modular_sums,
    **{f"modular_sums_{own}": partial(tokens.modular_sums, own) for own in tokens.MODULI},
    "parity": parity,
    "two_spirals": two_spirals,
}
"""Name -> function that returns the same, where nothing is drawn."""

CLASSES = {"copy_memory": tokens.BLANK + 1, "zipf_tokens": tokens.VOCABULARY}
"""Name -> number of classes, where no instance need have all of them."""
