"""Reference values: against a Newton's method of our own, alone and together, kept and damaged."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

import optbench
from optbench.catalog import basins, convex, references
from optbench.catalog.convex import smooth_convex
from optbench.catalog.references import reference, reference_values, solution
from optbench.errors import UserError
from optbench.kernels.compiling import entries
from optbench.nets import data

LOGISTIC_L2 = 1e-2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, and a process that has solved nothing."""
    monkeypatch.delenv("OPTBENCH_CACHE", raising=False)
    monkeypatch.setenv("OPTBENCH_CACHE_DIR", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache"
    forget()


def forget():
    references._SOLVED.clear()
    solution.cache_clear()
    basins._second_level.cache_clear()


def refuse(*arguments, **options):
    raise AssertionError("solved again")


def least_logistic_loss(instance):
    """Newton's method with the Hessian of the textbook: X' diag(p (1 - p)) X / n + penalty."""
    X, y = data.split("breast_cancer", instance).train
    X, sign = np.column_stack([X, np.ones(len(y))]), 2.0 * y - 1.0
    penalty = LOGISTIC_L2 * np.diag([1.0] * (X.shape[1] - 1) + [0.0])
    w = np.zeros(X.shape[1])
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(sign * (X @ w)))
        gradient = -(X.T @ (sign * p)) / len(y) + penalty @ w
        w = w - np.linalg.solve((X.T * (p * (1.0 - p))) @ X / len(y) + penalty, gradient)
    return np.logaddexp(0.0, -sign * (X @ w)).mean() + 0.5 * w @ penalty @ w


@pytest.mark.parametrize("instance", [0, 1, 12])
def test_the_logistic_regression_has_the_value_of_newtons_method(instance, folder):
    value, source = reference(optbench.problem("logistic_breast_cancer", instance=instance))
    assert source == "solver"
    assert value == pytest.approx(least_logistic_loss(instance), rel=1e-12)


def test_values_together_are_those_of_one_by_one(folder):
    """Declared, solved, unknown and asked for twice; whatever the number of threads."""
    solved = [optbench.problem("softmax_iris", instance=i) for i in (1, 2, 3)]
    others = [optbench.problem("booth"), optbench.problem("softmax_wine"), solved[0]]
    together = reference_values([*solved, *others], threads=3)
    assert [one.source for one in together] == ["solver"] * 3 + ["declared"] + ["solver"] * 2
    alone = []
    for problem in [*solved, *others]:
        forget()
        entries.clear(folder)
        alone.append(reference(problem))
    assert together == alone
    assert len({one.value for one in together}) == 5 and together[0] == together[-1]


def test_what_was_solved_is_kept_for_other_processes(folder, monkeypatch):
    problems = [optbench.problem("softmax_iris", instance=i) for i in (1, 2)]
    first = reference_values(problems)
    forget()
    monkeypatch.setattr(convex, "smooth_convex", refuse)
    assert reference_values(problems) == first
    with pytest.raises(AssertionError, match="solved again"):
        reference(optbench.problem("softmax_iris", instance=3))


@pytest.mark.parametrize("damage", ["a byte", "the end", "all", "another length"])
def test_what_is_damaged_is_solved_again(damage, folder):
    problem = optbench.problem("softmax_iris", instance=1)
    first = reference(problem)
    before = {path.name for path in folder.iterdir()}
    kept = [path for path in folder.iterdir() if path.stat().st_size < 100]
    assert len(kept) == 1, "one small file beside compiled code"
    content = kept[0].read_bytes()
    if damage == "another length":
        entries.place(folder, kept[0].stem, b"1234")
    else:
        kept[0].write_bytes(
            {"a byte": content[:-1] + bytes([content[-1] ^ 1]), "the end": content[:-4]}.get(
                damage, b""
            )
        )
    forget()
    assert reference(problem) == first
    assert kept[0].read_bytes() == content and {path.name for path in folder.iterdir()} == before


def test_nothing_is_kept_where_the_cache_is_off(folder, monkeypatch):
    monkeypatch.setenv("OPTBENCH_CACHE", "off")
    first = reference(optbench.problem("softmax_iris", instance=1))
    assert not folder.exists()
    forget()
    monkeypatch.setenv("OPTBENCH_CACHE", "on")
    assert reference(optbench.problem("softmax_iris", instance=1)) == first


def test_another_solver_solves_again(folder, monkeypatch):
    problem = optbench.problem("softmax_iris", instance=1)
    reference(problem)
    forget()
    monkeypatch.setattr(references, "_WHAT", "reference value of another solver")
    monkeypatch.setattr(convex, "smooth_convex", refuse)
    with pytest.raises(AssertionError, match="solved again"):
        reference(problem)


