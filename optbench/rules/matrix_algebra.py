"""Dense algebra of small square matrices, on the four primitives: roots, bases, orthogonal factors.

Matrices are C-contiguous views; nothing is allocated, and what a function may overwrite it is
handed. As everywhere on the primitives, loops over columns run over `span` inside of loops over
rows, and `sync` separates what one thread writes from what another reads.
"""

import math

from optbench.define import matmul, span, sync, total
from optbench.rules.norms import norm, squares, unit

QUINTIC = (3.4445, -4.7750, 2.0315)
"""a, b, c of Muon's polynomial a s + b s^3 + c s^5: steep at 0, near 1 for 0.7 < s < 1.2."""

SWEEPS = 40
"""Sweeps of Jacobi's method at most; ten are usual."""

ITERATIONS = 100
"""Newton steps at most; a matrix with condition number 1e10 takes about 35."""


def machine_epsilon():
    """Return the spacing of numbers at 1 in the kernel's dtype."""
    spacing = 1.0
    while 1.0 + 0.5 * spacing != 1.0:
        spacing *= 0.5
    return spacing


def sums_of_squares(a):
    """Return the three sums of `norms.squares` over a matrix."""
    plain, shrunk, grown = 0.0, 0.0, 0.0
    for i in range(a.shape[0]):
        for j in span(a.shape[1]):
            terms = squares(a[i, j])
            plain += terms[0]
            shrunk += terms[1]
            grown += terms[2]
    return total(plain), total(shrunk), total(grown)


def frobenius_norm(a):
    """Return the root of the sum of squares of a matrix."""
    plain, shrunk, grown = sums_of_squares(a)
    return norm(plain, shrunk, grown)


def bring_into_range(a):
    """Multiply a matrix by a power of two, so that sums of squares are in range; return that."""
    factor = unit(sums_of_squares(a)[0])
    sync()
    if factor != 1.0:
        for i in range(a.shape[0]):
            for j in span(a.shape[1]):
                a[i, j] *= factor
    sync()
    return factor


def set_identity(a, diagonal):
    """Write `diagonal` times the identity into a."""
    for i in range(a.shape[0]):
        for j in span(a.shape[1]):
            a[i, j] = diagonal if i == j else 0.0
    sync()


def orthogonalize(x, steps, eps, spare, gram, square):
    """Move the singular values of x [m, n] towards 1 by quintic Newton-Schulz steps, in place.

    Jordan et al. 2024, "Muon". ``spare`` is [m, n]; ``gram`` and ``square`` are [k, k] with
    k = min(m, n).
    """
    a, b, c = QUINTIC
    rows, columns = x.shape
    tall = rows > columns
    length = max(frobenius_norm(x), eps)
    sync()
    for i in range(rows):
        for j in span(columns):
            x[i, j] /= length
    for _ in range(steps):
        sync()
        matmul(x, x, gram, tall, not tall)
        matmul(gram, gram, square, False, False)
        for i in range(gram.shape[0]):
            for j in span(gram.shape[1]):
                gram[i, j] = b * gram[i, j] + c * square[i, j]
        sync()
        if tall:
            matmul(x, gram, spare, False, False)
        else:
            matmul(gram, x, spare, False, False)
        for i in range(rows):
            for j in span(columns):
                x[i, j] = a * x[i, j] + spare[i, j]
    sync()


def inverse_root(a, order, root, m, power, spare):
    """Write a^(-1/order) into `root`, for a symmetric positive definite and order 2 or 4.

    Coupled Newton iteration (Iannazzo 2006; Guo and Higham 2006, eq. 1.10): with M = z a and
    X = z^(1/p) I, repeat T = ((p + 1) I - M) / p, X <- X T, M <- T^p M until M = I. It stops where
    rounding ends its quadratic convergence. Relative errors are about epsilon times the condition
    number; a ridge of a few epsilon times |a| keeps what rounding may have turned negative.
    All matrices are [n, n]; a is kept.
    """
    n = a.shape[0]
    bound = 0.0
    for i in range(n):
        row = 0.0
        for j in span(n):
            row += abs(a[i, j])
        bound = max(bound, total(row))
    ridge = 4.0 * machine_epsilon() * bound
    scale = (order + 1.0) / (2.0 * (bound + ridge))
    set_identity(root, math.sqrt(scale) if order == 2 else math.sqrt(math.sqrt(scale)))
    for i in range(n):
        for j in span(n):
            m[i, j] = scale * (a[i, j] + (ridge if i == j else 0.0))
    before = 1.0
    for _ in range(ITERATIONS):
        for i in range(n):
            for j in span(n):
                power[i, j] = (order + 1.0 if i == j else 0.0) / order - m[i, j] / order
        sync()
        matmul(root, power, spare, False, False)
        copy(spare, root)
        matmul(power, power, spare, False, False)
        copy(spare, power)
        if order == 4:
            matmul(power, power, spare, False, False)
            copy(spare, power)
        matmul(power, m, spare, False, False)
        copy(spare, m)
        error = 0.0
        for i in range(n):
            for j in span(n):
                difference = m[i, j] - (1.0 if i == j else 0.0)
                error += difference * difference
        error = math.sqrt(total(error))
        if error == 0.0 or (error < 0.1 and error > 0.5 * before):
            break
        before = error


