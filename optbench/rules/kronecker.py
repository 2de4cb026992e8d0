"""Matrix rules with preconditioners of rows and columns: CASPR, ASGO, PSGD-Kron.

A matrix rule is called once a tensor, with views of it: see `optbench.define.optimizer`.
"""

import math

from optbench.define import (
    Decay,
    Eps,
    Flag,
    Log,
    Momentum,
    Range,
    Search,
    SecondMoment,
    matmul,
    normal,
    optimizer,
    span,
    sync,
)
from optbench.rules.matrix_algebra import (
    copy,
    frobenius_norm,
    inverse_root,
    set_identity,
    spectral_norm_from_below,
)
from optbench.rules.matrix_parts import (
    ADAMW,
    adamw_of_vectors,
    add_to_diagonal,
    first_and_due,
    gather,
    rms_scale,
    step_matrix,
)
from optbench.rules.moments import correction, shares_and_corrections


@optimizer(
    matrix=True,
    memory={"left": "mm", "right": "nn", "left_root": "mm", "right_root": "nn"},
    buffers={
        "left1": "mm", "left2": "mm", "left3": "mm", "right1": "nn", "right2": "nn",
        "right3": "nn", "half": "mn", "spare": "mn", "step": "mn",
    },
    lr=Log(1e-3),
    preconditioning_compute_steps=Range(1.0, 1.0, whole=True),
    matrix_eps=Eps(1e-6),
    source="Duvvuri et al. 2024, Combining axes preconditioners through Kronecker approximation "
    "for deep learning, alg. 1",
)  # fmt: skip
def caspr(
    x, g, left, right, left_root, right_root, left1, left2, left3, right1, right2, right3, half,
    spare, step, lr, matrix_eps, vector, first, due,
):  # fmt: skip
    """CASPR: Shampoo's factors in a sum: twice over the mean of L^(-1/4) G and G R^(-1/4).

    That is (L^(-1/2) G + 2 L^(-1/4) G R^(-1/4) + G R^(-1/2)) / 4. A vector has one factor, with
    the inverse square root.
    """
    gather(right, g, right1, 1.0, 1.0, True)
    if first > 0.0:
        add_to_diagonal(right, matrix_eps)
    if due > 0.0:
        inverse_root(right, 2 if vector else 4, right_root, right1, right2, right3)
    if vector:
        matmul(g, right_root, step, False, False)
        step_matrix(x, step, lr, 0.0, 1.0)
        return
    gather(left, g, left1, 1.0, 1.0, False)
    if first > 0.0:
        add_to_diagonal(left, matrix_eps)
    if due > 0.0:
        inverse_root(left, 4, left_root, left1, left2, left3)
    _mean_of_sides(g, left_root, right_root, spare, half)
    _mean_of_sides(half, left_root, right_root, spare, step)
    step_matrix(x, step, lr, 0.0, 1.0)


caspr.uniform(first_and_due)


def _mean_of_sides(a, left, right, spare, into):
    """Write (left a + a right) / 2 into `into`."""
    matmul(left, a, into, False, False)
    matmul(a, right, spare, False, False)
    for i in range(a.shape[0]):
        for j in span(a.shape[1]):
            into[i, j] = 0.5 * (into[i, j] + spare[i, j])
    sync()


@optimizer(
    matrix=True,
    state=("m", "v"),
    memory={"factor": "kk"},
    buffers={
        "root": "kk", "kept": "kk", "spare1": "kk", "spare2": "kk", "spare3": "kk", "step": "mn",
    },
    lr=Log(1e-3),
    momentum=Momentum(0.9),
    factor_beta=SecondMoment(0.8, search=Search(0.5, 0.999, "log of 1 - v")),
    matrix_eps=Eps(1e-10),
    weight_decay=Decay(0.1),
    **ADAMW,
    source="An et al. 2025, ASGO, alg. 2 (arXiv 2503.20762), and the authors' code",
)  # fmt: skip
def asgo(
    x, g, m, v, factor, root, kept, spare1, spare2, spare3, step, lr, momentum, factor_beta,
    matrix_eps, weight_decay, fresh, fresh_factor,
):  # fmt: skip
    """ASGO, one-sided Shampoo: the momentum times the inverse square root of the shorter side's.

    The step is given the root mean square 0.2. Vectors take AdamW's step.
    """
    rows, columns = x.shape
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * g[i, j]
    sync()
    wide = rows < columns
    gather(factor, g, spare1, factor_beta, fresh_factor, not wide)
    copy(factor, kept)
    add_to_diagonal(kept, matrix_eps)
    inverse_root(kept, 2, root, spare1, spare2, spare3)
    if wide:
        matmul(root, m, step, False, False)
    else:
        matmul(m, root, step, False, False)
    length = frobenius_norm(step)
    scale = rms_scale(step, 0.0) if length > 0.0 else length
    step_matrix(x, step, lr, weight_decay, scale)


asgo.vectors(adamw_of_vectors)


@asgo.uniform
def _(t, momentum, factor_beta, beta1, beta2):
    return 1 - momentum, 1 - factor_beta, *shares_and_corrections(t, beta1, beta2)


