"""Why lanes failed: lanes whose fate is known, and how often it is told."""

import collections

import numpy as np
import pytest

import optbench
from optbench.define import problem as define
from optbench.kernels.status import STATUS_NAMES, Failure
from optbench.lanes.failures import failures
from optbench.lanes.standing import Ends
from tests.surfaces import bowl, wall

TAU = 2.0 * np.pi


def ends_of(run, problem, share=1e-8, **changes):
    """Return how lanes ended, whose target is a share of the gap at the start."""
    n = len(run.f)
    half = np.searchsorted(run.records.steps, run.records.steps[-1] / 2, side="right") - 1
    best = run.records.best - problem.f_min
    with np.errstate(all="ignore"):
        fall = 1.0 - best[:, -1] / best[:, half]
    target = share * (run.f_start - problem.f_min)
    facts = dict(
        instance=np.zeros(n, int), x=run.x.astype(float), f_ref=np.full(n, problem.f_min),
        f_start=run.f_start, f_final=run.f,
        status=np.array([STATUS_NAMES.index(word) for word in run.status]), steps=run.steps,
        asked=np.ones(n, bool), reached=run.f - problem.f_min <= target,
        fall=fall, basin_gap=np.full(n, np.nan),
    )  # fmt: skip
    return Ends(**facts | changes)


def ended(problem, optimizer="gd", *, steps=300, share=1e-8, changes=(), **options):
    """Run one lane; return why it failed, and the evidence."""
    problem = optbench.problem(problem) if isinstance(problem, str) else problem
    run = optbench.minimize(optimizer, problem, steps=steps, **options)
    failure, evidence = failures((problem,), ends_of(run, problem, share, **dict(changes)))
    return Failure(failure[0]), evidence[0]


def there(problem, z):
    """Return where an author's point is on an instance that is shifted and scaled."""
    declared = optbench.problem(problem.name, problem.dim).minimum
    return problem.minimum + problem.placement.scale * (np.asarray(z) - declared)


# ------------------------------------------------------------------------------ of any lane


def test_a_lane_that_reached_its_target_did_not_fail():
    failure, evidence = ended("booth", lr=0.1)
    assert failure == Failure.NONE and np.isnan(evidence)


def test_too_large_a_rate_diverges_and_then_is_not_finite():
    """Each step on a bowl takes x to (1 - 2 lr) x, so the gap grows by 25 at a rate of 3."""
    bowls = optbench.problem(bowl, 2)
    failure, evidence = ended(bowls, steps=4, lr=3.0)
    assert failure == Failure.DIVERGED and evidence == pytest.approx(25.0**4)
    assert ended(bowls, steps=1, lr=3.0)[0] != Failure.DIVERGED  # 25 times is not 100
    failure, evidence = ended(bowls, steps=1000, lr=3.0)
    steps = np.log(np.finfo(float).max / 5) / np.log(25.0)
    assert failure == Failure.NOT_FINITE and abs(evidence - steps) <= 2


def test_a_jump_over_a_wall_is_not_finite_at_its_step():
    failure, evidence = ended(optbench.problem(wall), steps=50, lr=1.5)  # -2 x: 256 after 8
    assert failure == Failure.NOT_FINITE and evidence == 8


def test_too_small_a_budget_leaves_a_lane_descending():
    failure, evidence = ended("rosenbrock", steps=200, lr=1e-3)
    assert failure == Failure.BUDGET and 0.01 < evidence < 1.0
    assert ended("ellipsoid_1e6", steps=500, lr=1e-6)[0] == Failure.BUDGET


def test_a_constant_step_that_hops_over_the_minimum_has_stalled():
    """The sign's step is lr in every coordinate: on a bowl the gap ends below d lr^2."""
    failure, evidence = ended(optbench.problem(bowl, 2), "sign_sgd", steps=500, lr=0.03)
    assert failure == Failure.STALLED and evidence < 0.01


