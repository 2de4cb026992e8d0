"""Losses and right answers of classifiers in evaluation, against those found row by row."""

import numpy as np
import pytest
from scipy.special import log_softmax

from optbench.kernels.authors.retype import retype
from optbench.kernels.compiling.options import jit
from optbench.kernels.products.primitives import matrix
from optbench.nets.judging import loss_of_rows, right_rows, turn
from optbench.nets.losses import CROSS_ENTROPY, loss_gradient
from optbench.nets.outputs import hits

ROOM = 8192
SHAPES = [(1, 2), (15, 2), (16, 2), (17, 3), (33, 10), (200, 10), (40, 15), (8, 7)]
"""Rows and classes: below, at and above the lanes of a Vec in both dtypes."""


def many_at_once(work, rows, n, Y, out):
    turn(work, 0, ROOM, rows, n)
    out[0] = right_rows(work, ROOM, rows, n, Y)
    out[1] = loss_of_rows(work, ROOM, rows, n, Y)


def row_by_row(work, rows, n, Y, out):
    number = work.dtype.type
    out[0] = hits(CROSS_ENTROPY, matrix(work, 0, rows, n), Y)
    out[1] = loss_gradient(CROSS_ENTROPY, work, 0, rows, n, 0, Y, number(1), number(0))


def outputs(rows, n, dtype):
    """Return outputs [rows, n], of which some are equal, and labels [rows, 1], -1 for some."""
    rng = np.random.default_rng(rows + n)
    Z = np.round(4 * rng.standard_normal((rows, n)), rng.integers(0, 3, (rows, 1)).max())
    Z[::7] = np.round(Z[::7])  # several are the largest
    labels = np.where(rng.random(rows) < 0.6, Z.argmax(axis=1), rng.integers(0, n, rows))
    labels[rng.random(rows) < 0.1] = -1
    return Z.astype(dtype), labels.astype(dtype)[:, np.newaxis]


def judged(function, Z, labels):
    """Return right answers and loss, and what lies beyond the outputs after that."""
    (rows, n), out = Z.shape, np.zeros(2, Z.dtype)
    work = np.full(2 * ROOM, 777.0, Z.dtype)
    work[: Z.size] = Z.ravel()
    padded = -(-Z.size // 64) * 64
    function(work, rows, n, labels, out)
    return out, work[ROOM + padded :]


@pytest.fixture(scope="module", params=["float64", "float32"])
def ways(request):
    """Return a dtype, and both ways compiled for it."""
    dtype = request.param
    return dtype, jit(retype(many_at_once, dtype)), jit(retype(row_by_row, dtype))


@pytest.mark.parametrize("shape", SHAPES)
def test_many_rows_at_once_have_the_bits_of_one_by_one(ways, shape):
    dtype, many, single = ways
    Z, labels = outputs(*shape, dtype)
    out, beyond = judged(many, Z, labels)
    assert out.tobytes() == judged(single, Z, labels)[0].tobytes()
    assert (beyond == 777.0).all()
    known = np.flatnonzero(labels[:, 0] >= 0)
    classes = labels[known, 0].astype(int)
    assert out[0] == (Z[known].argmax(axis=1) == classes).sum()
    exact = -log_softmax(Z[known].astype(float), axis=1)[range(len(known)), classes].sum()
    assert out[1] == pytest.approx(exact, rel=float(64 * np.finfo(dtype).eps))
    for plain in (many_at_once, row_by_row):
        np.testing.assert_allclose(judged(plain, Z, labels)[0], out, rtol=1e-4)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 3, 9])
def test_outputs_that_are_not_finite_count_as_row_by_row(ways, place, wrong):
    dtype, many, single = ways
    Z, labels = outputs(40, 10, dtype)
    Z[[2, 37], place] = wrong
    labels[[2, 37]] = place
    ours, theirs = judged(many, Z, labels)[0], judged(single, Z, labels)[0]
    np.testing.assert_array_equal(ours, theirs)
    assert np.isfinite(ours[0])
