"""A rule says of the new x whether it is finite in all lanes, which NumPy says too."""

import numpy as np
import pytest

from optbench.kernels.authors import blocks
from optbench.kernels.authors.tensors import tensor_table
from optbench.rules import compose
from tests.rules.drawn import rules_and_wrappers
from tests.thinning import in_both_dtypes

D = 3
COLUMNS = {"float64": (8, 64), "float32": (16, 128)}
"""One window, and so many that rows run along the block."""
PLACES = [(0, 0), (1, 5), (2, -1)]
"""Rows and lanes: of the first pair of rows and the single one, the first and the last lane."""


def _step(own, dtype, g):
    """Return what the rule says of the point after its first step by g [D, B], and the point."""
    layout, real, columns = own.layout(), np.dtype(dtype), g.shape[1]
    x = np.ones((D, columns), real)
    S = np.empty((len(layout.state), *x.shape), real)
    for row, value in enumerate(layout.state.values()):
        S[row] = x if value == "x" else value
    L = np.empty((len(layout.lane_state), columns), real)
    L[:] = np.reshape(list(layout.lane_state.values()), (-1, 1))
    values = {"lr": own.lr, "f_ref": 0.1, **own.values}
    H = np.repeat(np.array([[values[name]] for name in layout.hyper], real), columns, 1)
    U = own.uniform_table(1).astype(real)[:, :, np.newaxis]
    table, key = tensor_table([(D,)], [0, D]), np.array([12345], np.uint64)
    moving = np.ones(U.shape[1], np.int64)
    rule, f, memory = blocks.rule_block(layout, dtype), np.ones(columns, real), np.zeros(0, real)
    for phase in range(layout.evaluations):
        said = rule(x, x, g.copy(), f, S, L, H, U, moving, table, key, memory, 0, phase, 0)
    return said, x


@pytest.mark.parametrize(
    ("own", "dtype"),
    in_both_dtypes(list(rules_and_wrappers("gd"))),
    ids=lambda value: getattr(value, "label", value),
)
def test_a_rule_says_whether_the_new_point_is_finite(own, dtype):
    for columns in COLUMNS[dtype]:
        g = np.random.default_rng(1).normal(size=(D, columns)).astype(dtype)
        said, x = _step(own, dtype, g)
        assert said and np.isfinite(x).all()
        for place in PLACES:
            for stray in (np.inf, -np.inf, np.nan):
                strayed = g.copy()
                strayed[place] = stray
                said, x = _step(own, dtype, strayed)
                assert said == np.isfinite(x).all()


def test_gd_leaves_the_finite_where_its_gradient_does():
    for place in PLACES:
        g = np.ones((D, 64))
        g[place] = np.inf
        assert _step(compose.optimizer("gd"), "float64", g)[0] is False
