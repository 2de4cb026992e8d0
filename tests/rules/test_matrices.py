"""Matrix rules: against NumPy, against stored libraries, in the driver; their laws."""

import importlib.util
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import optbench
from optbench.define.ranges import Flag
from optbench.rules.matrix_algebra import eigenvectors, inverse_root, orthonormal_factor
from tests.thinning import thinned
from tests.tolerance import rounding

from .references import distance, matrices
from .references.matrices import CASES, DIM, LIBRARY_CASES, SHAPES, STORED_STEPS, inputs, walk
from .references.orthogonal import ROWS as ORTHOGONAL
from .references.preconditioned import ROWS as PRECONDITIONED

ORACLE = Path(__file__).parent.parent / "oracles" / "matrices.npz"
RULES = [name for name, rule in optbench.optimizers().items() if rule.matrix]
CLOSED = {
    "sm3": dict(lr=0.05),
    "adafactor": dict(lr=0.02),
    "muon": dict(lr=0.003),
    "shampoo": dict(lr=0.3, matrix_eps=1.0),
    "soap": dict(lr=0.005),
    "normuon": dict(lr=0.01),
    "adamuon": dict(lr=0.01),
    "adago": dict(lr=0.3),
    "mars_shampoo": dict(lr=0.003),
    "scion": dict(lr=0.003, constrained=False),
    "caspr": dict(lr=0.3, matrix_eps=1.0),
    "asgo": dict(lr=0.01),
    "psgd_kron": dict(lr=0.003),
    "splus": dict(lr=0.01),
    "conda": dict(lr=0.01),
    "dion": dict(lr=0.003),
}
DESCENDANTS = {row.rule for row in (ORTHOGONAL | PRECONDITIONED).values()}
"""Rules that share their parts with others: what compiles much is for `make conformance`."""
SIGNED = {"soap", "dion"}
"""Rules whose bases may have other signs than LAPACK's."""
DRAWING = {"psgd_kron": "its factors are triangular", "dion": "its first basis is drawn"}
"""Rules that know rows and columns by their place, and why."""


def own_flags(case):
    """Return the conventions of a case that are not the rule's defaults: it is compiled anew."""
    hyper = optbench.optimizers()[case.rule].hyper
    flags = {name for name, allowed in hyper.items() if isinstance(allowed, Flag)}
    return {n for n in flags & set(case.settings) if case.settings[n] != hyper[n].default}


def of_descendants(case):
    """Return the parameter of a case; of descendants it is for conformance if compiled anew."""
    costly = case.rule in DESCENDANTS and own_flags(case) and case.rule != "adamuon"
    return pytest.param(case, id=case.id, marks=[pytest.mark.conformance] * bool(costly))


@cache
def replayed(case_id):
    case = next(case for case in CASES if case.id == case_id)
    gradients, start = inputs()
    return optbench.replay(
        case.rule, gradients, start, shape=SHAPES, return_state=True, **case.settings
    )


def test_every_matrix_rule_has_references():
    assert {case.rule for case in CASES} == set(RULES)
    for name in RULES:
        settings = [case.settings for case in CASES if case.rule == name]
        assert set(optbench.optimizers()[name].hyper) <= {k for s in settings for k in s}


@pytest.mark.parametrize("case", [*map(of_descendants, CASES)])
def test_equals_numpy_at_every_step(case):
    gradients, start = inputs()
    iterates, _ = replayed(case.id)
    expected = walk(case.rule, lambda i, x: gradients[i], start, len(gradients), **case.settings)
    assert iterates.shape == expected.shape == (1001, DIM)
    assert distance(iterates, expected) <= min(case.tolerance, 1e-6)


@pytest.mark.parametrize("case", [*map(of_descendants, LIBRARY_CASES)])
def test_equals_stored_library(case):
    expected = np.load(ORACLE)[case.id]
    stored = ~np.isnan(expected[0])
    assert stored.sum() >= 33
    iterates = replayed(case.id)[0][list(STORED_STEPS)]
    assert distance(iterates[:, stored], expected[:, stored]) <= case.tolerance


