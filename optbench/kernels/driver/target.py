"""What a target supplies to the code that all targets share: stubs, to be imported by name.

`steps` and `passes` are written once. A target binds them (see `compiling.supplied`): the CPU to
Vecs of many lanes (`cpu.driver`), CUDA to a thread a lane (`cuda.onelane`) or to a block of threads
a net (`cuda.net`).
"""

from optbench.kernels.compiling.supplied import Supplied

width = Supplied("The lanes that `rows` and `load` take at once.")
GENERAL = Supplied(
    "Whether anything may be asked for. If not, runs are exact, on surfaces without metrics, by "
    "rules that report x and take one gradient a step. What serves all else is then left out."
)


@Supplied
def rows(block, lane):
    """Return the coordinates [d] of the lanes from `lane` on, of a block [d, B]."""


@Supplied
def load(line, lane):
    """Return the numbers of the lanes from `lane` on, of a line [B]."""


@Supplied
def store(line, lane, value):
    """Set the numbers of the lanes from `lane` on, in a line [B]."""


@Supplied
def any_lane(condition):
    """Say whether a condition holds in any of the lanes taken at once."""


@Supplied
def lane_bits(condition):
    """Return a whole number with a bit for each of the lanes taken at once."""


@Supplied
def whole(value):
    """Return a value as it is, to be stored for all of the lanes taken at once."""


@Supplied
def place(group):
    """Return what stands for a named tuple of arrays when it is handed on: an address, or it."""


@Supplied
def call_problem(problem, call, t, full):
    """Fill f and g: see `calls.ProblemCall`."""


@Supplied
def estimate_hessian(run, at, t):
    """Estimate the Hessian's diagonal at x_t, see `driver.hessian`; or do nothing."""


@Supplied
def call_metrics(metrics, call, part):
    """Fill m: see `calls.MetricsCall`."""


@Supplied
def call_rule(rule, call, t, phase, across):
    """Move x to y, say whether y is finite: see `calls.RuleCall`."""


@Supplied
def call_adjust(adjust, call, done, last):
    """Change x, or fill f with 1 to end the lane: see `calls.ProblemCall`."""
