"""Rules with Hessian estimates in the driver: against NumPy with the same signs, and torch."""

from types import SimpleNamespace

import numpy as np
import pytest

import optbench
from optbench.define import Log, optimizer, problem
from optbench.define.draws import mix
from optbench.errors import SettingError, UserError
from optbench.kernels.driver.hessian import PURPOSE
from optbench.lanes.simulating import compile_functions
from optbench.lanes.units import units_of
from optbench.study.computing import _exact_hits

from .transcriptions import curvature

STEPS = 200
CASES = [
    ("adahessian", dict(lr=0.05)),
    ("adahessian", dict(lr=0.02, hessian_every=3.0, power=0.5, beta2=0.9, eps=1e-2)),
    ("sophia", dict(lr=0.01, weight_decay=1e-3)),
    ("sophia", dict(lr=0.02, hessian_every=1.0, beta2=0.0, gamma=0.5, eps=1e-3)),
]


def signs(key, t, d):
    """Return z [d] of step t, from the key of a lane's stream."""
    with np.errstate(over="ignore"):
        draw = mix(mix(~key, t), PURPOSE)
        return np.array([1.0 - 2.0 * float(mix(draw, i) >> np.uint64(63)) for i in range(d)])


def by_numpy(rule, own, gradient, product, seed, settings):
    """Return the points [STEPS + 1, d] that NumPy makes of a gradient and of products H(x) z."""
    step, memory = getattr(curvature, rule), {}
    every = settings.get("hessian_every", {"adahessian": 1, "sophia": 10}[rule])
    (x,), (key,) = own.starts([seed]), own.keys([seed])
    points, hessian = [x], None
    for t in range(STEPS):
        if t % every == 0:
            z = signs(key, t, len(x))
            hessian = z * product(x, z)
        x = step(x, gradient(x), t + 1, memory, hessian=hessian, **settings)
        points.append(x)
    return np.array(points)


def framed(own, gradient, product):
    """Return them in the coordinates of an instance: x is seen as c + M (x - s - c)."""
    place = own.placement
    turned = np.eye(own.dim) if place.rotation is None else place.rotation
    M, shift, centre = turned / place.scale, place.shift, place.centre
    if shift is None:
        return gradient, product

    def at(x):
        return centre + M @ (x - shift - centre) if centre is not None else x - shift

    return (lambda x: M.T @ gradient(at(x))), (lambda x, z: M.T @ product(at(x), M @ z))


def valley(x):
    """Gradient of Rosenbrock's function."""
    a = x[1] - x[0] ** 2
    return np.array([-400.0 * a * x[0] - 2.0 * (1.0 - x[0]), 200.0 * a])


def valley_product(x, z):
    hessian = np.array(
        [[1200.0 * x[0] ** 2 - 400.0 * x[1] + 2.0, -400.0 * x[0]], [-400.0 * x[0], 200.0]]
    )
    return hessian @ z


def driven(rule, own, seed, settings):
    run = optbench.minimize(rule, own, steps=STEPS, seed=seed, threads=1, **settings)
    return run.x[0], run


@pytest.mark.parametrize(("rule", "settings"), CASES)
@pytest.mark.parametrize("instance", [0, 1])
def test_driver_equals_numpy_with_the_same_signs(rule, settings, instance):
    """On the function as published, and shifted and scaled."""
    own = optbench.problem("rosenbrock", instance=instance)
    gradient, product = framed(own, valley, valley_product)
    points = by_numpy(rule, own, gradient, product, 3, settings)
    x, run = driven(rule, own, 3, settings)
    np.testing.assert_allclose(x, points[-1], rtol=1e-9)
    assert np.isfinite(points).all() and np.abs(np.diff(points, axis=0)).max() > 1e-3


def test_directions_are_turned_into_the_frame_and_products_out_of_it():
    """A rotated ellipsoid: R' D R z, though its author's code has D alone."""
    own = optbench.problem("rotated_ellipsoid_1e2", instance=1)
    assert own.placement.rotation is not None
    weights = own.grad(own.minimum + np.eye(own.dim))  # of a quadratic: the Hessian

    def gradient(x):
        return weights @ (x - own.minimum)

    points = by_numpy("adahessian", own, gradient, lambda x, z: weights @ z, 2, dict(lr=0.05))
    x, _ = driven("adahessian", own, 2, dict(lr=0.05))
    np.testing.assert_allclose(x, points[-1], rtol=1e-7)


def test_lanes_of_one_draw_meet_the_same_signs_and_lanes_of_two_do_not():
    rates = np.array([0.01, 0.02, 0.01, 0.04])
    together = optbench.minimize("adahessian", "rosenbrock", steps=50, lanes=4, lr=rates)
    alone = [
        optbench.minimize("adahessian", "rosenbrock", steps=50, seed=i, lr=rate).x[0]
        for i, rate in enumerate(rates)
    ]
    np.testing.assert_array_equal(together.x, alone)


