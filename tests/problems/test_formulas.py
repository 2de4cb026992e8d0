"""The catalog's formulas, called as plain Python: declared minima, gradients, published values."""

import math

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from optbench.define.definitions import ProblemDefinition
from optbench.define.draws import sample, stream_key

from .helpers import (
    DEFINITIONS,
    SURFACES,
    constants,
    least_value,
    points,
    slope_errors,
    spread,
    value,
    value_and_gradient,
)

WITH_DIMS = [
    pytest.param(d, dim, id=f"{d.name}-{dim}")
    for d in SURFACES
    for dim in sorted({*d.dims, *((3, 6) if d.scalable and np.size(d.start) == 1 else ())})
    if dim in d.dims or dim >= d.scalable
]


def test_every_problem_of_the_first_catalog_is_there():
    assert set(DEFINITIONS) >= {
        "sphere", "ellipsoid_1e2", "ellipsoid_1e4", "ellipsoid_1e6", "rotated_ellipsoid_1e2",
        "rotated_ellipsoid_1e4", "rotated_ellipsoid_1e6", "booth", "beale", "rosenbrock",
        "strict_saddle", "monkey_saddle", "plateau", "himmelblau", "styblinski_tang", "rastrigin",
        "ackley", "noisy_quadratic", "logistic_breast_cancer", "digits_mlp",
    }  # fmt: skip


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_facts_are_declared(definition):
    assert definition.tags
    assert definition.source
    assert definition.family
    if isinstance(definition, ProblemDefinition):
        low, high = (spread(end, definition.dim) for end in definition.box)
        assert (low < high).all()
        assert definition.dim in definition.dims
        # what a formula means belongs to its docstring
        assert definition.function.__doc__


@pytest.mark.parametrize(("definition", "dim"), WITH_DIMS)
def test_declared_minimum(definition, dim):
    x = spread(definition.minimum, dim)
    f, g = value_and_gradient(definition, x)
    assert f == pytest.approx(least_value(definition, dim), rel=1e-13, abs=1e-10)
    if "nonsmooth" not in definition.tags:
        np.testing.assert_allclose(g, 0.0, atol=max(1e-8, rounded_gradients(definition, x)))


def rounded_gradients(definition, x):
    """How far gradients change where x does in its last digit, as the check of minima has it."""
    _, g = value_and_gradient(definition, x)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (8, x.size))
    moved = x + 2.0 * signs * np.spacing(
        np.maximum(np.abs(x), np.abs(spread(definition.start, x.size)))
    )
    return 4.0 * max(np.abs(value_and_gradient(definition, y)[1] - g).max() for y in moved)


@pytest.mark.parametrize(("definition", "dim"), WITH_DIMS)
def test_nothing_is_below_the_minimum(definition, dim):
    least = least_value(definition, dim)
    for x in points(definition, dim, 200):
        assert value_and_gradient(definition, x)[0] > least


@pytest.mark.parametrize(("definition", "dim"), WITH_DIMS)
def test_gradient_is_the_slope_of_the_value(definition, dim):
    def f(x):
        return value(definition, x)

    for x in points(definition, dim, 8 if dim <= 10 else 2):
        _, g = value_and_gradient(definition, x)
        tolerance = 1e-8 * np.abs(g).max() + 1e-10 * max(1.0, abs(f(x)))
        assert slope_errors(f, x, g, tolerance).max() <= tolerance


@pytest.mark.parametrize(("definition", "dim"), WITH_DIMS)
def test_garbage_in_the_gradient_does_not_matter(definition, dim):
    x = spread(definition.start, dim)
    f, g = value_and_gradient(definition, x)
    f_again, g_again = value_and_gradient(definition, x, garbage=1e30)
    assert f == f_again
    np.testing.assert_array_equal(g, g_again)
    assert np.isfinite(g).all()
    assert np.abs(g).max() > 1e-4, "seed 0 would start where nothing moves"