def test_without_a_target_only_what_is_lost_has_failed():
    changes = [("asked", np.array([False]))]
    assert ended("rosenbrock", steps=50, lr=1e-3, changes=changes)[0] == Failure.NONE
    bowls = optbench.problem(bowl, 2)
    assert ended(bowls, steps=1000, lr=3.0, changes=changes)[0] == Failure.NOT_FINITE
    assert ended(bowls, steps=4, lr=3.0, changes=changes)[0] == Failure.DIVERGED


def test_the_cliff_throws_lanes_out_of_the_box_or_onto_the_plateau_behind():
    """The wall's slope is a product of 50 factors beyond 1: Pascanu et al. 2013, fig. 6."""
    problem = optbench.problem("recurrent_cliff")
    run = optbench.minimize("gd", problem, steps=100, lr=0.5, start=[5.0, -2.0])
    low, high = np.array([problem.minimum[0], -3.0]), np.array([6.0, 0.0])
    beyond = np.linalg.norm(np.maximum(run.x[0] - high, 0.0)) / np.linalg.norm(high - low)
    failure, evidence = ended(problem, steps=100, lr=0.5, start=[5.0, -2.0])
    assert failure == Failure.LEFT_THE_BOX and evidence == pytest.approx(beyond) and beyond > 2.0
    assert ended(problem, steps=100, lr=0.5, start=[5.0, -2.3])[0] == Failure.PLATEAU


# --------------------------------------------------------------- where nothing leads on


def test_the_stable_manifold_leads_to_the_saddle():
    failure, evidence = ended("strict_saddle", lr=0.1, start=[0.0, 0.7])
    assert failure == Failure.SADDLE and evidence == pytest.approx(-1.0)
    assert ended("strict_saddle", lr=0.1, start=[0.1, 0.7])[0] == Failure.NONE


def test_a_saddle_without_curvature_is_one_on_the_way_there():
    """On the axis gradient descent goes as x' = -3 x^2; the least eigenvalue is 3 x^2 - 6 x."""
    failure, evidence = ended("monkey_saddle", lr=0.1, start=[0.05, 0.0], steps=500)
    x = optbench.minimize("gd", "monkey_saddle", lr=0.1, start=[0.05, 0.0], steps=500).x[0, 0]
    assert failure == Failure.SADDLE and evidence == pytest.approx(3.0 * x * x - 6.0 * x, rel=1e-4)
    assert ended("monkey_saddle", lr=0.1, start=[0.0, 0.0])[0] == Failure.PLATEAU  # flat, too


def test_rastrigins_other_minima_are_told_by_their_curvature():
    """In each coordinate x^2 + 10 (1 - cos(2 pi x)) bends by 2 + 40 pi^2 cos(2 pi x)."""
    problem = optbench.problem("rastrigin", 2)
    run = optbench.minimize("gd", problem, steps=300, lr=0.002, start=[1.1, 2.1])
    failure, evidence = ended(problem, lr=0.002, start=[1.1, 2.1])
    bends = 2.0 + 10.0 * TAU**2 * np.cos(TAU * run.x[0])
    assert failure == Failure.OTHER_MINIMUM and evidence == pytest.approx(bends.min(), rel=1e-5)
    assert ended(problem, lr=0.002, start=[0.1, 0.2])[0] == Failure.NONE


def test_a_lane_that_swings_about_another_minimum_is_at_it():
    problem = optbench.problem("rastrigin", 2)
    at = dict(lr=0.005, start=[1.1, 2.1], steps=500)
    assert ended(problem, "sign_sgd", **at)[0] == Failure.OTHER_MINIMUM
    level = [("basin_gap", np.array([0.99]))]
    assert ended(problem, "sign_sgd", changes=level, **at)[0] == Failure.OTHER_MINIMUM
    at["start"] = [0.1013, 0.2017]  # about the global one
    assert ended(problem, "sign_sgd", changes=level, **at)[0] == Failure.STALLED


