"""What lanes of one draw need not draw again: the numbers of their mini-batches, by step.

The lanes of a draw meet the same mini-batches, one lane after the other. The first that comes to a
step draws its numbers and keeps them; the others read them. The table belongs to one thread (see
`cpu.drawn_tables`), so nobody waits and none is half written. Its address is the second word of a
block's `key`. Where there is no second word, and on CUDA, each lane draws for itself.
"""

from typing import NamedTuple

import numpy as np
from numba.extending import overload

from optbench.kernels.compiling.parts import PartCompiler
from optbench.kernels.memory.pointers import at, pointer_type

NOT_YET = -1.0


class Drawn(NamedTuple):
    """The numbers of each step."""

    numbers: np.ndarray  # [steps, n]; the first of a step is NOT_YET until they are there


FIELDS = "f2"


def recall(key, t, numbers):
    """Fill `numbers` with those of step t, if they are kept; say whether they are.

    Parameters
    ----------
    key : array of uint64
        The stream of a block's draws. Of two numbers the second is the address of the words of a
        `Drawn`, 0 without one.
    t : int
    numbers : array [n]
    """
    return False


def keep(key, t, numbers):
    """Keep `numbers`, those of step t, where there is a table with room for them."""


_AS_PARTS = dict(no_cfunc_wrapper=True, pipeline_class=PartCompiler)


def _to_table(numbers):
    """Return what gets at a table, given its address."""
    return at(pointer_type(Drawn, FIELDS, str(numbers.dtype)))


@overload(recall, target="cpu", strict=False, jit_options=_AS_PARTS)
def _recall(key, t, numbers):
    to_table, not_yet = _to_table(numbers), NOT_YET

    def recall_step(key, t, numbers):
        if key.shape[0] != 2 or key[1] == 0:
            return False
        kept = to_table(np.int64(key[1])).numbers
        if t >= kept.shape[0] or kept[t, 0] == not_yet:
            return False
        for j in range(numbers.shape[0]):
            numbers[j] = kept[t, j]
        return True

    return recall_step


@overload(keep, target="cpu", strict=False, jit_options=_AS_PARTS)
def _keep(key, t, numbers):
    to_table = _to_table(numbers)

    def keep_step(key, t, numbers):
        if key.shape[0] == 2 and key[1] != 0:
            kept = to_table(np.int64(key[1])).numbers
            if t < kept.shape[0]:
                for j in range(numbers.shape[0]):
                    kept[t, j] = numbers[j]

    return keep_step
