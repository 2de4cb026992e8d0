"""Layer-wise rates, frozen layers and max-norm, on lanes: torch, hand calculations, laws."""

import functools

import numpy as np
import pytest

import optbench
from optbench.define import DefinitionError, net
from optbench.define.draws import sample
from optbench.errors import UserError
from optbench.nets import MLP, data

from .helpers import assert_lanes_stand_alone

STEPS, BATCH, LR = 30, 20, 0.3
FACTS = dict(
    data="iris", sizes=(4, 8, 6, 3), activation="tanh", batch=BATCH, loss_target=1e-9,
    error_target=0.0,
)  # fmt: skip
PARTS = data.split("iris", 1)
NET = MLP(FACTS["sizes"], "tanh")


@functools.cache
def declared(**options):
    """Return instance 1 of a net on iris; `rates` as pairs."""
    return optbench.problem(net("flowers", **{**FACTS, **options}), instance=1)


def trained(optimizer="sgd", lanes=1, steps=STEPS, lr=LR, **options):
    """Train lanes of the net; return (problem, trajectories)."""
    problem = declared(**options)
    run = optbench.minimize(optimizer, problem, steps=steps, lanes=lanes, lr=lr, threads=1)
    return problem, run


def batches(problem, shuffled=True):
    """Return (X, y) of the mini-batches of seed 0."""
    (key,), n = problem.keys([0]), len(PARTS.train.y)
    for t in range(STEPS):
        with np.errstate(over="ignore"):
            rows = [sample(key, t, j, BATCH, n) for j in range(BATCH)]
        if not shuffled:
            rows = [(t * BATCH + j) % n for j in range(BATCH)]
        yield PARTS.train.X[rows], PARTS.train.y[rows]


def by_hand(problem, after, clip=np.inf, rho=0.0, model=NET):
    """Return parameters after SGD in NumPy; `after(new, old)` changes the new ones in place."""
    x = problem.starts([0])[0].copy()
    for X, y in batches(problem):
        g = model.loss_and_grad(x, X, y)[1]
        if rho:
            g = model.loss_and_grad(x + rho * g / np.linalg.norm(g), X, y)[1]
        old = x.copy()
        x -= LR * min(1.0, clip / (np.linalg.norm(g) + 1e-6)) * g
        after(x, old)
    return x


def limit(most, model=NET):
    """Return a function that limits norms with torch's renorm, which divides by norm + 1e-7."""
    torch = pytest.importorskip("torch")

    def after(new, old):
        for W, _ in model.unflatten(new):
            W[:] = torch.renorm(torch.tensor(W), 2, 1, most).numpy()

    return after


def largest_norm(x, model=NET):
    """Return the largest norm of the weights into a unit."""
    return max(np.linalg.norm(W, axis=0).max() for W, _ in model.unflatten(x))


def test_max_norm_equals_torch():
    problem, run = trained(max_norm=1.5)
    np.testing.assert_allclose(run.x[0], by_hand(problem, limit(1.5)), rtol=1e-5, atol=1e-6)
    assert largest_norm(run.x[0]) <= 1.5 * (1 + 1e-15) < largest_norm(trained()[1].x[0])


@pytest.mark.parametrize("size", [1.0, 1e200])
def test_max_norm_by_hand(size):
    problem = declared(max_norm=2.0)
    start = np.zeros(problem.dim)
    NET.unflatten(start)[0][0][:2, 0] = 3.0 * size, 4.0 * size
    run = optbench.minimize("sgd", problem, steps=1, lr=1e-300, start=start)
    # The norm, its share of the limit and the product: 5 units by Newton steps, of up to eps each.
    np.testing.assert_allclose(NET.unflatten(run.x[0])[0][0][:2, 0], (1.2, 1.6), rtol=5 * 2.0**-52)
    assert np.count_nonzero(np.abs(run.x[0]) > 1e-200) == 2


def test_max_norm_of_sharpness_aware_steps():
    problem, run = trained("sgd[sam_rho=0.05]", max_norm=1.5)
    point = by_hand(problem, limit(1.5), rho=0.05)
    np.testing.assert_allclose(run.x[0], point, rtol=1e-5, atol=1e-6)


