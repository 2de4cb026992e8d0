"""Matrix rules with a few numbers per row and column: SM3 and Adafactor.

A matrix rule is called once a tensor, with views of it: see `optbench.define.optimizer`.
"""

import math

from optbench.define import Decay, Log, Momentum, Range, Search, optimizer, span, sync, total
from optbench.rules.matrix_algebra import frobenius_norm, machine_epsilon
from optbench.rules.moments import EPS

POWER = Search(-1.0, -0.5, "linear", "Shazeer and Stern 2018, tab. 2")


@optimizer(
    matrix=True,
    state="m",
    memory={"row": "m", "column": "n"},
    buffers={"largest": "n"},
    lr=Log(0.1),
    momentum=Momentum(0.9),
    eps=EPS,
    source="Anil et al. 2019, alg. SM3-II; optax.sm3",
)
def sm3(x, g, m, row, column, largest, lr, momentum, eps, vector, fresh):
    """SM3: AdaGrad whose sums are bounded by the largest of each row and each column.

    Of a vector every sum is kept: AdaGrad with momentum.
    """
    rows, columns = x.shape
    for j in span(columns):
        largest[j] = 0.0
        for i in range(rows):
            bound = g[i, j] * g[i, j] + (column[j] if vector else min(row[i], column[j]))
            largest[j] = max(largest[j], bound)
            m[i, j] = momentum * m[i, j] + fresh * g[i, j] / math.sqrt(bound + eps)
            x[i, j] -= lr * m[i, j]
    sync()
    if not vector:
        for i in span(rows):
            widest = 0.0
            for j in range(columns):
                widest = max(widest, g[i, j] * g[i, j] + min(row[i], column[j]))
            row[i] = widest
    sync()
    for j in span(columns):
        column[j] = largest[j]
    sync()


@sm3.uniform
def _(momentum):
    return (1 - momentum,)


@optimizer(
    matrix=True,
    memory={"row": "m", "column": "n"},
    lr=Log(1e-2),
    beta2_decay=Range(-0.8, high=0.0, search=POWER),
    eps1=Range(0.0, 0.0),
    eps2=Range(1e-3, 0.0),
    d=Range(1.0, 1.0),
    weight_decay=Decay(0.0),
    source="Shazeer and Stern 2018, alg. 4; torch.optim.Adafactor",
)
def adafactor(x, g, row, column, lr, eps1, eps2, d, weight_decay, vector, fresh, largest_lr):
    """Adafactor: a second moment from the means of its rows and columns, relative step sizes.

    Of a vector the whole second moment is kept. With `eps1` 0 it is the dtype's epsilon. The rate
    is at most 1 / sqrt(t); see alg. 5 for `eps2`, and eq. 7 for the clipping at `d`.
    """
    rows, columns = x.shape
    smallest = eps1 if eps1 > 0.0 else machine_epsilon()
    size = frobenius_norm(x) / math.sqrt(x.dtype.type(rows * columns))
    if not vector:
        for i in span(rows):
            mean = 0.0
            for j in range(columns):
                mean += g[i, j] * g[i, j]
            row[i] += fresh * (mean / columns - row[i])
    for j in span(columns):
        mean = 0.0
        for i in range(rows):
            mean += g[i, j] * g[i, j]
        column[j] += fresh * (mean / rows - column[j])
    sync()
    centre = 0.0
    for i in span(rows):
        centre += row[i]
    centre = max(total(centre) / rows, smallest)
    squares = 0.0
    for i in range(rows):
        scale = 1.0 if vector else row[i] / centre
        for j in span(columns):
            v = max(scale * column[j], smallest * smallest)
            squares += g[i, j] * g[i, j] / v
    clipped = max(1.0, math.sqrt(total(squares) / (rows * columns)) / d)
    step = max(eps2, size) * min(lr, largest_lr) / clipped
    for i in range(rows):
        scale = 1.0 if vector else row[i] / centre
        for j in span(columns):
            v = max(scale * column[j], smallest * smallest)
            x[i, j] -= lr * weight_decay * x[i, j] + step * g[i, j] / math.sqrt(v)
    sync()


@adafactor.uniform
def _(t, beta2_decay):
    return t**beta2_decay, 1 / math.sqrt(t)
