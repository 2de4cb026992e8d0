"""BBOB f101 - f130: COCO's values, the distribution of the noise, and what a noisy gradient is."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import optbench
from optbench.catalog import finding, plain
from optbench.define.draws import mix
from tests.problems.bbob import helpers
from tests.problems.bbob_noise import Noise, noisy_value, settings

NUMBERS = range(101, 131)
BASES = {
    **dict.fromkeys((101, 102, 103, 107, 108, 109), 1),
    **dict.fromkeys((104, 105, 106, 110, 111, 112), 8),
    **{113 + k: 7 for k in range(3)}, **{116 + k: 10 for k in range(3)},
    **{119 + k: 14 for k in range(3)}, **{122 + k: 17 for k in range(3)},
    **{125 + k: 19 for k in range(3)}, **{128 + k: 21 for k in range(3)},
}  # fmt: skip
"""The noise-free function behind each."""
FILE = Path(__file__).parents[1] / "oracles" / "bbob_noisy.txt"
DRAWS = 4000
BOUND = np.sqrt(np.log(2e3) / (2 * DRAWS))
"""Dvoretzky, Kiefer and Wolfowitz: a distribution is farther off with a chance below 1e-3."""


def noisy(number, dim=3, instance=2):
    return optbench.problem(f"bbob_f{number}", dim, instance)


def called(problem, x, key, full=0):
    """The author's function as plain Python: (f, g)."""
    room = np.full(problem.dim * problem.definition.scratch, np.nan)
    given = dict(
        x=x, g=np.full(problem.dim, np.nan), p=problem.placement.p, z=room, key=key, full=full
    )
    with np.errstate(over="ignore"):
        f = problem.definition(*(given[name] for name in problem.definition.arguments))
    return f, given["g"]


def keys(count):
    with np.errstate(over="ignore"):
        return [mix(np.uint64(5), k) for k in range(count)]


def draws(number, dim=2):
    """(factor, power, lift) of many evaluations, and the settings they are drawn with."""
    problem = noisy(number, dim)
    with np.errstate(over="ignore"):
        drawn = [helpers("_bbob_noise").drawn(problem.placement.p, key) for key in keys(DRAWS)]
    return np.array(drawn).T, settings(problem)


def apart(values, distribution):
    """The largest difference between the shares of values below points and what they should be."""
    values = np.sort(values)
    cdf = distribution.cdf(values)
    return max(np.abs(cdf - np.arange(k, DRAWS + k) / DRAWS).max() for k in (0, 1))


# ---------------------------------------------------------------------------------- COCO's values


def test_values_are_cocos_with_its_own_noise(monkeypatch):
    """Evaluated in COCO's order, with the numbers that COCO draws."""
    noise, seen = Noise(), set()
    for line in FILE.read_text().splitlines():
        if not line.startswith("#"):
            number, instance, point, value = line.split()
            x = np.array(point.split(","), dtype=float)
            problem = noisy(int(number), x.size, int(instance))
            monkeypatch.setattr(
                type(problem), "value", lambda self, x: plain.value_and_grad(self, x)[0]
            )
            found = noisy_value(problem, x, noise.drawn(settings(problem)))
            assert found == pytest.approx(float(value), rel=1e-9)
            seen.add(int(number))
    assert seen == {*NUMBERS} == {*BASES}


# --------------------------------------------------------------------------------- the noise itself


def test_gaussian_noise_is_log_normal():
    for number in (101, 107):
        (factor, power, lift), (beta, *others) = draws(number)
        assert beta == (0.01 if number < 107 else 1.0) and not any(others)
        assert apart(np.log(factor) / beta, stats.norm()) < BOUND
        assert not power.any() and not lift.any()


def test_uniform_noise_has_two_independent_uniform_numbers():
    for number, strength in ((105, 0.01), (108, 1.0)):
        (factor, power, lift), (beta, gamma, alpha, *others) = draws(number, 5)
        assert (beta, gamma, alpha) == (0.0, strength, pytest.approx(strength * 0.69))
        assert not any(others) and not lift.any()
        u, v = factor ** (1 / gamma), power / alpha
        assert apart(u, stats.uniform()) < BOUND and apart(v, stats.uniform()) < BOUND
        assert abs(np.corrcoef(u, v)[0, 1]) < 4 / np.sqrt(DRAWS)


def test_cauchy_noise_is_a_constant_with_rare_cauchy_numbers():
    for number, strength, share in ((106, 0.01, 0.05), (109, 1.0, 0.2)):
        (factor, power, lift), (*others, size, rare) = draws(number)
        assert (size, rare) == (strength, share) and not any(others)
        assert (factor == 1.0).all() and not power.any() and (lift >= 0.0).all()
        spike = lift / strength - 1000.0
        spikes = spike[np.abs(spike) > 1e-9]
        assert spikes.size == pytest.approx(share * DRAWS, abs=4 * np.sqrt(share * DRAWS))
        points = np.linspace(-5.0, 5.0, 41)
        shares = (spikes[:, None] <= points).mean(axis=0)
        bound = np.sqrt(np.log(2e3) / (2 * spikes.size))
        assert np.abs(shares - stats.cauchy.cdf(points)).max() < bound


