"""What instances vary, what they keep, and what their draws depend on."""

import numpy as np
import pytest
from scipy import stats

import optbench
from optbench.define import net, problem

NAMES = ("rosenbrock", "ellipsoid_1e4", "rotated_ellipsoid_1e4", "rastrigin", "styblinski_tang")


def scale_of(made):
    """Return the factor of all coordinates, told from the declared start and minimum alone."""
    own = optbench.problem(made.definition, made.dim)
    centre = 0.5 * (own.box[0] + own.box[1]) if own.minimum is None else own.minimum
    factors = np.ptp(made.box[1] - made.box[0]), (made.box[1] - made.box[0]) / np.ptp(own.box, 0)
    assert factors[0] == pytest.approx(0.0, abs=1e-9) or np.ptp(own.box[1] - own.box[0]) > 0
    np.testing.assert_allclose(factors[1], factors[1][0], rtol=1e-12)
    shift = made.start - own.start - (factors[1][0] - 1.0) * (own.start - centre)
    return factors[1][0], centre, shift


@pytest.mark.parametrize("name", NAMES)
def test_an_instance_is_the_problem_seen_through_shift_rotation_and_scale(name):
    """f(x) = f_own(centre + R (x - shift - centre) / scale), and its gradient by the chain rule."""
    own = optbench.problem(name)
    for instance in (1, 7):
        made = optbench.problem(name, instance=instance)
        scale, centre, shift = scale_of(made)
        assert 2**-0.5 <= scale <= 2**0.5 and abs(scale - 1.0) > 1e-3
        turn = np.eye(made.dim) if made.placement.rotation is None else made.placement.rotation
        np.testing.assert_allclose(turn @ turn.T, np.eye(made.dim), atol=1e-12)
        x = made.start + np.random.default_rng(0).normal(size=(5, made.dim))
        z = (x - shift - centre) @ turn.T / scale
        if "rotated" in made.tags:  # its own instance 0 is rotated, too
            z = z @ own.placement.rotation
        f, g = own.value_and_grad(centre + z)
        back = turn if "rotated" not in made.tags else own.placement.rotation.T @ turn
        np.testing.assert_allclose(made.value(x), f, rtol=1e-9)
        np.testing.assert_allclose(made.grad(x), g @ back / scale, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(made.minimum, centre + shift, rtol=1e-12)
        assert made.value(made.minimum) == pytest.approx(own.f_min, abs=1e-9)
        assert made.f_min == own.f_min


def test_the_start_is_as_good_in_every_instance():
    own = optbench.problem("rosenbrock", 10)
    for instance in range(1, 6):
        made = optbench.problem("rosenbrock", 10, instance)
        assert made.value(made.start) == pytest.approx(own.value(own.start), rel=1e-12)


def test_scales_are_uniform_in_their_logarithm():
    scales = [scale_of(optbench.problem("sphere", 2, i))[0] for i in range(1, 301)]
    test = stats.kstest(np.log2(scales), stats.uniform(-0.5, 1.0).cdf)
    assert test.pvalue > 1e-3


def test_gradient_descent_does_not_see_the_same_problem_twice():
    """It knows no origin: shifted alone, two instances would be one trajectory."""
    ends = {
        float(np.format_float_scientific(run.f[0], 6))
        for run in (
            optbench.minimize("gd", optbench.problem("rosenbrock", 2, i), steps=50, lr=1e-3)
            for i in range(1, 5)
        )
    }
    assert len(ends) == 4


def test_a_rotated_problem_and_its_twin_are_scaled_alike():
    for instance in range(1, 4):
        plain, turned = (optbench.problem(name, instance=instance) for name in NAMES[1:3])
        np.testing.assert_array_equal(plain.start, turned.start)
        np.testing.assert_array_equal(plain.minimum, turned.minimum)
        spectra = [np.linalg.eigvalsh(p.grad(p.minimum + np.eye(p.dim))) for p in (plain, turned)]
        np.testing.assert_allclose(*spectra, rtol=1e-6)


def test_without_a_minimum_the_middle_of_the_box_is_the_centre():
    @problem(start=[3.0, 1.0], box=(0.0, 4.0))
    def slope_alone(x, g):
        g[0] = 1.0
        g[1] = 0.0
        return x[0]

    made = optbench.problem(slope_alone, instance=2)
    scale, centre, shift = scale_of(made)
    np.testing.assert_allclose(centre, [2.0, 2.0])
    np.testing.assert_allclose(0.5 * (made.box[0] + made.box[1]), centre + shift, rtol=1e-12)
    assert made.value(made.start) == pytest.approx(3.0, rel=1e-12)
    assert made.grad(made.start)[0] == pytest.approx(1.0 / scale, rel=1e-12)


@pytest.mark.parametrize("name", ["noisy_quadratic", "student_noise", "bilinear_game", "bbob_f01"])
def test_problems_whose_author_varies_them_are_not_scaled(name):
    own, made = optbench.problem(name), optbench.problem(name, instance=3)
    width = made.box[1] - made.box[0]
    np.testing.assert_allclose(width, own.box[1] - own.box[0], rtol=1e-12)
    assert not np.array_equal(own.placement.p, made.placement.p)


@pytest.mark.parametrize("name", ["booth", "softmax_iris", "bbob_f10", "iris_tanh"])
def test_instance_0_is_the_problem_as_it_is_written_down(name):
    assert optbench.problem(name, instance=0) is optbench.problem(name)
    assert optbench.problem(name).instance == 0
    assert optbench.problem(name, instance=1) is not optbench.problem(name)


# ----------------------------------------------------------------------------------------- draws


def test_draws_depend_on_study_seed_instance_and_seed():
    """Every pair of streams that differ in one of them, or in their purpose, differs."""
    problems = [
        optbench.problem("noisy_quadratic", dim, instance) for dim in (5, 6) for instance in (0, 1)
    ]
    keys = [
        key
        for study_seed in (0, 1)
        for one in problems
        for purpose in ("draws", "start")
        for key in one.streams(purpose, np.arange(3), study_seed)
    ]
    assert len(set(keys)) == len(keys) == 2 * 4 * 2 * 3
    assert np.array_equal(problems[0].keys([0, 1, 2]), keys[:3])


def test_more_seeds_leave_the_draws_of_the_first_alone():
    made = optbench.problem("noisy_quadratic", instance=2)
    few, many = made.starts([1, 2], 5), made.starts([2, 9, 1], 5)
    np.testing.assert_array_equal(few, many[[2, 0]])
    np.testing.assert_array_equal(made.keys([1, 2], 5), made.keys([2, 9, 1], 5)[[2, 0]])


def declared(name, **options):
    facts = dict(data="iris", batch=16, loss_target=0.1, error_target=None, family="kin")
    facts["sizes"] = (4, 8, 8, 3)
    return optbench.problem(net(name, **facts | options), instance=2)


@pytest.mark.parametrize(
    "options",
    [{"l2": 1e-3}, {"dropout": 0.1}, {"batch_norm": True}, {"mixup": 0.2}, {"rates": {1: 0.1}}],
)
def test_nets_of_a_family_have_the_same_weights_where_shapes_agree(options):
    one, other = declared("one"), declared("other", **options)
    np.testing.assert_array_equal(one.keys([1, 2]), other.keys([1, 2]))
    for x, y in zip(one.starts([1, 2], 3), other.starts([1, 2], 3), strict=True):
        ours, theirs = one.net.net.unflatten(x), other.net.net.unflatten(y)
        for (W, b), (V, c) in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(W, V)
            np.testing.assert_array_equal(b, c)


def test_weights_of_the_layers_that_agree_are_the_same():
    one, wider = declared("one"), declared("wider", sizes=(4, 8, 16, 3))
    ours, theirs = (p.net.net.unflatten(p.starts([4])[0]) for p in (one, wider))
    np.testing.assert_array_equal(ours[0][0], theirs[0][0])
    assert ours[1][0].shape != theirs[1][0].shape


def test_weights_differ_by_all_that_they_may_depend_on():
    one = declared("one")
    weights = [
        one.starts([1])[0], one.starts([2])[0], one.starts([1], 7)[0],
        optbench.problem(one.definition, instance=3).starts([1])[0],
        declared("one", family="others").starts([1])[0],
    ]  # fmt: skip
    assert len({x.tobytes() for x in weights}) == len(weights)
    W = [pair[0] for pair in one.net.net.unflatten(weights[0])]
    assert not np.isin(W[0].ravel() / W[0].std(), W[1].ravel() / W[1].std()).any()
