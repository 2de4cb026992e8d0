"""CUDA's kernels in Numba's simulator equal the CPU (`make test-cuda`, in its own process)."""

import itertools

import numpy as np
import pytest

import optbench
from optbench.catalog import finding
from optbench.define import normal, permuted, problem, uniform
from optbench.lanes import devices

from . import cases

pytestmark = [
    pytest.mark.cudasim,
    pytest.mark.filterwarnings("ignore:overflow encountered"),
    # of the sums of products of numbers made larger, which are not taken
    pytest.mark.filterwarnings("ignore:invalid value encountered in scalar add"),
]
STEPS = 10
CLOSE = 1e-12
ROUGH = {"barzilai_borwein": 1e-10}
"""Rules that divide differences of nearly equal numbers."""
STILL = 1e-9
"""A rate at which ten steps do not amplify rounding, not even on rough surfaces."""
STILLER = {"bbob_f16": 1e-11}
"""Weierstrass' function has a curvature of 8e9: steps of 1e-9 diverge, rounding grows sevenfold."""
STEEP = {"bbob_f16": 1e-9}
"""... and its twelve tripled angles make an error of 3^11 roundings in its gradient."""
SEEDS = {"bbob_f24": 1, "chebyshev_rosenbrock": 1}
"""Of problems on whose declared start rounding decides between two gradients: the two funnels of
the one are equally high there, which Adam's first steps keep so, and the other starts on a kink."""


def both(optimizer, name, lanes=3, steps=STEPS, **settings):
    """Run on the CPU and in the simulator."""
    return [
        optbench.minimize(
            optimizer, finding.problem(name, None, 3) if isinstance(name, str) else name,
            steps=steps, lanes=lanes, device=device, **settings,
        )
        for device in ("cpu", "cuda")
    ]  # fmt: skip


def assert_equal(cpu, cuda, close=CLOSE):
    """Compare all that a run gives, relative to its largest numbers."""
    pairs = [(cpu.x, cuda.x), *zip(_recorded(cpu), _recorded(cuda), strict=True)]
    assert np.isfinite(cpu.x).all()
    for ours, theirs in pairs:  # a regression has no accuracy: NaN on both sides
        scale = 1 + np.nanmax(np.abs(ours), initial=0)
        np.testing.assert_allclose(theirs / scale, ours / scale, rtol=close, atol=close)
    np.testing.assert_array_equal(cuda.hits, cpu.hits)
    np.testing.assert_array_equal(cuda.status, cpu.status)
    np.testing.assert_array_equal(cuda.steps, cpu.steps)


def _recorded(run):
    return run.records.f, run.records.best, run.records.x, run.records.metrics


@pytest.mark.parametrize("name", ["rosenbrock", "noisy_quadratic"])
def test_lanes_with_settings_of_their_own_equal_the_cpu(name):
    settings = dict(
        lr=[1e-3, 1e-2, 1e-3],
        beta1=[0.9, 0.5, 0.8],
        beta2=[0.99, 0.9, 0.95],
        eps=[1e-8, 1e-3, 1e-6],
    )
    assert_equal(*both("adam", name, **settings, schedule="linear", schedule_final=[0.1, 0.0, 1.0]))


@pytest.mark.parametrize("surface", cases.SURFACES)
@pytest.mark.parametrize("rule", cases.rules())
def test_every_rule_on_three_problems(rule, surface):
    assert_equal(*both(rule, surface, lr=1e-4), close=ROUGH.get(rule, CLOSE))


@pytest.mark.parametrize(
    ("name", "rule"), [*zip(cases.problems(), itertools.cycle(cases.RULES), strict=False)]
)
def test_every_problem_under_a_rule(name, rule):
    """Rules take turns: what a problem does on CUDA does not depend on who asks."""
    steps, rate = steps_and_rate(name)
    assert_equal(*both(rule, name, lanes=1, steps=steps, lr=rate, seed=SEEDS.get(name, 0)))


