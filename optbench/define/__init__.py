"""What authors write and what is kept of it; no Numba.

Authors import from here `problem`, `net`, `optimizer`, `wrapper`, ranges, random draws, `where`,
`sign` and `bounded`.
A definition is a plain Python function for ONE lane plus the facts that are declared about it.
Nothing is compiled here and nothing heavy is imported; `catalog` makes problems of definitions,
`rules` optimizers, and `kernels` compiles both.
"""

from optbench.define import pickling  # noqa: F401 - teaches pickle what definitions are
from optbench.define.draws import epoch_order, generator, normal, permuted, sample, uniform
from optbench.define.ladders import ladder
from optbench.define.nets import net
from optbench.define.primitives import matmul, span, sync, total, where
from optbench.define.problems import problem
from optbench.define.ranges import Decay, Eps, Flag, Log, Momentum, Range, SecondMoment
from optbench.define.rules import optimizer, wrapper
from optbench.define.search_ranges import Search
from optbench.define.signs import bounded, sign
from optbench.errors import DefinitionError

__all__ = [
    "Decay", "DefinitionError", "Eps", "Flag", "Log", "Momentum", "Range", "Search",
    "SecondMoment", "bounded", "epoch_order", "generator", "ladder", "matmul", "net", "normal",
    "optimizer", "permuted", "problem", "sample", "sign", "span", "sync", "total", "uniform",
    "where", "wrapper",
]  # fmt: skip