@pytest.mark.conformance
def test_stored_matrices_are_what_their_script_makes():
    from . import matrix_libraries

    spec = importlib.util.spec_from_file_location("make", ORACLE.with_name("make_matrices.py"))
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    live, stored = script.make(matrices, matrix_libraries), np.load(ORACLE)
    assert set(live) == set(stored.files)
    for key in set(live) - {"made_by"}:
        np.testing.assert_allclose(live[key], stored[key], rtol=1e-9, atol=1e-12)


def rosenbrock(x):
    a, b = x[1:] - x[:-1] ** 2, 1.0 - x[:-1]
    g = np.zeros_like(x)
    g[:-1] = -400.0 * a * x[:-1] - 2.0 * b
    g[1:] += 200.0 * a
    return np.sum(100.0 * a**2 + b**2), g


def quadratic(x):
    scales = 10.0 ** np.linspace(0.0, 4.0, x.size)
    return 0.5 * np.sum(scales * x**2), scales * x


@pytest.mark.parametrize("surface", thinned([rosenbrock, quadratic]))
@pytest.mark.parametrize("rule", RULES)
def test_equals_numpy_where_gradients_follow_the_point(rule, surface):
    start = np.random.default_rng(4).uniform(-1.0, 1.0, DIM)
    expected = query_walk(rule, surface, start, 300)
    x, state, iterates = start, None, [start]
    for _ in range(300):
        points, state = optbench.replay(
            rule, [surface(x)[1]], start, shape=SHAPES, state=state, return_state=True,
            points="query", **CLOSED[rule],
        )  # fmt: skip
        x = points[-1]
        iterates.append(x)
    assert distance(np.array(iterates), expected) <= max(
        1e-6, 2 * rounded_walk(rule, surface, expected)
    )
    assert surface(x)[0] < 0.5 * surface(start)[0]


def query_walk(rule, surface, start, steps):
    return walk(
        rule, lambda i, x: surface(x)[1], start, steps, points="query", **CLOSED[rule]
    )  # fmt: skip


def rounded_walk(rule, surface, points):
    """Return how far walks go that see every point after sixteen roundings.

    SOAP's first basis is that of one gradient, with eigenvalues down to 1e-10 of the largest, so
    that its walks go apart by 1e-4 and more; those of the others stay below 1e-9.
    """
    rng = np.random.default_rng(0)

    def moved(x):
        return x + rounding(16, x) * rng.choice([-1.0, 1.0], x.shape)

    walks = [
        query_walk(rule, lambda x: surface(moved(x)), points[0], len(points) - 1) for _ in range(3)
    ]
    return max(distance(walked, points) for walked in walks)


@pytest.mark.parametrize("rule", RULES)
def test_states_equal_numpy(rule):
    gradients, start = inputs(40)
    _, state = optbench.replay(rule, gradients, start, shape=SHAPES, return_state=True)
    step, x = matrices.transcription(rule), matrices.split(start)
    memories = matrices.memories()
    for t in range(40):
        tensors = zip(x, matrices.split(gradients[t]), memories, strict=True)
        x = [step(a, g, t + 1, memory) for a, g, memory in tensors]
    compared = 0
    for name, rows in state.state.items():
        for i, memory in enumerate(memories):
            if name in memory:  # every tensor here fits one row of 64
                expected = np.ravel(memory[name])
                assert distance(rows[i, : expected.size], expected) <= 1e-9
                assert not rows[i, expected.size :].any()
                compared += 1
    assert compared >= len(SHAPES) * bool(state.state)
    begin = 0
    for memory, shape in zip(memories, SHAPES, strict=True):
        m, n = shape if len(shape) == 2 else (1, *shape)
        for name, sides in optbench.optimizers()[rule].memory.items():
            end = begin + math.prod(dict(m=m, n=n, k=min(m, n))[side] for side in sides)
            if name in memory and rule not in SIGNED:
                expected = np.ravel(memory[name])
                assert distance(state.memory[begin : begin + expected.size], expected) <= 1e-9
            begin = end


# ----------------------------------------------------------------------------- laws


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


# ----------------------------------------------------------------------------- hand arithmetic


def one_step(rule, g, **settings):
    g = np.array(g)
    shape = [g.shape]
    return optbench.replay(rule, [g.ravel()], np.zeros(g.size), shape=shape, **settings)[1]


