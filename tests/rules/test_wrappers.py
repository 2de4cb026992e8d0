"""Wrappers: the noise, what does not go together, and what is done in a net's padding."""

import numpy as np
import pytest
from scipy import stats

import optbench
from optbench.define import Log, optimizer
from optbench.errors import SettingError


def noise_of(spec, steps=400, d=20, **options):
    """Return the noise [T, d] of `gd[lr=1,...]` around gradients of 0.5."""
    points = optbench.replay(spec, np.full((steps, d), 0.5), np.zeros(d), lr=1.0, **options)
    return -np.diff(points, axis=0) - 0.5


def test_noise_is_normal_with_the_declared_variance():
    """Neelakantan et al. 2015: variance eta / t^gamma, independent of each other."""
    noise = noise_of("gd[noise_eta=0.04,noise_gamma=0.55]")
    steps = np.arange(1, len(noise) + 1)[:, None]
    standard = noise / np.sqrt(0.04 / steps**0.55)
    assert stats.kstest(standard.ravel(), "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(standard.T) - np.eye(20)).max() < 0.25
    assert abs(np.mean(standard[1:] * standard[:-1])) < 0.05


def test_noise_is_keyed_by_seed_and_step():
    first, again = noise_of("gd[noise_eta=0.04]"), noise_of("gd[noise_eta=0.04]")
    np.testing.assert_array_equal(first, again)
    assert not np.any(noise_of("gd[noise_eta=0.04]", seed=1) == first)
    adam = optbench.replay("adam[noise_eta=0.04,beta1=0,beta2=0]", np.zeros((5, 3)), np.zeros(3))
    gd = optbench.replay("gd[noise_eta=0.04]", np.zeros((5, 3)), np.zeros(3))
    np.testing.assert_array_equal(np.sign(np.diff(adam, axis=0)), np.sign(np.diff(gd, axis=0)))


def test_noise_differs_from_the_problems_own_draws():
    run = optbench.minimize("sgd[noise_eta=1,noise_gamma=0]", "noisy_quadratic", steps=50, lr=1e-3)
    plain = optbench.minimize("sgd", "noisy_quadratic", steps=50, lr=1e-3)
    assert np.isfinite(run.f).all() and not np.array_equal(run.x, plain.x)


@pytest.mark.parametrize("shape", [[(3, 5), (5,), (65,)], [(64,), (21,)]])
def test_padding_of_layers_stays_zero(shape):
    rng = np.random.default_rng(0)
    gradients, start = rng.standard_normal((6, 85)), rng.standard_normal(85)
    spec = "momentum[noise_eta=0.1,centralise=true,cautious=true,lookahead_steps=2,ema=0.9]"
    _, state = optbench.replay(spec, gradients, start, shape=shape, return_state=True)
    for array in (state.x, *state.state.values()):
        assert np.count_nonzero(array) <= 85


def test_one_tensor_of_a_net_is_what_a_surface_is():
    spec = (
        "momentum[sam_rho=0.3,centralise=true,clip_norm=2,clip_value=1,l2=0.1,l1=0.1,decay=0.1,"
        "plateau_factor=0.5,plateau_patience=1,cautious=true,l1_prox=0.1,lookahead_steps=3,ema=0.9,"
        "schedule=cosine,lr=0.3]"
    )
    rng = np.random.default_rng(0)
    gradients, start, values = rng.standard_normal((40, 85)), rng.standard_normal(85), np.ones(40)
    for points in ("reported", "query"):
        flat, layered = (
            optbench.replay(spec, gradients, start, values=values, points=points, shape=shape)
            for shape in (None, [(5, 17)])
        )
        np.testing.assert_allclose(layered, flat, rtol=1e-11, atol=1e-13)


def test_noise_differs_between_layers_and_rows():
    shape = [(130,), (130,)]
    points = optbench.replay(
        "gd[noise_eta=1]", np.zeros((1, 260)), np.zeros(260), shape=shape, lr=1.0
    )
    assert len(np.unique(points[1])) == 260


def test_caution_counts_the_coordinates_of_each_tensor():
    """Liang et al. 2024, with pytorch_optimizer: kept steps times size / (kept + 1)."""
    gradients = np.array([[1.0, 1.0, 1.0, 1.0, 1.0], [1.0, -3.0, 1.0, -3.0, 1.0]])
    iterates = optbench.replay(
        "momentum[cautious=true]", gradients, np.zeros(5), shape=[(2,), (3,)], lr=1.0
    )
    first = np.array([-2 / 3, -2 / 3, -3 / 4, -3 / 4, -3 / 4])
    second = np.array([-1.9 * 2 / 3, 2.1 * 2 / 3, -1.9 * 3 / 4, 2.1 * 3 / 4, -1.9 * 3 / 4])
    np.testing.assert_allclose(iterates[1], first, rtol=1e-14)
    np.testing.assert_allclose(iterates[2], first + second, rtol=1e-14)
    off = optbench.replay("momentum[cautious=false]", gradients, np.zeros(5), lr=1.0)
    np.testing.assert_array_equal(off, optbench.replay("momentum", gradients, np.zeros(5), lr=1.0))


def test_sam_pays_two_gradients_and_what_follows_acts_once_a_step():
    gradients = np.array([[3.0, 4.0], [1.0, -1.0], [5.0, 0.0], [1.0, 1.0]])
    iterates = optbench.replay("gd[sam_rho=2,decay=0.5]", gradients, [1.0, 2.0], lr=0.5)
    first = np.array([1.0, 2.0]) * 0.75 - 0.5 * gradients[1]
    np.testing.assert_allclose(iterates[2], first)
    np.testing.assert_allclose(iterates[4], first * 0.75 - 0.5 * gradients[3])
    run = optbench.minimize("gd[sam_rho=0.1,decay=0.1]", "sphere", steps=4, lr=0.1)
    assert run.evaluations_per_step == 2


@optimizer(state="anchor", evaluations=2, lr=Log(0.1))
def extragradient(x, g, anchor, lr, phase):
    anchor = x if phase == 0 else anchor
    return anchor - lr * g, anchor


def test_after_a_rule_of_two_gradients_comes_once_a_step():
    gradients = np.array([[3.0], [1.0], [5.0], [2.0]])
    iterates = optbench.replay(extragradient, gradients, [1.0], lr=0.5, decay=0.2, points="query")
    first = (1.0 - 0.5) - 0.5 * 0.2 * 1.0
    second = (first - 1.0) - 0.5 * 0.2 * first
    np.testing.assert_allclose(iterates[1::2, 0], [1.0 - 1.5, first - 2.5])
    np.testing.assert_allclose(iterates[::2, 0], [1.0, first, second])


def test_averages_are_reported_and_the_points_go_on():
    rng = np.random.default_rng(0)
    gradients, start = rng.standard_normal((30, 3)), rng.standard_normal(3)
    for spec in ("gd[ema=0.9]", "gd[tail=0.4]"):
        query = optbench.replay(spec, gradients, start, points="query")
        np.testing.assert_array_equal(query, optbench.replay("gd", gradients, start))
    np.testing.assert_allclose(
        optbench.replay("gd[tail=0.4]", gradients, start)[-1], query[-12:].mean(axis=0)
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("schedule_free_sgd[decay=0.1]", "decoupled_decay, which acts on the point after"),
        ("schedule_free_sgd[ema=0.9]", "cannot go around it"),
        ("gd[ema=0.9,tail=0.5]", "exponential_average and tail_averaging each report another"),
    ],
)
def test_what_has_no_meaning_together_is_refused(spec, message):
    with pytest.raises(SettingError, match=message):
        optbench.optimizer(spec)


def test_centralisation_is_not_run_on_nets():
    reason = optbench.optimizer("gd[centralise=true]").wants(optbench.problem("digits_mlp"))
    assert reason == "centralisation is for surfaces; digits_mlp is a net"
