"""Matrix rules: laws, edges, what is not finite."""

import numpy as np
import pytest

import optbench

from .matrix_rules import DESCENDANTS, RULES
from .references import distance
from .references.matrices import DIM, SHAPES, inputs, walk

DRAWING = {"psgd_kron": "its factors are triangular", "dion": "its first basis is drawn"}
"""Rules that know rows and columns by their place, and why."""


@pytest.mark.parametrize("rule", RULES)
def test_stop_and_restore_equals_an_unbroken_run(rule):
    gradients, start = inputs(25)
    whole, end = optbench.replay(rule, gradients, start, shape=SHAPES, return_state=True)
    head, state = optbench.replay(rule, gradients[:11], start, shape=SHAPES, return_state=True)
    tail, last = optbench.replay(
        rule, gradients[11:], start, shape=SHAPES, state=state, return_state=True
    )
    assert head.tobytes() + tail[1:].tobytes() == whole.tobytes()
    assert last.memory.tobytes() == end.memory.tobytes()


@pytest.mark.parametrize("rule", RULES)
def test_zero_gradients_leave_x_where_it_is(rule):
    _, start = inputs(1)
    hyper = optbench.optimizers()[rule].hyper
    off = dict(weight_decay=0.0, constrained=False)
    off = {name: value for name, value in off.items() if name in hyper}
    iterates = optbench.replay(rule, np.zeros((12, DIM)), start, shape=SHAPES, **off)
    np.testing.assert_array_equal(iterates, np.tile(start, (13, 1)))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in DRAWING])
def test_permuting_rows_and_columns_permutes_the_result(rule):
    """Of a square matrix: SOAP's null vectors of other shapes have no order."""
    rng = np.random.default_rng(8)
    rows, columns = rng.permutation(4), rng.permutation(4)
    gradients, start = rng.standard_normal((30, 4, 4)), rng.standard_normal((4, 4))

    def run(gradients, start):
        flat = gradients.reshape(30, 16)
        return optbench.replay(rule, flat, start.ravel(), shape=[(4, 4)]).reshape(31, 4, 4)

    plain = run(gradients, start)
    permuted = run(gradients[:, rows][:, :, columns], start[rows][:, columns])
    assert distance(permuted, plain[:, rows][:, :, columns]) <= 1e-9


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(rule, marks=[pytest.mark.conformance] * (rule in DESCENDANTS - set(DRAWING)))
        for rule in RULES
    ],
)
def test_float32_is_close_to_float64(rule):
    gradients, start = inputs(100)
    double = optbench.replay(rule, gradients, start, shape=SHAPES)
    single = optbench.replay(rule, gradients, start, shape=SHAPES, dtype="float32")
    assert single.dtype == np.float32
    assert 0.0 < distance(single, double) <= 1e-3


EDGES = {
    "zeros first": lambda g: np.concatenate([np.zeros_like(g[:3]), g[3:]]),
    "huge": lambda g: 2.0**150 * g,
    "tiny": lambda g: 2.0**-150 * g,
    "huge, then tiny": lambda g: 2.0 ** np.where(np.arange(len(g)) < 10, 100, -100)[:, None] * g,
}


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("rule", sorted(DESCENDANTS))
def test_equals_numpy_at_the_edges(rule, edge):
    gradients, start = inputs(30)
    gradients = EDGES[edge](gradients)
    iterates = optbench.replay(rule, gradients, start, shape=SHAPES)
    assert np.isfinite(iterates).all()
    if rule == "caspr" and "huge" in edge:
        return  # beside a first gradient of lower rank its epsilon is rounded away
    expected = walk(rule, lambda i, x: gradients[i], start, len(gradients))
    assert distance(iterates, expected) <= 1e-6


@pytest.mark.parametrize("rule", sorted(DESCENDANTS))
def test_what_is_not_finite_shows(rule):
    gradients, start = inputs(3)
    for odd in (np.nan, np.inf):
        gradients[1, 0] = odd
        iterates = optbench.replay(rule, gradients, start, shape=SHAPES)
        assert np.isfinite(iterates[1]).all() and not np.isfinite(iterates[-1]).all()
