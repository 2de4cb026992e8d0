"""What authors import: `problem`, `net`, `optimizer`, `wrapper`, ranges, `where` and random draws.

A definition is a plain Python function for ONE lane plus what is known about it. Nothing is
compiled here and nothing heavy is imported; `catalog` finds definitions, `kernels` compiles them.
"""

import math

from optbench import pickling  # noqa: F401 - teaches pickle what definitions are
from optbench.declared import Flag, Range
from optbench.declaring_nets import net
from optbench.declaring_problems import problem
from optbench.declaring_rules import optimizer, wrapper
from optbench.errors import DefinitionError
from optbench.kernels.random import normal, permuted, sample, stream_key, uniform
from optbench.shares import matmul, span, sync, total

__all__ = [
    "DefinitionError", "Flag", "Log", "Range", "generator", "matmul", "net", "normal",
    "optimizer", "permuted", "problem", "sample", "span", "sync", "total", "uniform",
    "where", "wrapper",
]  # fmt: skip


def where(condition, a, b):
    """Return `a` where `condition` holds, else `b`: the branch-free ``if`` of SIMD code."""
    return a if condition else b


def generator(*parts):
    """Return a NumPy generator that depends on `parts` (integers and strings) alone."""
    import numpy as np

    return np.random.Generator(np.random.Philox(key=int(stream_key(*parts))))


def Log(default, low=0.0, high=math.inf):  # noqa: N802 - reads as a type in a declaration
    """Return the range of a positive hyperparameter that is searched on a log scale."""
    return Range(default, low, high, open_low=low == 0.0)