def test_a_plateau_is_flat_on_all_scales():
    """At radius r slope and curvature are r e^(-r^2/2) and (r^2 - 1) e^(-r^2/2), the gap is 1."""
    for start in ([3.0, -2.5], [3.5, -3.5], [0.0, 4.0]):
        failure, evidence = ended("plateau", lr=1e-3, start=start)
        square = np.dot(start, start)
        assert failure == Failure.PLATEAU
        assert evidence == pytest.approx(square * np.exp(-square / 2), rel=0.1)
    assert ended("plateau", lr=1e-3, start=[1.0, 1.5])[0] == Failure.BUDGET


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_scales_of_values_and_coordinates_change_no_word(factor):
    """f(x) = factor * strict_saddle(x / factor), shifted far from 0."""

    @define(
        name=f"saddle_of_scale_{round(np.log10(factor)) + 6}",
        start=[3 * factor, 3.5 * factor], f_min=0.0,
        minimum=[4 * factor, 3 * factor], box=([2 * factor] * 2, [4 * factor] * 2),
        tags=["nonconvex"],
    )  # fmt: skip
    def scaled(x, g):
        a, b = x[0] / factor - 3.0, x[1] / factor - 3.0
        g[0], g[1] = (a * a - 1.0) * a, b
        return factor * (0.25 * (a * a - 1.0) ** 2 + 0.5 * b * b)

    problem = optbench.problem(scaled)
    failure, evidence = ended(problem, lr=0.1 * factor, steps=200)
    assert failure == Failure.SADDLE and evidence == pytest.approx(-1.0 / factor, rel=1e-4)


@pytest.mark.parametrize("name", ["l1", "crescent"])
def test_of_kinks_no_slope_tells(name):
    failure = ended(name, steps=200, lr=1e-3)[0]
    assert failure in (Failure.BUDGET, Failure.STALLED)


# ------------------------------------------------------------------------- a confusion count


def fates(rng):
    """Yield (the truth, instance, optimizer, options) of lanes whose fate is settled by design."""
    for number in range(8):
        saddle = optbench.problem("strict_saddle_5", 10, number)
        z = np.where(np.arange(10) < 5, 0.0, rng.uniform(-1, 1, 10))
        yield Failure.SADDLE, saddle, "gd", dict(lr=0.1, steps=150, start=there(saddle, z))
        far = optbench.problem("plateau", None, number)
        angle, radius = rng.uniform(0, TAU), rng.uniform(3.9, 5.5)
        z = radius * np.array([np.cos(angle), np.sin(angle)])
        yield Failure.PLATEAU, far, "gd", dict(lr=1e-3, steps=100, start=there(far, z))
        ripples = optbench.problem("rastrigin", 3, number)
        z = rng.choice([-3, -2, -1, 1, 2, 3], 3) + rng.uniform(-0.2, 0.2, 3)
        own = dict(lr=0.002, steps=200, start=there(ripples, z))
        yield Failure.OTHER_MINIMUM, ripples, "gd", own
        own |= dict(lr=0.005, steps=300)
        yield Failure.OTHER_MINIMUM, ripples, "sign_sgd", own
        valley = optbench.problem("rosenbrock", 10, number)
        yield Failure.BUDGET, valley, "adam", dict(lr=0.01, steps=100)
        steep = optbench.problem("ellipsoid_1e6", 10, number)
        yield Failure.BUDGET, steep, "gd", dict(lr=1e-7, steps=200)
        yield Failure.DIVERGED, steep, "gd", dict(lr=4e-6 * steep.placement.scale**2, steps=10)
        yield Failure.NOT_FINITE, steep, "gd", dict(lr=1e-4, steps=500)
        round_ = optbench.problem(bowl, 4, number)
        yield Failure.STALLED, round_, "sign_sgd", dict(lr=0.03, steps=400)
        yield Failure.NONE, round_, "gd", dict(lr=0.2, steps=200)


def test_the_confusion_count_is_diagonal():
    counts = collections.Counter(
        (truth.words, ended(problem, optimizer, **options)[0].words)
        for truth, problem, optimizer, options in fates(np.random.default_rng(5))
    )
    assert {pair: n for pair, n in counts.items() if pair[0] != pair[1]} == {}
    assert sum(counts.values()) == 80
