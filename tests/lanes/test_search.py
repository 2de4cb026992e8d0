"""Grid and random search."""

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from optbench.lanes.search import draw, grid, search


def test_grid_is_every_combination():
    found = grid(lr=[0.1, 1.0], beta1=[0.5, 0.9])
    assert found == [
        dict(lr=0.1, beta1=0.5), dict(lr=0.1, beta1=0.9), dict(lr=1.0, beta1=0.5),
        dict(lr=1.0, beta1=0.9),
    ]  # fmt: skip


def test_draws_have_their_distributions():
    found = draw(4000, lr=(1e-4, 1.0, "log"), beta1=(0.5, 1.0))
    lr, beta1 = (np.array([one[name] for one in found]) for name in ("lr", "beta1"))
    assert np.mean(lr < 1e-2) == pytest.approx(0.5, abs=0.03)
    assert np.mean(beta1 < 0.6) == pytest.approx(0.2, abs=0.03)
    assert (lr.min(), beta1.min()) >= (1e-4, 0.5) and (lr.max(), beta1.max()) <= (1.0, 1.0)
    assert draw(3, 7, a=(0, 1)) == draw(3, 7, a=(0, 1)) != draw(3, 8, a=(0, 1))
    with pytest.raises(SettingError, match="range lr"):
        draw(3, lr=(0.0, 1.0, "log"))


def test_search_ranks_by_validation_loss():
    table = search("sgd", "iris_tanh", grid(lr=[1e-4, 0.1, 1e6]), steps=100)
    assert list(table["lr"]) == [0.1, 1e-4, 1e6]
    alone = optbench.minimize(
        "sgd", optbench.problem("iris_tanh", instance=1), steps=100, lanes=3, lr=0.1
    )
    wanted = np.median(alone.records.metrics[:, -1, 2])
    assert table["validation_loss"][0] == wanted
    assert table["validation_loss"].is_monotonic_increasing
    with pytest.raises(SettingError, match="sphere is no net"):
        search("sgd", "sphere", grid(lr=[0.1]), steps=10)
