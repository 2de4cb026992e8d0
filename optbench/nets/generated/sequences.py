"""Sequences of numbers whose answer hangs on steps that lie far apart.

An example is a row of time * features numbers, step by step.
"""

import numpy as np
from numpy.typing import NDArray

from optbench.nets.generated.drawing import Examples, draws_of

EXAMPLES = 1000
"""Sequences in each data set."""

ADDING_TIME, XOR_TIME = 20, 16
"""Steps of `adding` and `xor_strings`, of two numbers each."""

XOR_TIMES = (2, 4, 5, 6, 7, 8)
"""Lengths T of the strings of ``xor_strings_T``."""

SHORTEST, LONGEST = 4, 16
"""Bits of a string of `parity_strings`."""


def adding(instance: int = 0) -> Examples:
    """1000 sequences of 20 numbers between 0 and 1, two of them marked; the answer is their sum.

    A step has two features: the number, and its mark 1 or 0. One mark falls into each half. The
    best constant answer, 1, has a mean squared error of 1/6 (the adding problem of Hochreiter and
    Schmidhuber 1997, sec. 5.4, as Arjovsky, Shah and Bengio 2016 state it in sec. 5.2).
    """
    rng = draws_of("adding", instance)
    numbers = rng.uniform(size=(EXAMPLES, ADDING_TIME))
    marks = _marks(rng, ADDING_TIME)
    return _interleaved(numbers, marks), (numbers * marks).sum(axis=1)


def xor_strings(instance: int = 0, time: int = XOR_TIME) -> Examples:
    """1000 strings of `time` bits, -1 or 1, two of them marked; the label is whether these differ.

    As in `adding` a step has the bit and its mark, and one mark falls into each half. Answers that
    look at one marked bit are right as often as a coin (the XOR problem of Martens and Sutskever
    2011, Learning recurrent neural networks with Hessian-free optimization, sec. 4.1).
    """
    rng = draws_of("xor strings", instance)
    bits = np.where(rng.integers(0, 2, (EXAMPLES, time)) == 1, 1.0, -1.0)
    marks = _marks(rng, time)
    return _interleaved(bits, marks), ((bits * marks).sum(axis=1) == 0.0).astype(np.int64)


def parity_strings(instance: int = 0) -> Examples:
    """1000 strings of 4 to 16 bits, -1 or 1; the label is 1 for an odd number of ones.

    A row has 16 numbers, zeros after the end of a shorter string, and last the string's length;
    all lengths are as likely. Every bit counts, the first as much as the last (the parity problem
    of Bengio, Simard and Frasconi 1994, Learning long-term dependencies with gradient descent is
    difficult).
    """
    rng = draws_of("parity strings", instance)
    lengths = rng.integers(SHORTEST, LONGEST + 1, EXAMPLES)
    ones = rng.integers(0, 2, (EXAMPLES, LONGEST)).astype(bool)
    valid = np.arange(LONGEST) < lengths[:, None]
    bits = np.where(valid, np.where(ones, 1.0, -1.0), 0.0)
    return np.column_stack([bits, lengths]), (ones & valid).sum(axis=1) % 2


def _marks(rng: np.random.Generator, time: int) -> NDArray[np.float64]:
    """Return marks [n, time]: a one in each half of every row, zeros elsewhere."""
    marks = np.zeros((EXAMPLES, time))
    for low, high in ((0, time // 2), (time // 2, time)):
        marks[np.arange(EXAMPLES), rng.integers(low, high, EXAMPLES)] = 1.0
    return marks


def _interleaved(*features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return features [n, time] as rows [n, time * features]."""
    return np.stack(features, axis=2).reshape(len(features[0]), -1)