def test_all_is_solved_in_advance(folder, monkeypatch):
    problems = [
        optbench.problem("softmax_iris", instance=1), optbench.problem("rastrigin", 2, 3),
        optbench.problem("sphere"), optbench.problem("iris_tanh"),
    ]  # fmt: skip
    basins.prepare(problems)
    monkeypatch.setattr("scipy.optimize.minimize", refuse)
    monkeypatch.setattr(convex, "smooth_convex", refuse)
    assert [reference(one).source for one in problems] == ["solver", "declared", "declared", "none"]
    assert [basins.basin_gap(one) is None for one in problems] == [True, False, True, True]
    forget()
    assert basins.second_level(problems[1]) == pytest.approx(0.9949590570932898, rel=1e-6)


# ------------------------------------------------------------------------------------- the solver


def quadratic(curvatures, centre):
    """Return the values and gradients of a rotated quadratic."""
    rotation = np.linalg.qr(np.random.default_rng(3).standard_normal((len(centre),) * 2))[0]
    hessian = (rotation * curvatures) @ rotation.T

    def value_and_grad(x):
        off = np.asarray(x) - centre
        g = off @ hessian
        return 0.5 * (off * g).sum(axis=-1), g

    return value_and_grad


@pytest.mark.parametrize("dim", [1, 3, 40, 100])
@pytest.mark.parametrize("most", [0, convex.LARGEST_DENSE])
def test_quadratics_are_solved_on_either_way(dim, most, monkeypatch):
    monkeypatch.setattr(convex, "LARGEST_DENSE", most)
    centre = np.random.default_rng(dim).normal(size=dim)
    x = smooth_convex(quadratic(np.geomspace(1e-3, 1.0, dim), centre), np.zeros(dim))
    np.testing.assert_allclose(x, centre, atol=1e-6)


def test_valleys_of_fourth_order_are_solved_as_scipy_solves_them():
    """sum log cosh(3 (A x - b)), whose Hessian changes much and vanishes far away."""
    rng = np.random.default_rng(1)
    A, b = rng.normal(size=(30, 5)), rng.normal(size=30)

    def value_and_grad(x):
        off = 3.0 * (np.asarray(x) @ A.T - b)
        return np.logaddexp(off, -off).sum(axis=-1), 3.0 * np.tanh(off) @ A

    x = smooth_convex(value_and_grad, np.full(5, 30.0))
    theirs = minimize(
        value_and_grad, np.zeros(5), jac=True, method="BFGS", options={"gtol": 1e-9}
    ).x
    np.testing.assert_allclose(x, theirs, atol=1e-8)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (np.exp(-x).sum(-1), -np.exp(-x)),  # falls for ever
        lambda x: (-np.square(x).sum(-1), -2.0 * x),  # a hill
        lambda x: (np.full(np.shape(x)[:-1], np.nan)[()], np.full(np.shape(x), np.nan)),
    ],
)
def test_what_has_no_minimiser_is_refused(function):
    with pytest.raises(UserError, match="no minimiser was found"):
        smooth_convex(lambda x: function(np.asarray(x)), np.array([0.3, 0.1]))


# ------------------------------------------------------------------------------------------ levels


def test_instances_whose_author_varies_them_have_levels_of_their_own(folder):
    """x^4 - 2 x^2 + p x: the barrier's other side is about 2 p above."""

    @optbench.define.problem(
        start=[2.0], minimum=None, box=(-2.0, 2.0), tags=["nonconvex", "several-basins"]
    )
    def double_well(x, g, p):
        g[0] = 4.0 * x[0] ** 3 - 4.0 * x[0] + p[0]
        return x[0] ** 4 - 2.0 * x[0] ** 2 + p[0] * x[0]

    @double_well.instance
    def tilts(dim, instance):
        tilt = 0.1 * instance
        low, _, high = sorted(np.roots([4.0, 0.0, -4.0, tilt]).real)
        least = low**4 - 2.0 * low**2 + tilt * low
        return {"p": [tilt], "minimum": [low], "f_min": least, "start": [high + 0.2]}

    for instance in (1, 2, 4):
        roots = np.sort(np.roots([4.0, 0.0, -4.0, 0.1 * instance]).real)
        values = roots**4 - 2.0 * roots**2 + 0.1 * instance * roots
        level = basins.second_level(optbench.problem(double_well, instance=instance))
        assert level == pytest.approx(values[2] - values[0], rel=1e-8)


def test_levels_that_are_none_are_kept_too(folder, monkeypatch):
    """Csendes' other minima are not found: the level is NaN, and not looked for again."""
    problem = optbench.problem("csendes")
    assert math.isnan(basins.second_level(problem))
    forget()
    monkeypatch.setattr(basins, "_lowest_above", refuse)
    assert math.isnan(basins.second_level(problem))
