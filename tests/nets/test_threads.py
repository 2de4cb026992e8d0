"""One large net on several threads: the same bytes as on one."""

import threading

import numpy as np
import pytest

import optbench
from optbench.define import Log, optimizer
from optbench.define import net as declare
from optbench.kernels.cpu import launch, shared_rule
from optbench.nets.layers import Activation, BatchNorm, Dense
from tests.thinning import thinned

LAYERS = [Dense(1100), Activation("tanh"), BatchNorm(), Dense(128), Activation("relu"), Dense(10)]


def large():
    """Return a net whose products and steps are shared, on digits."""
    return optbench.problem(
        declare(
            "large", layers=LAYERS, input=64, data="digits", batch=128, loss_target=0.1,
            error_target=0.1,
        )
    )  # fmt: skip


def bytes_of(run):
    return [np.asarray(a).tobytes() for a in (run.x, run.f, run.records.metrics, run.records.f)]


@pytest.fixture
def pieces(monkeypatch):
    """Say how often a launch had a rule that is shared, and one that is not."""
    seen = []
    sharing = shared_rule.shared

    def counted(program):
        seen.append(sharing(program) is not program)
        return sharing(program)

    monkeypatch.setattr(launch, "shared", counted)
    return seen


@pytest.mark.parametrize("dtype", thinned(["float64", "float32"]))
@pytest.mark.parametrize("rule, is_shared", [("adamw", True), ("momentum", True), ("lamb", False)])
def test_the_number_of_threads_changes_no_byte(rule, is_shared, dtype, pieces):
    problem = large()
    assert problem.dim >= 64 * shared_rule.LEAST
    options = dict(steps=12, lr=0.01, seed=3, dtype=dtype)
    alone = bytes_of(optbench.minimize(rule, problem, threads=1, **options))
    for threads in (2, 5):
        assert bytes_of(optbench.minimize(rule, problem, threads=threads, **options)) == alone
    assert pieces == [is_shared] * 2


def test_several_lanes_share_threads():
    problem = large()
    options = dict(steps=8, lr=[0.01, 0.1, 0.3], lanes=3, dtype="float32")
    alone, many = (optbench.minimize("sgd", problem, threads=n, **options) for n in (1, 4))
    assert bytes_of(alone) == bytes_of(many)


def test_it_ends_where_numbers_are_not_finite():
    """What one piece says of its numbers is heard."""

    @optimizer(lr=Log(1e-3))
    def growing(x, g, lr):
        y = x * 1e30
        return y * 1e30

    options = dict(steps=20, lr=0.1, dtype="float32")
    alone, two = (optbench.minimize(growing, large(), threads=n, **options) for n in (1, 2))
    assert list(alone.status) == list(two.status) == ["not finite"]
    assert bytes_of(alone) == bytes_of(two)


def test_what_a_rule_raises_is_raised():
    @optimizer(lr=Log(1e-3))
    def refusing(x, g, lr):
        if x > 1e3:
            raise ValueError("x is beyond 1e3")
        return x + 2e3

    for threads in (1, 2):
        with pytest.raises(ValueError, match="x is beyond 1e3"):
            optbench.minimize(refusing, large(), steps=5, lr=0.1, threads=threads)


def test_threads_are_given_back():
    """Nobody goes on waiting for work once a launch has ended."""
    before = threading.active_count()
    optbench.minimize("sgd", large(), steps=3, lr=0.1, threads=4)
    assert threading.active_count() == before