@pytest.mark.parametrize("dim", [2, 3, 10, 100])
def test_rosenbrock_is_scipys(dim):
    for x in np.random.default_rng(0).uniform(-2, 2, (20, dim)):
        f, g = value_and_gradient(DEFINITIONS["rosenbrock"], x)
        assert f == pytest.approx(rosen(x), rel=1e-13)
        np.testing.assert_allclose(g, rosen_der(x), rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("sphere", [1, 2, 3], 14.0),
        ("ellipsoid_1e2", [1, 1, 1], 0.5 * (1 + 10 + 100)),
        ("ellipsoid_1e6", [0, 0, 2], 2e6),
        ("booth", [0, 0], 74.0),
        ("booth", [1, 1], 20.0),
        ("beale", [0, 0], 14.203125),
        ("beale", [1, 1], 14.203125),
        ("rosenbrock", [-1.2, 1], 24.2),
        ("rosenbrock", [0, 0], 1.0),
        ("strict_saddle", [0, 0], 0.25),
        ("strict_saddle", [-1, 0], 0.0),
        ("monkey_saddle", [0.5, math.sqrt(3) / 2], -0.25),
        ("monkey_saddle", [0.5, -math.sqrt(3) / 2], -0.25),
        ("plateau", [1, 1], 1 - 1 / math.e),
        ("himmelblau", [0, 0], 170.0),
        ("styblinski_tang", [0, 0, 0], 0.0),
        ("styblinski_tang", [1, 1], -10.0),
        ("rastrigin", [1, 2], 5.0),
        ("rastrigin", [0.5, 0], 20.25),
        ("rastrigin", [4.5, 4.5], 80.5),
        ("ackley", [1, 1], 3.6253849384403627),
    ],
)
def test_published_and_hand_worked_values(name, x, expected):
    f, _ = value_and_gradient(DEFINITIONS[name], x)
    assert f == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(
    "x", [(3, 2), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)]
)
def test_himmelblau_has_four_minima(x):
    f, g = value_and_gradient(DEFINITIONS["himmelblau"], x)
    assert f == pytest.approx(0.0, abs=1e-10)
    np.testing.assert_allclose(g, 0.0, atol=1e-4)


def test_himmelblau_has_its_local_maximum():
    f, g = value_and_gradient(DEFINITIONS["himmelblau"], [-0.270845, -0.923039])
    assert f == pytest.approx(181.617, abs=1e-3)
    np.testing.assert_allclose(g, 0.0, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "curvatures"), [("strict_saddle", [-1.0, 1.0]), ("monkey_saddle", [0.0, 0.0])]
)
def test_saddles_have_no_slope_and_the_stated_curvature(name, curvatures):
    definition, h = DEFINITIONS[name], 1e-5
    np.testing.assert_array_equal(value_and_gradient(definition, [0, 0])[1], [0, 0])
    slopes = [value_and_gradient(definition, h * axis)[1] / h for axis in np.eye(2)]
    np.testing.assert_allclose(slopes, np.diag(curvatures), atol=1e-4)
    assert np.linalg.norm(definition.start) < 1.1


def test_condition_numbers_are_what_the_names_say():
    for kappa in ("1e2", "1e4", "1e6"):
        for name in (f"ellipsoid_{kappa}", f"rotated_ellipsoid_{kappa}"):
            spectrum = constants(DEFINITIONS[name], 10)
            assert spectrum[0] == 1.0
            assert spectrum[-1] == pytest.approx(float(kappa), rel=1e-14)
            np.testing.assert_allclose(np.diff(np.log(spectrum), 2), 0.0, atol=1e-13)
            assert DEFINITIONS[name].rotated == name.startswith("rotated")
            assert DEFINITIONS[name].family == "ellipsoid"


@pytest.mark.filterwarnings("ignore:overflow encountered")  # 64-bit hashes wrap on purpose
def test_noise_has_the_declared_deviation_and_spares_the_value():
    definition = DEFINITIONS["noisy_quadratic"]
    x = np.linspace(-1.0, 1.0, 10)
    sigma = constants(definition, 10)[-1]
    f, g = value_and_gradient(definition, x)
    draws = [value_and_gradient(definition, x, key=k, full=0) for k in range(300)]
    assert {value for value, _ in draws} == {f}
    noise = (np.array([gradient for _, gradient in draws]) - g) / sigma
    assert abs(noise.mean()) < 5 / math.sqrt(noise.size)
    assert noise.std() == pytest.approx(1.0, abs=5 / math.sqrt(2 * noise.size))
    # coordinates are drawn independently
    assert np.abs(np.corrcoef(noise.T) - np.eye(10)).max() < 0.3