def test_a_small_excess_is_reported_as_small_and_a_zero_as_the_offset_alone():
    noise = helpers("_bbob_noise")
    assert noise.disturbed(0.0, 2.0, 0.9, 0.0)[0] == noise.OFFSET
    excess = 10.0 ** np.arange(-30, 12)
    values, slopes = np.array([noise.disturbed(e, 0.7, 0.5, 0.0) for e in excess]).T
    assert (np.diff(values) > 0).all() and (slopes > 0).all()
    assert values[-1] == pytest.approx(0.7 * excess[-1])  # above 1e9 nothing grows


# ------------------------------------------------------------------------------ the noisy gradient


@pytest.mark.parametrize("number", [n for n in NUMBERS if BASES[n] != 7])
def test_the_gradient_is_the_slope_of_the_noisy_value_with_its_draw_held_fixed(number):
    problem = noisy(number)
    rng = np.random.default_rng(number)
    h = 2.0**-25 if BASES[number] == 19 else 2.0**-18  # f19 ripples faster than the others
    for key in keys(3):
        x = np.round(rng.uniform(-6.0, 6.0, 3) * 2**20) / 2**20  # so that steps from it are exact
        f, g = called(problem, x, key)
        slopes = np.empty(3)
        for i, axis in enumerate(h * np.eye(3)):
            near, far = (
                called(problem, x + k * axis, key)[0] - called(problem, x - k * axis, key)[0]
                for k in (1, 2)
            )
            slopes[i] = (8.0 * near - far) / (12.0 * h)
        rounding = 1e-14 * abs(f) / h
        assert np.allclose(g, slopes, rtol=1e-6, atol=1e-6 * np.abs(g).max() + rounding)
        penalty = 200.0 * np.sign(x) * np.maximum(np.abs(x) - 5.0, 0.0)
        quiet = called(problem, x, key, full=1)[1]
        ours, true = g - penalty, quiet - penalty
        whole = (ours @ true / (true @ true)) * true
        assert np.allclose(ours, whole, rtol=1e-9, atol=1e-9 * np.abs(g).max()), "one factor"
        if (number - 101) % 3 == 2:
            assert np.array_equal(g, quiet), "what is added has no slope"


def test_steps_of_a_run_see_the_noise_and_its_records_do_not():
    """Compiled, over many lanes of their own draws: the first steps' lengths are log-normal."""
    problem = noisy(107, 2)
    start = problem.start
    run = optbench.minimize("sgd", problem, steps=1, lr=1e-3, lanes=DRAWS, start=start)
    steps = (start - run.x) / (1e-3 * problem.grad(start))
    np.testing.assert_allclose(steps[:, 0], steps[:, 1], rtol=1e-9)
    assert apart(np.log(steps[:, 0]), stats.norm()) < BOUND
    np.testing.assert_allclose(run.f, problem.value(run.x), rtol=1e-13)


# ------------------------------------------------------------------------------ declared facts


@pytest.mark.parametrize("number", NUMBERS)
def test_without_noise_it_is_the_function_behind_it(number):
    base = optbench.problem(f"bbob_f{BASES[number]:02d}", 3, 2)
    problem = noisy(number)
    assert problem.f_min == base.f_min and np.array_equal(problem.minimum, base.minimum)
    assert np.array_equal(problem.starts([1, 2]), base.starts([1, 2]))
    assert problem.family == base.family and problem.kind == "stochastic"
    f, g = called(problem, problem.minimum, np.uint64(1), full=1)
    assert f == pytest.approx(problem.f_min, abs=1e-10) and np.abs(g).max() < 1e-6
    if BASES[number] == 10:
        return  # of another condition
    scale = 0.1 if BASES[number] == 19 else 1.0
    for x in np.random.default_rng(3).uniform(-5.0, 5.0, (5, 3)):
        f, g = called(problem, x, np.uint64(1), full=1)
        theirs, slopes = plain.value_and_grad(base, x)
        assert f - problem.f_min == pytest.approx(scale * (theirs - base.f_min), rel=1e-9)
        np.testing.assert_allclose(g, scale * slopes, rtol=1e-9)


def test_the_catalog_has_all_thirty_with_their_facts():
    known = finding.problems()
    assert {name for name in known if name.startswith("bbob_f1") and len(name) == 9} == {
        f"bbob_f{number}" for number in NUMBERS
    }
    for number in NUMBERS:
        found = known[f"bbob_f{number}"]
        assert found.source.endswith(f"noisy functions definitions, f{number}")
        assert {"bbob", "stochastic"} < {*found.tags} and found.targets == "absolute"
        assert ("heavy-tailed" in found.tags) == ((number - 101) % 3 == 2)
        assert ("no_gradient" in found.tags) == (number in (113, 114, 115))
