"""What a CUDA kernel knows when it is compiled: stubs, to be imported by name.

`surface.kernel`, `net.kernel`, `primitives.bound` and `staged_product.bound` supply them; see
`compiling.supplied`.
"""

from optbench.kernels.compiling.supplied import Supplied

# ---------------------------------------------------------------------------- types of numbers
REAL = Supplied("The kernel's type of real numbers, for arrays of a thread.")
WHOLE = Supplied("Its type of whole numbers.")
MEMORY = Supplied("The type of the numbers that the threads of a block share.")

# ------------------------------------------------------------- room in the arrays of a thread
ROWS = Supplied("Coordinates that a lane has room for.")
STATES = Supplied("States of a coordinate that a lane has.")
STATE_ROOM = Supplied("States that there is room for: at least one.")
LANE_STATES = Supplied("States of a lane.")
LANE_STATE_ROOM = Supplied("States of a lane that there is room for: at least one.")
WORK = Supplied("Numbers in the buffer of a lane's problem.")
WORK_ROOM = Supplied("Numbers that there is room for: at least one.")

# ---------------------------------------- what all lanes have in common: see `surface.Fixed`
FRAME = Supplied("DIRECT, SHIFTED, SCALED or TURNED.")
EXACT = Supplied("See `groups.Plan`, as the following.")
FULL_BATCH = Supplied("Whether gradients are of all training data.")
EVALUATIONS = Supplied("Gradients of a step.")
ITERATE = Supplied("The state that is the reported point; -1: x itself.")
HAS_METRICS = Supplied("Whether records may have metrics.")

# ------------------------------------------------------------------- threads that share a net
THREADS = Supplied("Threads of a block.")
GROUPS = Supplied("Groups of threads that add up by themselves.")
HANDED = Supplied("Where in shared memory the numbers are that threads hand each other.")
STAGE = Supplied("How many numbers of it are for the tiles of products.")
AT_STAGE = Supplied("Where those begin.")
LINE = Supplied("Threads that read along one line; they divide the threads of a block.")
SIDE = Supplied("Rows and columns of a tile that a thread has.")


@Supplied
def size_of(d):
    """Return the number of coordinates, where it is known the kernel's own."""


@Supplied
def share(low, high):
    """Return this thread's coordinates from `low` to `high`."""


@Supplied
def one_problem(call, t, full):
    """Fill f and g, on all threads of a net."""


@Supplied
def one_metrics(call, part):
    """Fill m, on all threads of a net."""


@Supplied
def one_rule(call, t, phase, across):
    """Move x to y, on all threads of a net."""


@Supplied
def one_adjust(call, done, last):
    """Change x, or fill f with 1 to end the net, on all threads of it."""
