"""Rules as methods of SciPy: each follows `replay`; results and options are those of SciPy."""

import numpy as np
import pytest
from scipy.optimize import OptimizeWarning, minimize, rosen, rosen_der, rosen_hess

import optbench
from optbench.errors import SettingError
from optbench.rules import registry
from tests.thinning import thinned

SCALES = np.array([1.0, 3.0, 0.5, 2.0, 1.5, 0.7])
START = np.array([1.0, -0.8, 0.6, 1.2, -0.4, 0.9])
SHAPE = [(2, 2), (2,)]
STEPS = 7
WRAPPED = ["momentum[sam_rho=0.1,clip_norm=1]", "adam[ema=0.9,schedule=cosine]", "gd[noise_eta=1]"]


class Recorded:
    """A quadratic that remembers where its gradient was asked for."""

    def __init__(self):
        self.points = []

    def __call__(self, x):
        return 0.5 * float(np.sum(SCALES * x * x))

    def gradient(self, x):
        self.points.append(x)
        return SCALES * x


@pytest.mark.parametrize("spec", thinned([*registry.optimizers(), *WRAPPED], one_in=16))
def test_every_rule_goes_where_replay_goes(spec):
    optimizer, quadratic = optbench.optimizer(spec), Recorded()
    shape = SHAPE if optimizer.rule.matrix else None
    result = minimize(
        quadratic, START, method=optbench.as_scipy(spec), jac=quadratic.gradient,
        hessp=lambda x, v: SCALES * v,
        options={"maxiter": STEPS, "gtol": 0.0, **({"shape": shape} if shape else {})},
    )  # fmt: skip
    assert result.nit == STEPS and result.status == 1 and not result.success
    count = STEPS * optimizer.evaluations
    points = np.array(quadratic.points[:count])
    values = [quadratic(x) for x in points]
    hessians = np.tile(SCALES, (count, 1)) if optimizer.hessian_every else None
    query, reported = (
        optbench.replay(
            optimizer, SCALES * points, START, values=values, shape=shape, points=which,
            hessians=hessians,
        )
        for which in ("query", "reported")
    )  # fmt: skip
    np.testing.assert_array_equal(query[:-1], points)
    np.testing.assert_array_equal(query[-1], quadratic.points[count])
    np.testing.assert_array_equal(result.x, reported[-1])
    assert result.fun == quadratic(result.x)
    np.testing.assert_array_equal(result.jac, SCALES * result.x)


def test_it_is_the_descent_that_one_writes_by_hand():
    x, v = START.copy(), np.zeros(6)
    for _ in range(STEPS):
        v = 0.9 * v + SCALES * x
        x = x - 0.01 * v
    momentum = optbench.as_scipy("momentum", lr=0.01, momentum=0.9)
    result = minimize(
        lambda x: (0.5 * x @ (SCALES * x), SCALES * x), START, method=momentum, jac=True,
        options={"maxiter": STEPS},
    )  # fmt: skip
    np.testing.assert_allclose(result.x, x, rtol=1e-14)


def test_it_ends_where_the_gradient_is_small_and_says_so():
    method = optbench.as_scipy("adam", lr=0.05, maxiter=5000)
    result = minimize(rosen, [-1.2, 1.0], method=method, jac=rosen_der)
    assert result.success and result.status == 0 and "success" in result.message
    assert np.abs(rosen_der(result.x)).max() <= 1e-5
    assert result.nfev == result.njev == result.nit + 1
    rough = minimize(rosen, [-1.2, 1.0], method=method, jac=rosen_der, tol=0.5)
    assert rough.nit < result.nit and np.abs(rough.jac).max() <= 0.5


def test_options_go_before_what_the_method_was_made_with():
    def run(method, **options):
        return minimize(rosen, [-1.2, 1.0], method=method, jac=rosen_der, options=options).x

    np.testing.assert_array_equal(
        run(optbench.as_scipy("adam[lr=0.5]"), lr=0.01, beta1=0.5, maxiter=9),
        run(optbench.as_scipy("adam", lr=0.01, beta1=0.5, maxiter=9)),
    )


