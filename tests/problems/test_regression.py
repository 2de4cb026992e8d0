"""Regression and classification against scikit-learn; the lasso's gap; Zipf's classes; a game."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge

import optbench
from optbench.catalog.convex import smooth_convex
from optbench.catalog.references import reference, solution
from optbench.define.draws import sample, stream_key
from optbench.nets import data
from tests.tolerance import rounding

L1 = L2 = 0.1
SOFTMAX_L2 = 1e-2
INSTANCES = (None, 4)


def part(problem):
    return data.split(problem.definition.data, problem.instance).train


def rounded(y):
    """What rounding does to a mean of squared residuals, which are about as large as y."""
    return rounding(len(y), np.max(y**2))


@pytest.mark.parametrize("instance", INSTANCES)
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("least_squares_diabetes", lambda n: LinearRegression(fit_intercept=False)),
        ("ridge_diabetes", lambda n: Ridge(L2 * n, fit_intercept=False)),
        ("lasso_diabetes", lambda n: Lasso(L1, fit_intercept=False, tol=1e-14)),
    ],
)
def test_regressions_have_the_solution_of_scikit_learn(name, model, instance):
    problem = optbench.problem(name, instance=instance)
    X, y = part(problem)
    theirs = model(len(y)).fit(X, y).coef_
    f_ref, source = reference(problem)
    assert source == "solver"
    assert np.allclose(solution(problem), theirs, atol=1e-7)
    assert f_ref <= problem.value(theirs) + rounded(y)
    assert f_ref == pytest.approx(problem.value(theirs), abs=1e-10)
    with_intercept = LinearRegression().fit(X, y)
    assert with_intercept.intercept_ == pytest.approx(0.0, abs=1e-12)


def test_the_value_is_that_of_numpy():
    problem = optbench.problem("lasso_diabetes", instance=2)
    X, y = part(problem)
    x = np.random.default_rng(0).normal(size=10)
    f, g = problem.value_and_grad(x)
    assert f == pytest.approx(0.5 * np.mean((X @ x - y) ** 2) + 0.1 * np.abs(x).sum(), rel=1e-13)
    np.testing.assert_allclose(g, X.T @ (X @ x - y) / len(y) + 0.1 * np.sign(x), rtol=1e-12)


def test_the_duality_gap_bounds_the_gap():
    problem = optbench.problem("lasso_diabetes", instance=3)
    run = optbench.minimize("momentum", problem, steps=300, lr=3e-3, lanes=4)
    gaps = run.records.metrics[:, :, 1]
    lost = rounded(part(problem).y)
    assert (gaps >= run.records.f - reference(problem).value - lost).all()
    assert np.median(gaps[:, -1]) < 0.1 * np.median(gaps[:, 0])
    at_end = optbench.minimize("gd", problem, steps=1, lr=1e-300, start=solution(problem))
    assert abs(at_end.records.metrics[0, 0, 1]) < 1e-10  # certifies the solver


def test_the_duality_gap_is_a_column_of_its_own(tmp_path):
    study = optbench.Study(
        name="s", optimizers=("gd",), problems=("lasso_diabetes", "softmax_iris"), steps=20,
        seeds=2, lr={"low": 0.01, "high": 0.1, "count": 2},
    )  # fmt: skip
    from optbench.study import invocation

    frames = optbench.load(invocation.compute(study, tmp_path / "run"))
    for name in ("lanes", "curves", "convergence"):
        rows = frames[name].set_index("problem")
        if name == "lanes":  # of the others no metrics are taken
            rows = rows[(rows["phase"] == "scoring") & rows["setting"].isin(["tuned", "default"])]
        assert (rows.loc[["lasso_diabetes"], "duality_gap"] >= 0.0).all()
        assert rows.loc[["lasso_diabetes"], "train_accuracy"].isna().all()
        assert rows.loc[["softmax_iris"], "duality_gap"].isna().all()
        assert rows.loc[["softmax_iris"], "train_accuracy"].between(0.0, 1.0).all()


@pytest.mark.parametrize("instance", INSTANCES)
@pytest.mark.parametrize("name", ["softmax_iris", "softmax_wine"])
def test_softmax_has_the_solution_of_scikit_learn(name, instance):
    problem = optbench.problem(name, instance=instance)
    X, y = part(problem)
    strength = 1.0 / (SOFTMAX_L2 * len(y))
    model = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(X, y)
    x = np.column_stack([model.coef_, model.intercept_]).ravel()
    lost = rounding(len(y), np.abs(model.decision_function(X)).max())  # a sum of logits' losses
    assert reference(problem).value <= problem.value(x) + lost
    assert reference(problem).value == pytest.approx(problem.value(x), abs=1e-9)
    assert np.abs(problem.grad(solution(problem))).max() < 1e-12
    there = optbench.minimize("gd", problem, steps=1, lr=1e-300, start=x).records.metrics[0, 0]
    assert there[1] == pytest.approx(model.score(X, y), abs=1e-12)
    test = data.split(problem.definition.data, instance).test
    assert there[5] == pytest.approx(model.score(*test), abs=1e-12)


def test_logistic_regression_has_the_solution_of_scikit_learn():
    problem = optbench.problem("logistic_breast_cancer", instance=2)
    X, y = part(problem)
    model = LogisticRegression(C=1.0 / (1e-2 * len(y)), tol=1e-10, max_iter=10_000).fit(X, y)
    x = np.append(model.coef_[0], model.intercept_)
    assert reference(problem).value == pytest.approx(problem.value(x), abs=1e-10)
    assert np.abs(problem.grad(solution(problem))).max() < 1e-12


def test_the_solver_says_when_it_fails():
    with pytest.raises(optbench.errors.UserError, match="no minimiser was found"):
        smooth_convex(lambda x: (np.exp(-x.sum(-1)), -np.exp(-x)), np.array([0.0]) - 1e-3)


def test_zipf_classes_are_as_frequent_as_words():
    problem = optbench.problem("softmax_zipf", instance=2)
    n, _, _, features, classes, _ = problem.placement.q
    labels = problem.placement.p[3 * n * features :][:n]
    shares = np.bincount(labels.astype(int), minlength=classes) / n
    law = 1.0 / np.arange(1, classes + 1)
    assert np.allclose(shares, law / law.sum(), atol=1.0 / n)


def test_adam_beats_sgd_on_zipf_classes():
    problem = optbench.problem("softmax_zipf", instance=1)
    f_ref = reference(problem).value
    best = {
        name: min(
            np.median(optbench.minimize(name, problem, steps=1000, lanes=3, lr=lr).f) - f_ref
            for lr in rates
        )
        for name, rates in {"sgd": (0.3, 1.0, 3.0), "adam": (0.01, 0.03, 0.1)}.items()
    }
    assert 0.0 < best["adam"] < 0.5 * best["sgd"]


@pytest.mark.parametrize("dim", [2, 10])
def test_descent_leaves_the_saddle_of_the_game_as_fast_as_it_must(dim):
    """Singular direction s grows by sqrt(1 + lr^2 s^2) a step, at every rate."""
    problem = optbench.problem("bilinear_game", dim, 3)
    x, lr, steps = problem.start, 0.1, 200
    field = problem.grad(problem.minimum + np.eye(dim)).T
    payoff = field[: dim // 2, dim // 2 :]
    assert np.allclose(field, -field.T, rtol=0, atol=1e-14)
    assert not field[: dim // 2, : dim // 2].any()
    left, values, right = np.linalg.svd(payoff)
    assert [values[0], values[-1]] == pytest.approx([1.0, 0.1 if dim > 2 else 1.0], rel=1e-13)
    u, v = np.split(x - problem.minimum, 2)
    sizes = (left.T @ u) ** 2 + (right @ v) ** 2
    run = optbench.minimize("gd", problem, steps=steps, lr=lr)
    assert run.f[0] == pytest.approx(0.5 * sizes @ (1.0 + lr**2 * values**2) ** steps, rel=1e-9)
    assert problem.value(x) == pytest.approx(0.5 * sizes.sum(), rel=1e-12)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize(
    "name",
    ["logistic_breast_cancer", "softmax_iris", "softmax_zipf", "ridge_diabetes", "lasso_diabetes"],
)
def test_a_mini_batch_is_the_objective_of_the_sampled_rows(name):
    problem, t, stream = optbench.problem(name, instance=4), 7, stream_key("rows", name)
    p, q, definition = problem.placement.p, problem.placement.q, problem.definition
    n_train, n, features, batch = q[0], q[:3].sum(), q[3], q[5]
    X, y = p[: n * features].reshape(n, features), p[n * features :][:n]
    rows = [sample(stream, t, j, batch, n_train) for j in range(batch)]
    alone = np.concatenate([[batch, 0, 0], q[3:]])
    x = np.random.default_rng(5).normal(size=problem.dim)

    def value_and_gradient(p, q, full):
        arguments = dict(
            x=x, g=np.full(problem.dim, np.nan), p=p, q=q, z=np.zeros(problem.dim),
            stream=stream, t=t, full=full,
        )  # fmt: skip
        f = definition.function(*[arguments[name] for name in definition.arguments])
        return f, arguments["g"]

    f, g = value_and_gradient(p, q, 0)
    expected, slopes = value_and_gradient(np.append(X[rows], y[rows]), alone, 1)
    assert f == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(g, slopes, rtol=1e-13)
