"""Blocks of lanes in Vecs: sizes and rows, branches, mistakes, lanes that leave the finite."""

import math

import numpy as np
import pytest

import optbench
from optbench.define import problem, where
from optbench.errors import DefinitionError
from optbench.kernels import sizes
from optbench.kernels.authors import blocks
from tests.kernels.lanes import PRECISIONS

INF, NAN = math.inf, math.nan


def rows_and_sizes(x, g):
    f = 0
    for i in range(len(x)):
        f += x[i] * x[i - 1]
        g[i] = 2
    for i in range(x.shape[0] - 1):
        g[i] += x[i + 1]
        g[-1 - i] -= 0.5 * x[i]
    g[-1] = x[-2] / x.size
    g[0] = 1.5
    g[1] = where(x[0] > 0, 3, x[1])
    return f + len(g)


def branches(x, g):
    f = 0.0
    for i in range(len(x)):
        if x[i] > 0.5 or (x[i] < -1.0 and not x[i] < -2.0):
            f += x[i]
        elif 0.0 < x[i] < 0.25:
            f -= x[i]
        g[i] = f
    y = abs(x[0]) + 1.0
    while y > 0.1:
        y *= 0.5
        f += 1.0
    for i in range(int(abs(x[1]))):
        f += i
    outside = x[0] > 2.0
    if outside:
        return 0.0
    return f if y else -1.0


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize(("author", "wide"), [(rows_and_sizes, True), (branches, False)])
def test_blocks_equal_plain_python_and_branches_run_one_lane_at_a_time(author, wide, dtype):
    block = blocks.problem_block(author, np.dtype(dtype))
    assert block.lanes == (sizes.WIDTHS[np.dtype(dtype)] if wide else 1)
    x = np.random.default_rng(2).uniform(-3, 3, (4, 128)).astype(dtype)
    g, f = np.full_like(x, np.nan), np.empty(128, dtype)
    empty = np.empty(0, dtype)
    block(x, g, f, empty, np.empty(0, np.int64), empty, np.zeros(128, np.uint64), 0, 1)
    for lane in range(128):
        slope = np.empty(4)
        value = author(x[:, lane].astype(float), slope)
        tolerance = 20 * float(np.finfo(dtype).eps)
        assert f[lane] == pytest.approx(value, rel=tolerance, abs=tolerance)
        assert g[:, lane] == pytest.approx(slope, rel=tolerance, abs=tolerance)


def test_code_that_is_wrong_for_any_number_of_lanes_names_its_place():
    def author(x, g):
        g[0] = x[0]
        return x[0].no_such_attribute

    with pytest.raises(
        DefinitionError, match=r"test_vec_blocks\.py:\d+: author cannot be compiled"
    ):
        blocks.problem_block(author, np.dtype("float64"))


def cliff(slope, value):
    """A slope down to x = 2; beyond it the gradient or f is not finite."""

    @problem(start=[0.0, 0.0], box=(-1.0, 1.0))
    def falling(x, g):
        g[0] = where(x[0] > 2.0, slope, -1.0)
        g[1] = 0.5
        return where(x[0] > 2.0, value, 10.0 - x[0])

    return falling


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("what", [(NAN, 1.0), (INF, 1.0), (-1.0, NAN), (-1.0, INF), (-1.0, -INF)])
@pytest.mark.parametrize("rule", ["gd", "adam"])
def test_lanes_that_leave_the_finite_end_and_others_go_on(rule, what, dtype):
    lr = np.where(np.arange(40) % 3 == 0, 0.9, 1e-3)
    run = optbench.minimize(
        rule, cliff(*what), steps=8, lanes=40, start=[0.0, 0.0], lr=lr, dtype=dtype
    )
    lost = np.array([status == "not finite" for status in run.status])
    assert (lost == (lr > 0.5)).all()
    assert np.isfinite(run.x).all()
    assert (
        (run.steps[lost] == run.steps[0]).all()
        and run.steps[0] < 8
        and (run.steps[~lost] == 8).all()
    )