def test_weights_that_are_tied_are_limited_once():
    options = dict(data="digits_autoencoder", sizes=(64, 5, 64), loss="mse", tied=((2, 1),))
    problem, run = trained(max_norm=0.5, **options)
    model = MLP((64, 5, 64), "tanh", "mse", tied=((2, 1),))
    (W, _), (turned, _) = model.unflatten(run.x[0])
    assert np.linalg.norm(W, axis=0) == pytest.approx(np.full(5, 0.5), rel=1e-14)
    np.testing.assert_array_equal(turned, W.T)


def test_rates_scale_the_updates_of_layers():
    rates = {1: 0.0, 2: 0.1}

    def after(new, old):
        for number, (new_pair, old_pair) in enumerate(
            zip(NET.unflatten(new), NET.unflatten(old), strict=True), 1
        ):
            for a, b in zip(new_pair, old_pair, strict=True):
                a[:] = b + rates.get(number, 1.0) * (a - b)

    problem, run = trained(rates=tuple(rates.items()))
    np.testing.assert_allclose(run.x[0], by_hand(problem, after), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("optimizer", ["adam", "momentum[clip_norm=0.1]", "sgd[sam_rho=0.1]"])
def test_a_rate_of_0_leaves_the_bits_and_one_of_1_changes_nothing(optimizer):
    problem, run = trained(optimizer, rates=((2, 0.0),), max_norm=0.5)
    start = NET.unflatten(problem.starts([0])[0])
    for point, initial in zip(NET.unflatten(run.x[0])[1], start[1], strict=True):
        np.testing.assert_array_equal(point, initial)
    assert not np.array_equal(NET.unflatten(run.x[0])[0][0], start[0][0])
    plain, same = trained(optimizer)[1], trained(optimizer, rates=((1, 1.0),))[1]
    np.testing.assert_array_equal(plain.x, same.x)


def test_frozen_layers_take_no_part_in_clipping():
    torch = pytest.importorskip("torch")
    problem, run = trained("sgd[clip_norm=0.05]", rates=((1, 0.0), (2, 0.0)))
    shape = [torch.nn.Linear(a, b, dtype=torch.float64) for a, b in ((4, 8), (8, 6), (6, 3))]
    for layer, (W, b) in zip(shape, NET.unflatten(problem.starts([0])[0]), strict=True):
        layer.weight.data, layer.bias.data = torch.tensor(W.T.copy()), torch.tensor(b.copy())
    for layer in shape[:2]:
        layer.requires_grad_(False)
    model = torch.nn.Sequential(shape[0], torch.nn.Tanh(), shape[1], torch.nn.Tanh(), shape[2])
    optimizer = torch.optim.SGD(shape[2].parameters(), lr=LR)
    for X, y in batches(problem):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(torch.tensor(X)), torch.tensor(y)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
    W, b = NET.unflatten(run.x[0])[2]
    np.testing.assert_allclose(W, shape[2].weight.detach().numpy().T, rtol=1e-9)
    np.testing.assert_allclose(b, shape[2].bias.detach().numpy(), rtol=1e-9)


def test_lanes_do_not_depend_on_threads_or_neighbours():
    problem = declared(max_norm=1.0, rates=((1, 0.5),))
    assert_lanes_stand_alone(problem, lanes=70, steps=40, lr=0.05)


def test_rules_that_report_another_point_are_refused():
    problem = declared(max_norm=1.0)
    message = "schedule_free_sgd reports another point than it moves; the rates and max_norm of"
    with pytest.raises(UserError, match=message):
        optbench.minimize("schedule_free_sgd", problem, steps=3)
    assert message in optbench.optimizer("schedule_free_sgd").wants(problem)
    assert optbench.optimizer("schedule_free_sgd").wants(declared()) is None
    with pytest.raises(UserError, match="tail_averaging reports another point"):
        optbench.minimize("sgd[tail=0.5]", problem, steps=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(max_norm=-1.0), "max_norm is -1.0; it must be 0 .off. or positive"),
        (dict(rates={4: 0.1}), "rates has layer 4; the net has 1 .. 3"),
        (dict(rates={1: -0.1}), "rates has 1: -0.1; a factor is 0 or positive"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(DefinitionError, match=message):
        optbench.problem(net("flowers", **FACTS, **options))
