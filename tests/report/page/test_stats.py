"""The browser's figures of merit are those of Python, on the same data."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from optbench.report import overview
from optbench.report.kinds.kind_table import kind_table
from optbench.report.merit import data_profiles, performance, ranks, running_time, steps
from optbench.report.statistics.basins import gaps_compare
from optbench.report.statistics.problem_objectives import bounded_logs
from tests.report.comparing.lanes import pair_lanes
from tests.report.page.lanes import FAMILIES, LANES, as_costs, as_lists, costs_of, random_lanes

pytestmark = pytest.mark.browser
SEEDS = range(6)
BASES = ("evaluations", "gap", "value", "validation", "training", "anytime")
TIGHT = {"rel": 1e-12, "abs": 1e-12, "nan_ok": True}


def costs(seed):
    """Return ERT [problems, optimizers], some of them unsolved, some not run."""
    lanes = random_lanes(seed)
    cost = running_time.expected_evaluations(lanes["cost"], lanes["reached"])
    return np.where(lanes["ran"], cost, np.nan)


@pytest.mark.parametrize("seed", SEEDS)
def test_expected_evaluations(stats, seed):
    lanes = random_lanes(seed)
    of = running_time.expected_evaluations(lanes["cost"], lanes["reached"])
    for p, o in np.ndindex(of.shape):
        assert stats("expected", costs_of(lanes, p, o)) == pytest.approx(of[p, o], **TIGHT)


@pytest.mark.parametrize("seed", SEEDS)
def test_profiles(stats, seed):
    cost, dims = costs(seed), np.array([2, 10, 100, 5, 3, 30])
    ratios = performance.performance_ratios(cost)
    own = stats("performanceRatios", cost.tolist())
    np.testing.assert_allclose(own, ratios, rtol=1e-12)
    areas = performance.algoperf_scores(ratios)
    assert stats("algoperfScores", own) == pytest.approx(areas, **TIGHT)
    np.testing.assert_allclose(
        stats("simplexGradients", cost.tolist(), dims.tolist()),
        data_profiles.simplex_gradients(cost, dims), rtol=1e-12,
    )  # fmt: skip
    for column in ratios.T:
        at, height = steps.steps(column)
        own_at, own_height = stats("steps", column.tolist())
        assert own_at == at.tolist()
        assert own_height == pytest.approx(height, **TIGHT)


@pytest.mark.parametrize("seed", SEEDS)
def test_profiles_of_fewer_optimizers_are_computed_anew(stats, seed):
    cost = costs(seed)[:, 1:]
    np.testing.assert_allclose(
        stats("performanceRatios", cost.tolist()), performance.performance_ratios(cost), rtol=1e-12
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_runtimes_of_several_problems(stats, seed):
    rng = np.random.default_rng(seed)
    hits = [np.exp(rng.normal(3.0, 2.0, n)) for n in (20, 45, 8)]
    for own in hits:
        own[rng.random(len(own)) < 0.3] = math.inf
    at = np.geomspace(1.0, 1e4, 16)
    problems = [
        {"count": len(own), "met": [int((own <= x).sum()) for x in at], "last": len(at) - 1}
        for own in hits
    ]
    shares = steps.shares(np.concatenate(hits), at)
    assert stats("runtimeShares", problems, len(at)) == pytest.approx(shares, **TIGHT)
    cut = [own | {"last": 7} for own in problems]
    mine = stats("runtimeShares", cut, len(at))
    assert mine == pytest.approx(np.minimum(shares, shares[7]), **TIGHT)


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_and_friedmans_test(stats, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 9, (12, 5)).astype(float)
    values[rng.random(values.shape) < 0.1] = math.inf
    test = ranks.friedman(values)
    point = float(scipy_stats.studentized_range.isf(0.05, 5, math.inf))
    own = stats("friedman", values.tolist(), point)
    assert own["meanRanks"] == pytest.approx(ranks.ranks(values).mean(axis=0), **TIGHT)
    assert own["statistic"] == pytest.approx(test.statistic, **TIGHT)
    assert own["p"] == pytest.approx(test.p, **TIGHT)
    assert own["difference"] == pytest.approx(test.difference, **TIGHT)
    by_family = stats("familyRanks", values[:6].tolist(), FAMILIES)
    of_problem = ranks.ranks(values[:6])
    for row, family in zip(by_family, dict.fromkeys(FAMILIES), strict=True):
        mine = of_problem[np.array(FAMILIES) == family].mean(axis=0)
        assert row == pytest.approx(mine, **TIGHT)


def test_friedmans_test_of_ties_alone(stats):
    assert stats("friedman", [[1.0, 1.0, 1.0]] * 10, 3.3) is None


@pytest.mark.parametrize("free", [1, 2, 3, 13, 51])
def test_the_tail_of_chi_squared(stats, free):
    for value in (0.0, 0.01, 0.5, free - 0.5, free + 3.0, 4.0 * free, 200.0):
        sf = float(scipy_stats.chi2.sf(value, free))
        assert stats("chi2Above", value, free) == pytest.approx(sf, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("seed", SEEDS)
def test_objectives_and_ratios_to_the_best(stats, basis, seed):
    lanes = random_lanes(seed)
    p = seed % len(lanes["cost"])
    of = as_costs(lanes, p)
    logs = bounded_logs(basis, of)
    own = [as_lists(lanes, p, o) for o in range(len(logs))]
    for mine, log in zip(own, logs, strict=True):
        assert stats("logObjective", basis, mine) == pytest.approx(log, **TIGHT)
    if basis != "value":
        scores = stats("problemScores", basis, own)
        assert scores["above"] == pytest.approx(logs - logs.min(), **TIGHT)
        lost = ~lanes["reached"][p].any(axis=1) & (basis == "evaluations")
        assert scores["bounded"] == lost.tolist()


def test_gaps_count_where_no_lane_reached(stats):
    none, one = {"reached": [0] * LANES}, {"reached": [0, 1]}
    assert stats("commonBasis", "gap", [none, one]) == "evaluations"
    assert stats("commonBasis", "evaluations", [none, none]) == "gap"
    assert stats("commonBasis", "gap", [none, one], True) == "gap"
    assert stats("commonBasis", "validation", [none, one]) == "validation"


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("absolute", [True, False])
def test_gaps_order_optimizers_where_python_says_so(stats, local, absolute):
    compare = gaps_compare({"local": local, "absolute_targets": absolute})
    assert stats("hasRatio", "gap", compare) == (local or absolute)
    for basis in ("evaluations", "anytime", "validation", "training"):
        assert stats("hasRatio", basis, compare)
    assert not stats("hasRatio", "value", compare)


@pytest.mark.parametrize("seed", SEEDS)
def test_places(stats, seed):
    rows = costs(seed)
    own = [stats("places", row.tolist()) for row in rows]
    np.testing.assert_allclose(own, overview.ranks(rows), rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_of_kinds_are_those_of_the_table_of_kinds(bare, stats, seed):
    lanes = random_lanes(seed)
    places = [(p, o) for p, o in np.ndindex(lanes["ran"].shape) if lanes["ran"][p, o]]
    # On half of the runs nobody's gaps order the first problem, where no lane reached the target.
    compare = [bool(p or seed % 2) for p in range(len(FAMILIES))]
    table = kind_table([
        pair_lanes(
            f"o{o}", as_costs(lanes, p).at(trials=slice(o, o + 1)), label=f"p{p} (d=2)",
            family=FAMILIES[p], tags="convex", local=compare[p],
        ) for p, o in places
    ])  # fmt: skip
    table = table[(table["setting"] == "tuned") & table["score"].notna()]
    problems = []
    for p, family in enumerate(FAMILIES):
        names = [o for of, o in places if of == p]
        own = [as_lists(lanes, p, o) for o in names]
        basis = stats("commonBasis", "evaluations", own)
        if stats("hasRatio", basis, compare[p]):
            scores = stats("problemScores", basis, own)
            problems.append({"family": family, "names": [f"o{o}" for o in names], **scores})
    assert len(problems) == len(FAMILIES) - (seed % 2 == 0)
    scored = bare.evaluate("(problems) => optbench.kindScores(problems)", problems)
    assert [own["name"] for own in scored] == table["optimizer"].tolist()
    assert [own["bounded"] for own in scored] == table["at_least"].tolist()
    assert [own["score"] for own in scored] == pytest.approx(table["score"].tolist(), **TIGHT)
