"""Noise and its distributions, DeepOBS's problems, and draws of instances."""

import numpy as np
import pytest
from scipy import stats

import optbench
from optbench.catalog import plain
from optbench.catalog.building import _surface, make
from optbench.catalog.identity import problem_identity
from optbench.define.definitions import NetDefinition
from optbench.define.draws import mix, sample

FOUND = optbench.problems()
NOISY = FOUND["noisy_quadratic"].function.__globals__  # of the file
turned = FOUND["quadratic_deep"].instance_function.__globals__["turned"]
KINDS = ("noisy_power_law", "noisy_clusters", "multiplicative_noise", "student_noise",
         "stable_noise")  # fmt: skip
DRAWS = 20_000


def test_quadratic_deep_is_that_of_deepobs():
    """The test loss that DeepOBS's tensors give in float32, and where two methods end there."""
    problem = optbench.problem("quadratic_deep")
    assert problem.examples == (896, 128) and problem.kind == "data"
    assert problem.value(problem.minimum) == pytest.approx(problem.f_min, rel=1e-14)
    adam = optbench.minimize("adam", problem, steps=700, lr=1e-3)
    assert adam.records.metrics[0, 0, 4] == pytest.approx(353.446764, abs=5e-6)
    assert adam.records.metrics[0, -1, 4] == pytest.approx(106.7, abs=0.2)
    descent = optbench.minimize("gd[schedule=cosine]", problem, steps=700, lr=1e-2)
    assert descent.records.metrics[0, -1, 4] == pytest.approx(87.98, abs=0.06)


def test_quadratic_deep_takes_its_batches_in_one_order():
    problem = optbench.problem("quadratic_deep")
    data = np.float32(np.random.RandomState(42).normal(0.0, 0.6, (1000, 100)))
    eye = np.eye(100)
    hessian = problem.grad(eye) - problem.grad(np.zeros(100))
    assert np.allclose(np.linalg.eigvalsh(hessian)[[89, 90]], [0.99, 30.0], atol=0.8)
    x = problem.start
    run = optbench.minimize("sgd", problem, steps=9, lr=0.01, seed=3, start=x)
    for t in range(9):
        mean = data[128 * (t % 7) : 128 * (t % 7 + 1)].mean(axis=0, dtype=float)
        x = x - 0.01 * hessian @ (x - mean)
    np.testing.assert_allclose(run.x[0], x, rtol=1e-12)


def test_rotations_by_induction_are_rotations():
    rotation = turned(np.random.RandomState(0), 7)
    assert np.allclose(rotation @ rotation.T, np.eye(7), atol=1e-14)


@pytest.mark.parametrize("dim", [2, 3])
def test_rotations_by_induction_turn_a_vector_anywhere(dim):
    rng = np.random.RandomState(1)
    turned_to = np.stack([turned(rng, dim)[:, 0] for _ in range(2000)])
    assert np.allclose(turned_to.mean(0), 0.0, atol=0.08)
    assert np.allclose(np.cov(turned_to.T), np.eye(dim) / dim, atol=0.05)


def observed(name, x, dim=2):
    """Slopes along the first coordinate as `DRAWS` steps see them, and what they are."""
    definition = FOUND[name]
    problem = optbench.problem(name, dim)
    g, seen = np.zeros(dim), np.empty(DRAWS)
    with np.errstate(over="ignore"):
        for k in range(DRAWS):
            definition(np.full(dim, x), g, problem.placement.p, mix(np.uint64(9), k), 0)
            seen[k] = g[0]
    return seen, problem.placement.p[0] * x, problem.placement.p[dim]


@pytest.mark.parametrize(
    ("name", "distribution"),
    [
        ("noisy_power_law", stats.norm()),
        ("student_noise", stats.t(NOISY["STUDENT_FREEDOM"])),
        ("stable_noise", stats.levy_stable(NOISY["STABLE_INDEX"], 0.0)),
    ],
)
def test_noise_has_the_distribution_it_claims(name, distribution):
    seen, slope, level = observed(name, 0.7)
    noise = (seen - slope) / level
    points = np.linspace(-4.0, 4.0, 33)
    shares = (noise[:, None] <= points).mean(axis=0)
    # Dvoretzky, Kiefer and Wolfowitz: beyond this with a chance below 1e-3.
    assert np.abs(shares - distribution.cdf(points)).max() < np.sqrt(np.log(2e3) / (2 * DRAWS))


def test_multiplicative_noise_is_in_proportion_to_the_slope():
    seen, slope, level = observed("multiplicative_noise", 0.7)
    assert seen.mean() == pytest.approx(slope, abs=4 * seen.std() / np.sqrt(DRAWS))
    assert seen.std() == pytest.approx(10 * level * slope, rel=0.03)
    assert not observed("multiplicative_noise", 0.0)[0].any()


def test_sparse_gradients_are_rare_and_unbiased():
    problem = optbench.problem("sparse_gradients", 4, 2)
    definition, p, x = problem.definition, problem.placement.p, np.full(4, 0.5)
    assert sorted(p[:4]) == pytest.approx([1 / 4, 1 / 3, 1 / 2, 1.0])
    g, seen = np.zeros(4), np.empty((DRAWS, 4))
    with np.errstate(over="ignore"):
        for k in range(DRAWS):
            definition(x, g, p, mix(np.uint64(3), k), 0)
            seen[k] = g
    assert (seen != 0.0).mean(axis=0) == pytest.approx(p[:4], abs=0.015)
    assert seen.mean(axis=0) == pytest.approx(p[:4] * x, abs=0.015)