def steps_and_rate(name):
    """A pass over all data takes the simulator seconds, but bears a larger step."""
    if of_kind(name, "data"):
        return 1, 1e-2
    return STEPS, STILLER.get(name, STILL)


def of_kind(name, kind):
    return finding.problem(name).kind == kind


def has_gradients_of_its_own(name):
    """Whether a problem's first step takes the gradient of that step."""
    return not of_kind(name, "data") and "stale" not in dict(finding.definition(name).given)


@pytest.mark.parametrize("name", filter(has_gradients_of_its_own, cases.problems()))
def test_every_gradient(name):
    """A step as long as the gradient allows shows it, where a small one hides it."""
    problem = finding.problem(name, None, 3)
    seed = SEEDS.get(name, 0)
    largest = np.abs(problem.grad(problem.starts([seed])[0])).max()
    cpu, cuda = both("gd", name, lanes=1, steps=1, lr=1 / max(1.0, largest), seed=seed)
    close = STEEP.get(name, CLOSE)
    np.testing.assert_allclose(cuda.x, cpu.x, rtol=close, atol=close)
    np.testing.assert_allclose(cuda.f_start, cpu.f_start, rtol=close, atol=close)


def test_blocks_chunks_and_stragglers():
    assert_equal(*both("adam", "rosenbrock", lanes=131))


def test_targets_end_lanes_alike():
    cpu, cuda = both("gd", "sphere", steps=60, lr=0.4)
    assert (cpu.status == "target").all()
    assert_equal(cpu, cuda)


def drawn(draw):
    """Return a surface whose value is a draw."""

    def surface(x, g, key):
        for i in range(len(x)):
            g[i] = 0.0 * x[i]
        return draw(key) + 0.0 * x[0]

    surface.__name__ = draw.__name__
    return problem(start=[1.0, 1.0], source="test")(surface)


def one_uniform(key):
    return uniform(key, 3)


def one_normal(key):
    return normal(key, 5)


def one_permuted(key):
    return 1.0 * permuted(key, 7, 100)


@pytest.mark.parametrize("draw", [one_uniform, one_normal, one_permuted])
def test_draws_are_the_same_to_the_last_bit(draw):
    cpu, cuda = both("gd", finding.problem(drawn(draw)), lanes=4, lr=0.1)
    assert len(np.unique(cpu.f)) > 1
    np.testing.assert_array_equal(cuda.records.f, cpu.records.f)


def test_the_simulator_counts_as_a_device():
    assert devices.resolve("auto") == "cuda"


@pytest.mark.parametrize("rule", ["gd", "schedule_free_sgd", "gd[sam_rho=0.1]"])
def test_a_start_that_is_not_finite_ends_its_own_lane_alone(rule):
    start = [[1.0, 1.0], [np.nan, 1.0], [1.0, 1e300]]
    cpu, cuda = both(rule, "sphere", lr=0.1, start=start)
    for run in (cpu, cuda):
        assert run.status.tolist() == ["budget", "not finite", "not finite"]
        np.testing.assert_array_equal(run.x[1], start[1])
        assert (run.f[1:] == np.inf).all() and np.isnan(run.f_start[1])
    np.testing.assert_array_equal(cuda.steps, cpu.steps)
    np.testing.assert_allclose(cuda.x[0], cpu.x[0], rtol=CLOSE)


PERTURBED = [
    "rosenbrock[scale=10,permute=true,noise=0.1,stale=2]",
    "ackley[drift=0.01,rotate=true,barrier=1,correlated_noise=0.1]",
    "logistic_breast_cancer[sparse=0.5,gradient_bits=8]",
]
"""With memory, room, draws; a gradient by hand, one of dual numbers; a mini-batch."""


@pytest.mark.parametrize("name", PERTURBED)
def test_perturbed_problems(name):
    steps = 1 if name.startswith("logistic") else STEPS
    assert_equal(*both("adam", name, lanes=2, steps=steps, lr=1e-2))
