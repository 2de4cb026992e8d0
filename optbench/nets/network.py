"""A whole net as kernels: what the engine calls.

One compiled function serves every net, since all that makes a net is integers in `q`; see
`packing` for what lies where. Everything is plain Python on the primitives; `compiled` turns it
into machine code for a dtype.
"""

import functools
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from optbench.kernels.authors.blocks import Block, whole_block
from optbench.kernels.authors.retype import retype_all
from optbench.kernels.memory.calls import MetricsCall, ProblemCall
from optbench.kernels.products.primitives import span, sync, vector
from optbench.nets.adjusting import limit_norms, scale_changes
from optbench.nets.early_stopping import ends
from optbench.nets.objective import metrics, problem
from optbench.nets.packing import COLUMN_NORMS, HEIGHT, MIXED_X, N_RECORDS, RATES, RECORDS, STOPPING
from optbench.nets.tape import units
from optbench.nets.tape.operations import NAMES
from optbench.nets.tape.records import OP
from optbench.waiting import working

Kernel: TypeAlias = Literal["problem", "metrics", "adjust"]


def adjust(x, before, f, p, q, work, key, done, last):
    """Do what a net does after each step, and before the first (see `kernels.memory.calls`).

    Fills f with 1 where early stopping ends the lane; x then is the best point so far.
    """
    params = vector(x, 0, x.size)
    sync()
    if done and q[RATES]:
        scale_changes(params, vector(before, 0, before.size), p)
    if done and q[COLUMN_NORMS]:
        limit_norms(params, p, q, work)
    stop = q[STOPPING] and ends(x, p, q, work, done, last)
    for j in span(f.shape[0]):
        f[j] = 1.0 if stop else 0.0
    sync()


TITLES: dict[Kernel, str] = {
    "problem": "the gradient of nets", "metrics": "the metrics of nets",
    "adjust": "layer-wise rates and norms of nets",
}  # fmt: skip
"""What a kernel is called where it is compiled."""
_CALLS = {"problem": ProblemCall, "metrics": MetricsCall, "adjust": ProblemCall}


@functools.cache
def _retyped(dtype: str) -> dict[str, Callable[..., Any]]:
    functions = retype_all([problem, metrics, adjust], dtype)
    return dict(zip(_CALLS, functions, strict=True))


class NetBlock(Block):  # type: ignore[misc]  # kernels have no types for mypy
    """A kernel of nets: called from Python, it loads the operations of the net that it meets."""

    def __call__(self, *arguments: Any) -> Any:
        """Call with the arrays of the call, in order, and the integers after them."""
        q = arguments[self.cls._fields.index("q")]
        starts = q[q[RECORDS] :][: q[N_RECORDS]]
        operations = [NAMES[number] for number in set(q[starts + OP].tolist())]
        operations += ["augment"] * bool(q[HEIGHT]) + ["mix_up"] * bool(q[MIXED_X])
        units.load(operations, self.dtype.name)
        return super().__call__(*arguments)


@functools.cache
def compiled(name: Kernel, dtype: str) -> Block:
    """Return the kernel "problem", "metrics" or "adjust" for a dtype, compiled once a process."""
    with working(f"compiling {TITLES[name]} (once, {dtype})"):
        block = whole_block(_retyped(dtype)[name], _CALLS[name], dtype)
    return NetBlock(block.entry, block.cls, block.dtype, block.lanes)