def test_arguments_callbacks_and_return_all_are_scipys():
    seen, whole = [], []

    def callback(intermediate_result):
        whole.append(intermediate_result)
        if len(whole) == 3:
            raise StopIteration

    def run(callback):
        return minimize(
            lambda x, a: a * float(x @ x), START, (2.0,), optbench.as_scipy("gd", lr=0.1),
            jac=lambda x, a: 2 * a * x, callback=callback,
            options={"maxiter": 5, "return_all": True},
        )  # fmt: skip

    plain, stopped = run(lambda xk: seen.append(xk)), run(callback)
    np.testing.assert_allclose(plain.allvecs, [START * 0.6**k for k in range(6)], rtol=1e-14)
    np.testing.assert_array_equal(seen, plain.allvecs[1:])
    assert stopped.nit == 3 and stopped.status == 99 and not stopped.success
    assert whole[-1].fun == stopped.fun
    np.testing.assert_array_equal(whole[-1].x, stopped.x)


def test_what_is_not_finite_is_no_success():
    method = optbench.as_scipy("gd", lr=1e3)
    with np.errstate(over="ignore", invalid="ignore"):
        result = minimize(rosen, [-1.2, 1.0], method=method, jac=rosen_der)
    assert result.status == 3 and not result.success and "not finite" in result.message


def test_bounds_and_constraints_are_warned_of():
    gd = optbench.as_scipy("gd", maxiter=1)
    with pytest.warns(OptimizeWarning, match="gd cannot handle bounds"):
        minimize(rosen, [0.0, 0.0], method=gd, jac=rosen_der, bounds=[(0, 1), (0, 1)])
    with pytest.warns(OptimizeWarning, match="gd cannot handle constraints"):
        minimize(
            rosen, [0.0, 0.0], method=gd, jac=rosen_der,
            constraints=[{"type": "eq", "fun": lambda x: x[0]}],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "arguments", "message"),
    [
        ("adam", {}, "give jac=True if fun returns"),
        ("adam", {"jac": "2-point"}, "give jac=True if fun returns"),
        ("adam", {"jac": rosen_der, "options": {"beta7": 1}}, "beta7"),
        ("adam", {"jac": rosen_der, "options": {"beta1": 2}}, "beta1"),
        ("adam", {"jac": rosen_der, "options": {"maxiter": 0}}, "maxiter = 0"),
        ("adam", {"jac": lambda x: np.ones(3)}, "the gradient"),
        ("muon", {"jac": rosen_der}, "give their shapes"),
        ("muon", {"jac": rosen_der, "options": {"shape": [(3, 3)]}}, "does not make up x0"),
        ("adahessian", {"jac": rosen_der}, "give hessp= or hess="),
    ],
)
def test_what_is_missing_or_wrong_is_said(spec, arguments, message):
    with pytest.raises(SettingError, match=message):
        minimize(rosen, [0.5, 0.5], method=optbench.as_scipy(spec), **arguments)


def test_a_hessian_serves_as_well_as_its_products():
    method = optbench.as_scipy("adahessian", maxiter=20)
    by_matrix = minimize(rosen, [0.5, 0.5], method=method, jac=rosen_der, hess=rosen_hess)
    by_product = minimize(
        rosen, [0.5, 0.5], method=method, jac=rosen_der, hessp=lambda x, v: rosen_hess(x) @ v
    )
    np.testing.assert_array_equal(by_matrix.x, by_product.x)
    assert by_matrix.nhev == 20


def test_a_tolerance_of_the_call_comes_before_that_of_the_method():
    loose = optbench.as_scipy("gd", lr=0.1, gtol=1e-1)
    quick = minimize(rosen, [1.1, 1.2], method=loose, jac=rosen_der)
    slow = minimize(rosen, [1.1, 1.2], method=optbench.as_scipy("gd", lr=1e-3, gtol=1e-1),
                    jac=rosen_der, tol=1e-12, options={"maxiter": 50})  # fmt: skip
    assert quick.nit < 50 == slow.nit and slow.status == 1


@pytest.mark.parametrize(
    ("start", "options", "message"),
    [
        ([], {}, "x0 is empty"),
        ([1.0, 2.0], {"shape": (2, 1)}, r"shape = \(2, 1\) must be the shapes of all tensors"),
        ([1.0, 2.0], {"shape": 2}, "shape = 2 must be the shapes of all tensors"),
    ],
)
def test_what_is_no_point_or_shape_is_said(start, options, message):
    with pytest.raises(SettingError, match=message):
        minimize(rosen, start, method=optbench.as_scipy("gd"), jac=rosen_der, options=options)
