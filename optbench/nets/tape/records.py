"""The records of a tape: what their integers mean. Documented only here.

A record is a run of integers in `q`, one an operation. Values lie in ``work``: the value of a
record is a matrix [rows, N_OUT] from place OUT on, whatever its shape: images are height, width,
channels (NHWC), sequences time, features. Buffers begin at multiples of 64 and are padded to them.
"""

from optbench.nets.packing import RECORDS

OP, IN, N_IN, OUT, N_OUT, D_OUT, D_IN, D_ADDS, LENGTHS = range(9)
"""OP is the number of the operation (see `tape.operations`). IN and OUT are places of its input and
output in `work`, N_IN and N_OUT their numbers an example. D_OUT is the place of dLoss/d(output),
-1 where nobody wants it (below the first tensor), and then there is no way back. D_IN is that of
dLoss/d(input), -1 where nobody wants it; D_ADDS is 1 where it is added to what is there, since
another operation takes the same input. LENGTHS is the place of the valid time steps of each example
[rows], 0 where all are valid."""
OWN = 9
"""Here the fields begin that an operation has for itself; its file names them."""


def record_start(q, i):
    """Return where in `q` record i = 0, 1, ... begins."""
    return q[q[RECORDS] + i]


def adds_to(q, field, first):
    """Return whether the gradient of a tensor is added to, given the field of its `later_use`."""
    return not first or q[field] == 1