def test_settings_that_differ_by_lane_do_not_change_a_lane():
    every, beta2 = np.array([1.0, 10.0, 3.0]), np.array([0.9, 0.99, 0.5])
    run = dict(steps=60, lr=0.01, start=np.tile([-1.2, 1.0], (3, 1)))
    own = dict(hessian_every=every, beta2=beta2)
    together = optbench.minimize("sophia", "rosenbrock", lanes=3, **run, **own)
    for lane in range(3):
        alone = optbench.minimize(
            "sophia", "rosenbrock", lanes=3, **run, hessian_every=every[lane], beta2=beta2[lane]
        )
        np.testing.assert_allclose(together.x[lane], alone.x[lane], rtol=1e-12)


def test_products_count_as_evaluations():
    for spec, cost in (("adahessian", 2.0), ("sophia", 1.1), ("sophia[hessian_every=4]", 1.25)):
        run = optbench.minimize(spec, "sphere", steps=8, lr=1e-3)
        assert run.evaluations_per_step == pytest.approx(cost)


def test_hits_count_the_products_before_them():
    """On noise-free surfaces: of k steps k gradients and ceil(k / every) products."""
    hits = SimpleNamespace(hit=np.array([0, 1, 4, 5, -1]), hits=np.empty((5, 0), np.int64))
    counted = _exact_hits(hits, optbench.optimizer("sophia[hessian_every=4]"))
    np.testing.assert_array_equal(counted[0], [1, 3, 6, 8, 0])
    counted = _exact_hits(hits, optbench.optimizer("adahessian"))
    np.testing.assert_array_equal(counted[0], [1, 3, 9, 11, 0])


def test_what_is_compiled_ahead_is_what_lanes_need():
    own = optbench.problem("sphere")
    names = [unit.name for unit in units_of(own, optbench.optimizer("sophia"), "float64")]
    assert "the driver of products (float64)" in names
    assert f"the Hessian of {own.label} (float64)" in names


def test_float32_is_close_to_float64():
    for rule in ("adahessian", "sophia"):
        single, double = (
            optbench.minimize(rule, "rosenbrock", steps=50, lr=0.01, dtype=dtype).x
            for dtype in ("float32", "float64")
        )
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=1e-3)


@optimizer(lr=Log(1.0))
def newton(x, g, lr, hessian):
    return x - lr * g / hessian


@problem(start=[1.0, 2.0], minimum=[0.0, 0.0], f_min=0.0, source="of this test")
def without_gradient(x):
    return x[0] * x[0] + 3.0 * x[1] * x[1]


def test_a_rule_of_ones_own_takes_the_hessian_too():
    """On a separable quadratic the estimate is the diagonal, and Newton's step is the last."""
    run = optbench.minimize(newton, "ellipsoid_1e4", steps=1)
    np.testing.assert_allclose(run.x, np.zeros_like(run.x), atol=1e-15)
    iterates = optbench.replay(newton, [[3.0, 4.0]], [1.0, 1.0])
    np.testing.assert_array_equal(iterates[1], [-2.0, -3.0])  # of |x|^2 / 2, where none is given


def test_what_has_no_products_is_refused():
    with pytest.raises(UserError, match="takes products with the Hessian; without_gradient has"):
        optbench.minimize("adahessian", without_gradient, steps=2)
    with pytest.raises(UserError, match="takes products with the Hessian; digits_mlp has none"):
        optbench.minimize("sophia", "digits_mlp", steps=2)
    with pytest.raises(UserError, match='compiled for the CPU alone; give device="cpu"'):
        compile_functions(
            optbench.problem("sphere"), optbench.optimizer("sophia"), "float64", "cuda"
        )
    with pytest.raises(SettingError, match="sam, which takes two gradients a step"):
        optbench.optimizer("adahessian[sam_rho=0.1]")


@pytest.mark.conformance
@pytest.mark.parametrize(("rule", "settings"), CASES)
def test_driver_equals_torch_with_two_backward_passes(rule, settings):
    """The chained valley in ten dimensions, shifted and scaled, by autograd of the composition."""
    import torch

    own = optbench.problem("rosenbrock", dim=10, instance=2)

    def value(z):
        return (100.0 * (z[1:] - z[:-1] ** 2) ** 2 + (1.0 - z[:-1]) ** 2).sum()

    def differentiated(x, z=None):
        x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        (g,) = torch.autograd.grad(value(x), x, create_graph=True)
        if z is None:
            return g.detach().numpy()
        (product,) = torch.autograd.grad(g, x, torch.tensor(z, dtype=torch.float64))
        return product.numpy()

    gradient, product = framed(own, differentiated, differentiated)
    points = by_numpy(rule, own, gradient, product, 1, settings)
    np.testing.assert_allclose(driven(rule, own, 1, settings)[0], points[-1], rtol=1e-6)


@pytest.mark.parametrize("perturbed", ["scale=100", "noise=0.1", "stale=2", "penalty=1"])
def test_what_is_perturbed_is_refused(perturbed):
    """Products are of the author's function, which does not know of what is around it."""
    name = f"rosenbrock[{perturbed}]"
    with pytest.raises(UserError, match="not perturbed but by a rotation"):
        optbench.minimize("adahessian", name, steps=5)
    assert optbench.minimize("adahessian", "rosenbrock[rotate=true]", steps=5).x.shape
