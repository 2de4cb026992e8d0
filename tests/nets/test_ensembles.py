"""Ensembles of lanes: single members, NumPy, Jensen's inequality."""

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from optbench.nets.ensembles import ensemble


def lanes(name, count=5, steps=60):
    """Return a problem and parameters of trained lanes, and their metrics."""
    problem = optbench.problem(name, instance=1)
    run = optbench.minimize("adam", problem, steps=steps, lanes=count, lr=0.01, threads=1)
    return problem, run.x, run.records.metrics[:, -1]


@pytest.mark.parametrize("name", ["iris_tanh", "xor_sigmoid", "diabetes_mlp", "digits_batch_norm"])
def test_an_ensemble_of_one_is_the_lane(name):
    problem, members, metrics = lanes(name)
    for member, wanted in zip(members, metrics, strict=True):
        np.testing.assert_allclose(ensemble(problem, member)[2:], wanted[2:], rtol=1e-9)


def test_probabilities_are_averaged():
    problem, members, metrics = lanes("iris_tanh")
    net, n = problem.net.net, problem.placement.q[:3]
    X = problem.placement.p[: n.sum() * 4].reshape(-1, 4)
    y = problem.placement.p[n.sum() * 4 :][: n.sum()].astype(int)
    mean = np.mean([net.predict(member, X) for member in members], axis=0)
    scores, at = ensemble(problem, members).reshape(3, 2), 0
    for part, count in enumerate(n):
        P, labels = mean[at : at + count], y[at : at + count]
        loss = -np.log(P[np.arange(count), labels]).mean()
        np.testing.assert_allclose(scores[part], [loss, np.mean(P.argmax(1) == labels)], rtol=1e-12)
        assert loss <= metrics[:, 2 * part].mean()  # Jensen
        at += count


def test_ensembles_beat_their_members_on_digits():
    problem, members, metrics = lanes("digits_mlp", count=10, steps=100)
    scores = ensemble(problem, members)
    assert scores[4] < metrics[:, 4].min() and scores[5] > metrics[:, 5].mean()


def test_surfaces_have_none():
    with pytest.raises(SettingError, match="sphere is no net"):
        ensemble(optbench.problem("sphere"), np.zeros((2, 2)))