def test_noisy_spectrum_and_noise_stay_in_their_ranges():
    draw = DEFINITIONS["noisy_quadratic"].constants_function
    for seed in range(20):
        *spectrum, sigma = draw(np.random.default_rng(seed), 10)
        assert len(spectrum) == 10
        assert 1e-2 <= min(spectrum) < max(spectrum) <= 1.0
        assert 0.03 <= sigma <= 0.3


# ------------------------------------------------------------------------- logistic regression


class MadeUp:
    """Four features, parts of 9, 5 and 3 examples, batch 4; as `pack` lays data out."""

    counts, features, batch = (9, 5, 3), 4, 4
    rng = np.random.default_rng(11)
    X = rng.normal(size=(17, 4))
    y = rng.integers(0, 2, 17)
    x = rng.normal(size=5)
    p = np.concatenate([X.ravel(), y.astype(float)])
    q = np.array([*counts, features, 2, batch])

    @classmethod
    def rows(cls, part):
        return range(sum(cls.counts[:part]), sum(cls.counts[: part + 1]))

    @classmethod
    def expected(cls, rows, x=None):
        """NumPy formula: objective, gradient, accuracy."""
        rows = list(rows)
        x = cls.x if x is None else x
        w, X, y = x[:-1], cls.X[rows], cls.y[rows]
        z = X @ w + x[-1]
        loss = np.logaddexp(0.0, z) - y * z
        residual = 1.0 / (1.0 + np.exp(-z)) - y
        g = np.append(X.T @ residual / len(rows) + 0.01 * w, residual.mean())
        return loss.mean() + 0.005 * w @ w, g, np.mean((z > 0) == (y == 1))

    @classmethod
    def call(cls, t=0, full=1, x=None):
        g = np.full(5, np.nan)
        stream = stream_key("made up")
        x = cls.x if x is None else x
        return DEFINITIONS["logistic_breast_cancer"](x, g, cls.p, cls.q, stream, t, full), g


def test_logistic_takes_these_arguments():
    definition = DEFINITIONS["logistic_breast_cancer"]
    assert definition.arguments == ("x", "g", "p", "q", "stream", "t", "full")
    assert (definition.dim, definition.batch, definition.data) == (31, 32, "breast_cancer")


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_logistic_full_gradient_is_the_numpy_formula():
    f, g = MadeUp.call()
    expected_f, expected_g, _ = MadeUp.expected(MadeUp.rows(0))
    assert f == pytest.approx(expected_f, rel=1e-13)
    np.testing.assert_allclose(g, expected_g, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("t", [0, 1, 2, 7])
def test_logistic_mini_batch_is_the_sampled_rows(t):
    rows = [sample(stream_key("made up"), t, j, 4, 9) for j in range(4)]
    assert len(set(rows)) == 4
    assert max(rows) < 9
    f, g = MadeUp.call(t, full=0)
    expected_f, expected_g, _ = MadeUp.expected(rows)
    assert f == pytest.approx(expected_f, rel=1e-13)
    np.testing.assert_allclose(g, expected_g, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_logistic_metrics_are_those_of_the_part(part):
    metrics = DEFINITIONS["logistic_breast_cancer"].metrics_function
    objective, accuracy = metrics(MadeUp.x, MadeUp.p, MadeUp.q, part)
    expected_f, _, expected_accuracy = MadeUp.expected(MadeUp.rows(part))
    assert objective == pytest.approx(expected_f, rel=1e-13)
    assert accuracy == pytest.approx(expected_accuracy, rel=1e-15)


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_logistic_does_not_overflow():
    x = 1e4 * MadeUp.x
    f, g = MadeUp.call(x=x)
    with np.errstate(over="ignore"):
        expected_f, expected_g, _ = MadeUp.expected(MadeUp.rows(0), x)
    assert f == pytest.approx(expected_f, rel=1e-13)
    np.testing.assert_allclose(g, expected_g, rtol=1e-12, atol=1e-14)


def test_digits_net_is_declared():
    net = DEFINITIONS["digits_mlp"]
    assert (net.data, net.sizes, net.batch) == ("digits", (64, 32, 10), 64)
    assert (net.loss_target, net.error_target) == (0.05, 0.05)