def copy(a, into):
    """Write a into another matrix."""
    for i in range(a.shape[0]):
        for j in span(a.shape[1]):
            into[i, j] = a[i, j]
    sync()


def eigenvectors(a, q):
    """Write an orthonormal basis of eigenvectors of the symmetric a [n, n] into the columns of q.

    Cyclic Jacobi rotations (Golub and Van Loan 2013, sec. 8.5). a is overwritten: its diagonal
    holds the eigenvalues (of a huge or tiny a, times a power of two), in no order. A zero
    eigenvalue of any multiplicity is no difficulty.
    """
    n = a.shape[0]
    bring_into_range(a)
    set_identity(q, 1.0)
    last = False
    for _ in range(SWEEPS):
        off, diagonal = 0.0, 0.0
        for i in range(n):
            for j in span(n):
                if i == j:
                    diagonal += a[i, j] * a[i, j]
                else:
                    off += a[i, j] * a[i, j]
        off, diagonal = total(off), total(diagonal)
        if last or off == 0.0:
            break
        last = diagonal + off == diagonal  # convergence is quadratic: one more sweep suffices
        for i in range(n - 1):
            for j in range(i + 1, n):
                if a[i, j] != 0.0:
                    _rotate(a, q, i, j)


def _rotate(a, q, i, j):
    """Zero a[i, j] by a rotation of coordinates i and j."""
    n = a.shape[0]
    slope = (a[j, j] - a[i, i]) / (2.0 * a[i, j])
    tangent = 1.0 / (abs(slope) + math.sqrt(slope * slope + 1.0))
    tangent = tangent if slope >= 0.0 else -tangent
    cosine = 1.0 / math.sqrt(tangent * tangent + 1.0)
    sine = tangent * cosine
    sync()
    for k in span(n):
        first, second = a[i, k], a[j, k]
        a[i, k] = cosine * first - sine * second
        a[j, k] = sine * first + cosine * second
    sync()
    for k in span(n):
        first, second = a[k, i], a[k, j]
        a[k, i] = cosine * first - sine * second
        a[k, j] = sine * first + cosine * second
        first, second = q[k, i], q[k, j]
        q[k, i] = cosine * first - sine * second
        q[k, j] = sine * first + cosine * second
    sync()


def orthonormal_factor(a, q, weights, scales):
    """Write Q of the factorisation a = Q R into q, by Householder reflections.

    Golub and Van Loan 2013, alg. 5.2.1. a [n, n] is overwritten by the reflections' vectors;
    ``weights`` and ``scales`` are [n]. Columns that depend on those before them get what completes
    the basis.
    """
    n = a.shape[0]
    bring_into_range(a)
    for k in range(n):
        squares = 0.0
        for i in span(n):
            if i >= k:
                squares += a[i, k] * a[i, k]
        squares = total(squares)
        length, top = math.sqrt(squares), a[k, k]
        scale = 1.0 / (squares + length * abs(top)) if squares > 0.0 else 0.0
        sync()
        if squares > 0.0:
            a[k, k] = top + (length if top > 0.0 else -length)
        scales[k] = scale
        sync()
        _reflect(a, a, weights, scale, k, k + 1)
    set_identity(q, 1.0)
    for back in range(n):
        k = n - 1 - back
        _reflect(a, q, weights, scales[k], k, 0)


def _reflect(vectors, a, weights, scale, k, first):
    """Apply the reflection of column k of `vectors` to the columns of a from `first` on."""
    n = a.shape[0]
    for j in span(n):
        weights[j] = 0.0
    for i in range(k, n):
        for j in span(n):
            weights[j] += vectors[i, k] * a[i, j]
    for i in range(k, n):
        factor = scale * vectors[i, k]
        for j in span(n):
            if j >= first:
                a[i, j] -= factor * weights[j]
    sync()


def spectral_norm_from_below(a, line):
    """Return a lower bound of the spectral norm of a symmetric matrix, mostly a tight one.

    One step of the power method from the longest row (Li 2022, `norm_lower_bound` of psgd_torch).
    ``line`` is [n]; every thread computes all.
    """
    n = a.shape[0]
    largest, longest, length = 0.0, 0, 0.0
    for i in range(n):
        for j in range(n):
            largest = max(largest, abs(a[i, j]))
    if largest == 0.0:
        return largest
    for i in range(n):
        squares = 0.0
        for j in range(n):
            squares += (a[i, j] / largest) * (a[i, j] / largest)
        if squares > length:
            longest, length = i, squares
    sync()
    for j in span(n):
        line[j] = 0.0
        for k in range(n):
            line[j] += (a[longest, k] / largest) * (a[k, j] / largest)
    sync()
    squares, product_squares = 0.0, 0.0
    for i in range(n):
        product = 0.0
        for j in range(n):
            product += (a[i, j] / largest) * line[j]
        product_squares += product * product
        squares += line[i] * line[i]
    sync()
    return largest * math.sqrt(product_squares / squares)


def rank_of(scores, j):
    """Return how many scores come before number j in decreasing order."""
    before = 0
    for i in range(scores.shape[0]):
        if scores[i] > scores[j] or (scores[i] == scores[j] and i < j):
            before += 1
    return before
