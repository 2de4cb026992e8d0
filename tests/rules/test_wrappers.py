"""Wrappers: the noise, what does not go together, and what is done in a net's padding."""

import numpy as np
import pytest
from scipy import stats

import optbench
from optbench.errors import SettingError

from .plain import plain_replay
from .two_gradients import extragradient


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
    spec = (
        "momentum[noise_eta=0.1,centralise=true,normalise_tensors=2,grokfast_lamb=1,cautious=true,"
        "spam_reset=2,hyperball=true,lookahead_steps=2,ema=0.9]"
    )
    _, state = optbench.replay(spec, gradients, start, shape=shape, return_state=True)
    assert "hyperball_radius" in state.state  # in each coordinate of a tensor, padding included
    numbers = {name: rows for name, rows in state.state.items() if name != "hyperball_radius"}
    for array in (state.x, *numbers.values()):
        assert np.count_nonzero(array) <= 85


def test_one_tensor_of_a_net_is_what_a_surface_is():
    spec = (
        "momentum[sam_rho=0.3,centralise=true,clip_norm=2,clip_value=1,l2=0.1,l1=0.1,decay=0.1,"
        "plateau_factor=0.5,plateau_patience=1,cautious=true,l1_prox=0.1,lookahead_steps=3,ema=0.9,"
        "normalise=2,normalise_tensors=3,grokfast_lamb=1,spam_reset=9,grams=true,hyperball=true,"
        "decay_corrected=true,decay_cautious=true,schedule=cosine,lr=0.3]"
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


def test_tensors_are_normalised_and_held_on_spheres_each_by_itself():
    rng = np.random.default_rng(3)
    gradients, start, shape = rng.standard_normal((20, 9)), rng.standard_normal(9), [(2, 3), (3,)]
    points = optbench.replay("gd[normalise_tensors=2]", gradients, start, shape=shape, lr=1.0)
    for part in (slice(0, 6), slice(6, 9)):
        lengths = np.linalg.norm(np.diff(points[:, part], axis=0), axis=1)
        np.testing.assert_allclose(lengths, 2.0, rtol=1e-5)  # but for the eps of 1e-6
    start[6:] = 0.0  # as biases begin
    points = optbench.replay("gd[hyperball=true]", gradients, start, shape=shape, lr=0.1)
    norms = np.linalg.norm(points[:, :6], axis=1)
    np.testing.assert_allclose(norms, norms[0], rtol=1e-14)
    np.testing.assert_allclose(points[-1, 6:], -0.1 * gradients[:, 6:].sum(axis=0), rtol=1e-13)
    off = optbench.replay("gd[hyperball=false]", gradients, start, shape=shape, lr=0.1)
    np.testing.assert_array_equal(off, optbench.replay("gd", gradients, start, lr=0.1))


@pytest.mark.parametrize(
    ("settings", "powers"),
    [
        ({}, (1, 1)),
        ({"decay_independent": True}, (0, 1)),
        ({"decay_corrected": True}, (1, 2)),
        ({"decay_corrected": True, "decay_independent": True}, (0, 2)),
    ],
)
def test_decay_follows_the_rate_and_the_schedule_as_it_says(settings, powers):
    """Without a gradient x shrinks by decay rate^a schedule^b a step."""
    run = dict(lr=0.3, decay=0.1, schedule="linear", **settings)
    points = optbench.replay("gd", np.zeros((8, 1)), [1.0], **run)[:, 0]
    share = 0.3 ** powers[0] * (1.0 - np.arange(8) / 8) ** powers[1]
    np.testing.assert_allclose(points[1:] / points[:-1], 1.0 - 0.1 * share, rtol=1e-14)


def test_cautious_decay_spares_what_the_rule_moves_outwards():
    """Chen et al. 2025, alg. 1: the indicator is of u x >= 0, and holds where a step is 0."""
    start, gradient = np.array([1.0, 1.0, -1.0, -1.0, 1.0]), np.array([[1.0, -1.0, 1.0, -1.0, 0.0]])
    (_, point) = optbench.replay("gd[decay=0.5,decay_cautious=true]", gradient, start, lr=0.1)
    np.testing.assert_allclose(point, start - 0.1 * gradient[0] - 0.05 * start * [1, 0, 0, 1, 1])


EDGES = (
    "gd[grokfast_alpha=0,lr=0.1]", "adam[grams=true,lr=0.1]", "momentum[normalise=1,lr=0.1]",
    "adam[normalise_tensors=1,lr=0.1]", "adam[hyperball=true,lr=0.1]",
    "adam[spam_threshold=2,spam_beta2=0,spam_accumulate=2,spam_reset=20,spam_warmup=3,lr=0.1]",
    "adam[decay=0.1,decay_cautious=true,lr=0.1]",
)  # fmt: skip


@pytest.mark.parametrize("spec", EDGES)
def test_gradients_of_zero_tiny_and_huge_ones_leave_wrapped_rules_alive(spec):
    rng, start = np.random.default_rng(5), [1.0, -2.0, 0.5]
    gradients = rng.standard_normal((40, 3))
    gradients[:6] = 0.0  # a rule that remembers its first gradient must get over it
    points = optbench.replay(spec, gradients, start)
    moves = np.diff(points, axis=0)
    assert (moves[:6] == 0.0).all() or "decay" in spec
    assert np.isfinite(points).all() and (moves[6:] != 0.0).any(axis=1).all()
    for scale in (1e-140, 1e140):
        assert np.isfinite(optbench.replay(spec, scale * gradients, start)).all()
    gradients[20, 1] = np.nan  # one that is not a number is never hidden
    assert np.isnan(optbench.replay(spec, gradients, start)[21:, 1]).all()


@pytest.mark.parametrize("rule", ["yogi", "momo", "nesterov_sutskever"])
def test_a_reset_has_states_of_all_kinds_begin_anew(rule):
    """Numbers other than 0, copies of x, and those of a lane: as in plain Python."""
    rng = np.random.default_rng(6)
    gradients, start, values = rng.standard_normal((13, 3)), rng.standard_normal(3), np.ones(13)
    own = optbench.optimizer(f"{rule}[spam_reset=6,spam_threshold=2,spam_accumulate=2,lr=0.01]")
    points = optbench.replay(own, gradients, start, values=values, points="query")
    np.testing.assert_allclose(points, plain_replay(own, gradients, start, values), rtol=1e-12)
    forgetful = own.with_settings(spam_reset=100)
    assert not np.array_equal(points, optbench.replay(forgetful, gradients, start, values=values))


def test_an_average_may_begin_late():
    rng = np.random.default_rng(0)
    gradients, start = rng.standard_normal((30, 3)), rng.standard_normal(3)
    query = optbench.replay("gd", gradients, start)
    late = optbench.replay("gd[ema=0.9,ema_start=0.5]", gradients, start)
    np.testing.assert_allclose(late[:17], query[:17], rtol=1e-14)
    weights = 0.1 * 0.9 ** np.arange(14, -1, -1.0)
    weights[0] *= 10.0
    np.testing.assert_allclose(late[-1], weights @ query[16:], rtol=1e-13)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("muon[spam_reset=100]", "muon keeps matrices, which spam cannot have begin anew"),
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