@pytest.mark.parametrize("name", KINDS)
def test_rotations_come_paired(name):
    for instance in (None, 2):
        plain_twin, rotated = (
            optbench.problem(n, instance=instance) for n in (name, f"rotated_{name}")
        )
        assert plain_twin.family == rotated.family == name
        for fact in ("start", "minimum"):
            assert np.array_equal(getattr(plain_twin, fact), getattr(rotated, fact))
        if instance:
            assert np.array_equal(plain_twin.placement.p, rotated.placement.p)
        for twin in (plain_twin, rotated):
            hessian = twin.grad(np.eye(20)) - twin.grad(np.zeros(20))
            spectrum = np.sort(np.linalg.eigvalsh(hessian))
            assert np.allclose(spectrum, np.sort(twin.placement.p[:20]), rtol=1e-9, atol=1e-15)
        rotation = rotated.placement.rotation
        assert np.allclose(rotation @ rotation.T, np.eye(20), atol=1e-13)
        assert np.array_equal(plain_twin.keys([0, 5]), rotated.keys([0, 5]))


@pytest.mark.parametrize("name", ["beale", "branin", "rosenbrock"])
def test_noise_of_the_planes_is_that_of_a_batch(name):
    """u a + v b, a and b means of 128 standard normal numbers, in the value and in its slopes."""
    quiet, loud = optbench.problem(name), optbench.problem(f"noisy_{name}")
    x = loud.start
    assert loud.value(x) == pytest.approx(quiet.value(x), rel=1e-14)
    np.testing.assert_allclose(loud.grad(x), quiet.grad(x), rtol=1e-13)
    f, g = quiet.value_and_grad(x)
    tilts, given = np.empty((4000, 2)), np.zeros(2)
    with np.errstate(over="ignore"):
        for k, tilt in enumerate(tilts):
            value = loud.definition(x, given, mix(np.uint64(1), k), 0)
            tilt[:] = given - g
            assert value - f == pytest.approx(tilt @ x, abs=1e-9 * abs(f))
    assert np.abs(tilts.mean(axis=0)).max() < 4 / np.sqrt(128 * 4000)
    assert tilts.std(axis=0) == pytest.approx([128**-0.5] * 2, rel=0.05)


@pytest.mark.parametrize("name", ["beale", "branin", "rosenbrock"])
def test_stored_noise_of_the_planes_is_deepobs_s(name):
    """Seed 42 of the legacy generator, all a and then all b, 78 full batches an epoch."""
    rng = np.random.RandomState(42)
    a, b = (np.float32(rng.normal(0.0, 1.0, 10_000)).astype(float) for _ in range(2))
    assert (a[0], b[0]) == pytest.approx((0.49671415, -0.67849473), rel=1e-7)
    quiet, stored = optbench.problem(name), optbench.problem(f"two_d_{name}")
    x, stream, g, rows = stored.start, np.uint64(11), np.zeros(2), []
    f, slopes = quiet.value_and_grad(x)
    with np.errstate(over="ignore"):
        for t in range(78):
            batch = [sample(stream, t, j, 128, 10_000) for j in range(128)]
            value = stored.definition(x, g, stored.placement.p, stream, t, 0)
            tilt = np.array([a[batch].mean(), b[batch].mean()])
            assert np.allclose(g - slopes, tilt, rtol=0, atol=1e-12 * np.abs(slopes).max())
            assert value == pytest.approx(f + tilt @ x, rel=1e-13)
            rows += batch
    assert len({*rows}) == 78 * 128, "without replacement"
    assert np.array_equal(stored.placement.p, optbench.problem(stored.name, instance=4).placement.p)


OWN = [
    name
    for name, found in FOUND.items()
    if not isinstance(found, NetDefinition)
    and "bbob" not in found.tags
    and (found.constants_function or found.instance_function or found.data)
    and "stochastic" in found.tags
]


@pytest.mark.parametrize("name", OWN)
def test_draws_of_an_instance_depend_on_no_other(name):
    """Made first, last, alone, or after NumPy's global generator was seeded: the same bytes."""

    def drawn(instances):
        _surface.cache_clear()
        made = {i: make(FOUND[name], None, i) for i in instances}
        return {
            i: (m.placement.p.tobytes(), m.start.tobytes(), problem_identity(m))
            for i, m in made.items()
        }

    np.random.seed(1)
    forwards, backwards = drawn([1, 2, 3, 4]), drawn([4, 3, 2, 1])
    np.random.seed(2)
    assert forwards == backwards and drawn([3]) == {3: forwards[3]}
    assert len({facts[2] for facts in forwards.values()}) == 4


def test_data_of_one_instance_are_not_test_data_of_another():
    """Seeds 42 and 43 would be, were instance and part added up."""
    parts = {}
    for instance in range(1, 7):
        p = optbench.problem("quadratic_deep", instance=instance).placement.p
        start = optbench.problem("quadratic_deep", instance=instance).start
        for part in range(3):
            mean = p[(7 + part) * 101 : (7 + part) * 101 + 100] - (start - 1.0)
            parts[instance, part] = mean
    means = np.stack(list(parts.values()))
    apart = np.abs(means[:, None] - means[None]).max(axis=-1)
    assert (apart[~np.eye(len(means), dtype=bool)] > 0.02).all()


@pytest.mark.parametrize("name", OWN)
def test_noise_leaves_the_value_that_is_asked_for_alone(name):
    problem = optbench.problem(name, instance=2)
    assert problem.value(problem.start) == problem.value(problem.start)
    if problem.minimum is not None:
        assert np.abs(problem.minimum).max() > 1e-3, "shrinking would win"
    if problem.placement.rotation is None:
        f, _ = plain.value_and_grad(optbench.problem(name), optbench.problem(name).start)
        assert f == pytest.approx(optbench.problem(name).value(optbench.problem(name).start))