@optimizer(
    matrix=True,
    state="m",
    memory={"left": "mm", "right": "nn", "scales": "n"},
    buffers={
        "left1": "mm", "left2": "mm", "left3": "mm", "right1": "nn", "right2": "nn",
        "right3": "nn", "white": "mn", "noise": "mn", "half": "mn", "left_line": "m",
        "right_line": "n",
    },
    lr=Log(1e-3),
    momentum=Momentum(0.9),
    weight_decay=Decay(0.0),
    preconditioner_lr=Log(0.1, search=Search(1e-2, 0.5)),
    max_probability=Range(1.0, 0.0, 1.0, open_low=True),
    min_probability=Range(0.03, 0.0, 1.0, open_low=True),
    probability_decay=Range(1e-3, 0.0),
    flat_start=Range(500.0, 0.0, whole=True),
    of_momentum=Flag(True),
    source="Li 2018, Preconditioned stochastic gradient descent, and Pooladzandi and Li 2024, "
    "Curvature-informed SGD via general purpose Lie-group preconditioners, alg. 1; "
    "pytorch_optimizer.Kron",
)  # fmt: skip
def psgd_kron(
    x, g, m, left, right, scales, left1, left2, left3, right1, right2, right3, white, noise, half,
    left_line, right_line, lr, momentum, weight_decay, preconditioner_lr, of_momentum, key, vector,
    counter, fresh, corrected, first, due,
):  # fmt: skip
    """PSGD-Kron: gradients whitened by triangular factors Q of rows and columns, fitted on the way.

    The factors are fitted at a share of the steps that falls from `max_probability` to
    `min_probability` after `flat_start`, at even distances. Steps have a root mean square of 1.1
    at most. Factors are not balanced now and then, as in the library: it only moves a number from
    one to the other, and changes no step. A vector has a number for each of its elements.
    """
    rows, columns = x.shape
    if first > 0.0:
        set_identity(left, 1.0)
        set_identity(right, 1.0)
        for j in span(columns):
            scales[j] = 1.0
    for i in range(rows):
        for j in span(columns):
            m[i, j] = momentum * m[i, j] + fresh * g[i, j]
            white[i, j] = corrected * m[i, j] if of_momentum else g[i, j]
    sync()
    if vector:
        if due > 0.0:
            _fit_scales(scales, white, noise, key, preconditioner_lr)
        for j in span(columns):
            half[0, j] = scales[j] * (scales[j] * (corrected * m[0, j]))
        sync()
    else:
        if due > 0.0:
            for i in range(rows):
                for j in span(columns):
                    noise[i, j] = normal(key, i * columns + j)
            sync()
            matmul(left, white, half, False, False)
            matmul(half, right, white, False, True)
            _solve(left, right, noise)
            _fit(left, white, noise, False, left1, left2, left3, left_line, preconditioner_lr)
            _fit(right, white, noise, True, right1, right2, right3, right_line, preconditioner_lr)
        for i in range(rows):
            for j in span(columns):
                white[i, j] = corrected * m[i, j]
        sync()
        matmul(left, white, half, False, False)
        matmul(left, half, white, True, False)
        matmul(white, right, half, False, True)
        matmul(half, right, white, False, False)
        copy(white, half)
    mean_square = frobenius_norm(half) / math.sqrt(x.dtype.type(rows * columns))
    scale = min(1.1 / (mean_square + 1e-6), 1.0) + 0.0 * mean_square
    step_matrix(x, half, lr, 0.0 if vector else weight_decay, scale)


@psgd_kron.uniform
def _(
    t, momentum, max_probability, min_probability, probability_decay, flat_start, counter=0.0
):  # fmt: skip
    falling = math.exp(min(0.0, -probability_decay * (t - 1 - flat_start)))
    probability = max(min_probability, max_probability * falling)
    counter = counter + 1.0
    due = counter >= 1.0 / probability
    corrected = correction(t, momentum)
    return 0.0 if due else counter, 1 - momentum, corrected, float(t == 1), float(due)


SMALLEST = 2.0**-126
"""What is added to norms that may be 0."""


def _solve(left, right, a):
    """Replace a by left'^-1 a right^-1, for upper triangular factors."""
    rows, columns = a.shape
    for j in span(columns):
        for i in range(rows):
            for k in range(i):
                a[i, j] -= left[k, i] * a[k, j]
            a[i, j] /= left[i, i]
    sync()
    for i in span(rows):
        for j in range(columns):
            for k in range(j):
                a[i, j] -= a[i, k] * right[k, j]
            a[i, j] /= right[j, j]
    sync()


def _fit(q, a, b, inner, of_a, of_b, triangle, line, rate):
    """Replace Q by Q - rate triu(a a' - b b') Q / |a a' + b b'|, or with a' a if `inner`."""
    matmul(a, a, of_a, inner, not inner)
    matmul(b, b, of_b, inner, not inner)
    n = q.shape[0]
    for i in range(n):
        for j in span(n):
            difference = of_a[i, j] - of_b[i, j]
            of_a[i, j] += of_b[i, j]
            triangle[i, j] = difference if j >= i else 0.0
    sync()
    size = spectral_norm_from_below(of_a, line)
    matmul(triangle, q, of_b, False, False)
    for i in range(n):
        for j in span(n):
            q[i, j] -= rate / (size + SMALLEST) * of_b[i, j]
    sync()


def _fit_scales(scales, a, b, key, rate):
    """Do the same with a diagonal factor, of a vector a [1, n]; it is overwritten, and b, too."""
    columns = a.shape[1]
    for j in span(columns):
        a[0, j] *= scales[j]
        b[0, j] = normal(key, j) / scales[j]
    sync()
    size = 0.0
    for j in range(columns):
        size = max(size, a[0, j] * a[0, j] + b[0, j] * b[0, j])
    for j in span(columns):
        difference = a[0, j] * a[0, j] - b[0, j] * b[0, j]
        scales[j] -= rate * difference * scales[j] / (size + SMALLEST)
    sync()