def test_first_steps_by_hand():
    # SM3: each element's first sum is its own square, so the momentum is 0.1 sign(g)
    iterates = one_step("sm3", [[1.0, -2.0], [3.0, 4.0]], lr=1.0)
    np.testing.assert_allclose(iterates, [-0.1, 0.1, -0.1, -0.1], rtol=1e-7)
    # Adafactor on rank one: v = g^2 exactly, the update is sign(g); x = 0 has the size eps2
    iterates = one_step("adafactor", np.outer([1.0, -2.0], [3.0, 4.0]), lr=0.5)
    np.testing.assert_allclose(iterates, -0.5e-3 * np.array([1, 1, -1, -1]), rtol=1e-12)
    # Shampoo on diag(a, b): L = R = diag(a^2, b^2), so the step is the identity
    iterates = one_step("shampoo", [[3.0, 0.0], [0.0, 0.2]], lr=0.5, matrix_eps=1e-12)
    np.testing.assert_allclose(iterates, [-0.5, 0.0, 0.0, -0.5], atol=1e-9)
    # Muon on c times an orthogonal matrix: its n singular values 1 / sqrt(n) go through s -> p(s)
    angle, s = 0.3, np.sqrt(0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for _ in range(5):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    iterates = one_step("muon", 7.0 * turn, lr=0.5, weight_decay=0.0)
    np.testing.assert_allclose(iterates, -0.5 * s * turn.ravel(), rtol=1e-12)
    assert not one_step("soap", turn).any()  # the first gradient gives the basis alone


def test_muon_scales_by_outputs_over_inputs():
    g = np.random.default_rng(1).standard_normal((3, 12))
    plain = one_step("muon", g, lr=1.0)
    turned = one_step("muon", g, lr=1.0, rows_are_outputs=True)
    np.testing.assert_allclose(plain, 2.0 * turned, rtol=1e-14)
    matched = one_step("muon", g, lr=1.0, match_rms_adamw=True)
    np.testing.assert_allclose(matched, 0.2 * np.sqrt(12) * turned, rtol=1e-14)


# ----------------------------------------------------------------------------- algebra


@pytest.mark.filterwarnings("ignore:overflow encountered")  # in sums that are not taken
@pytest.mark.parametrize("n", [1, 2, 7, 20])
def test_algebra_in_plain_python(n):
    rng = np.random.default_rng(n)
    b = rng.standard_normal((n, 2 * n))
    a = b @ b.T
    values, vectors = np.linalg.eigh(a)
    root, spare = np.empty((n, n)), [np.empty((n, n)) for _ in range(3)]
    for order in (2, 4):
        inverse_root(a, order, root, *spare)
        expected = (vectors * values ** (-1 / order)) @ vectors.T
        np.testing.assert_allclose(root, expected, atol=1e-11 * np.abs(expected).max())
    turned, q = a.copy(), np.empty((n, n))
    eigenvectors(turned, q)
    np.testing.assert_allclose(np.sort(np.diag(turned)), values, rtol=1e-11)
    np.testing.assert_allclose(q.T @ q, np.eye(n), atol=1e-13)
    np.testing.assert_allclose(q @ np.diag(np.diag(turned)) @ q.T, a, atol=1e-12 * values.max())
    c = rng.standard_normal((n, n))
    factored = c.copy()
    orthonormal_factor(factored, q, np.empty(n), np.empty(n))
    np.testing.assert_allclose(q.T @ q, np.eye(n), atol=1e-13)
    np.testing.assert_allclose(np.tril(q.T @ c, -1), 0.0, atol=1e-13 * np.abs(c).max() * n)


@pytest.mark.filterwarnings("ignore:overflow encountered")  # in sums that are not taken
def test_algebra_of_deficient_matrices():
    a = np.outer([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    turned, q = a.copy(), np.empty((4, 4))
    eigenvectors(turned, q)
    np.testing.assert_allclose(np.sort(np.diag(turned)), [0.0, 0.0, 0.0, 30.0], atol=1e-13)
    np.testing.assert_allclose(q.T @ q, np.eye(4), atol=1e-14)
    for matrix in (a.copy(), np.zeros((4, 4))):
        orthonormal_factor(matrix, q, np.empty(4), np.empty(4))
        np.testing.assert_allclose(q.T @ q, np.eye(4), atol=1e-14)
