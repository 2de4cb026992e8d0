"""Training on given data, fine-tuning and ensembles."""

import functools

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import MLP, data
from optbench.practice import augment, stopping
from optbench.practice.fitting import fit, limit_norms
from optbench.practice.transfer import ensemble, fresh_head, layer_rates, transfer

PARTS = data.split("iris", 1)
NET = MLP((4, 8, 3), activation="tanh")
START = NET.init(0)
train = functools.partial(fit, NET, START, PARTS.train, PARTS.validation)


def test_full_batch_is_gradient_descent():
    x = START.copy()
    for _ in range(5):
        x -= 0.3 * NET.loss_and_grad(x, *PARTS.train)[1]
    made = train(optimizer="sgd", lr=0.3, epochs=5, shuffle=False)
    np.testing.assert_allclose(made.last, x, rtol=1e-13, atol=1e-15)
    assert made.train[0] == NET.loss_and_grad(START, *PARTS.train)[0]
    assert made.train[-1] == pytest.approx(NET.loss_and_grad(x, *PARTS.train)[0], rel=1e-13)
    assert made.validation[-1] == pytest.approx(NET.loss_and_grad(x, *PARTS.validation)[0])


def test_batches_in_the_given_order_and_penalties_over_all_examples():
    net, (X, y) = MLP((4, 8, 3), activation="tanh", l2=0.5), PARTS.train
    x = START.copy()
    for first in (0, 40, 80):  # 90 examples: the last batch has 10
        x -= 0.3 * NET.loss_and_grad(x, X[first : first + 40], y[first : first + 40])[1]
        x_old = x + 0  # the penalty's gradient is taken where the step began
    made = fit(NET, START, PARTS.train, PARTS.validation, optimizer="sgd", lr=0.3, epochs=1,
               batch=40, shuffle=False)  # fmt: skip
    np.testing.assert_allclose(made.last, x_old, rtol=1e-12, atol=1e-15)
    penalised = fit(net, START, PARTS.train, PARTS.validation, optimizer="sgd", lr=0.3, epochs=1,
                    batch=45, shuffle=False)  # fmt: skip
    x = START.copy()
    for first in (0, 45):
        g = NET.loss_and_grad(x, X[first : first + 45], y[first : first + 45])[1]
        for (dW, _), (W, _) in zip(NET.unflatten(g), NET.unflatten(x), strict=True):
            dW += 0.5 / 90 * W
        x -= 0.3 * g
    np.testing.assert_allclose(penalised.last, x, rtol=1e-12, atol=1e-15)


def test_single_examples_shuffle_and_seed():
    runs = [train(optimizer="sgd", lr=0.05, epochs=1, batch=1, seed=s).last for s in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_every_kind_of_rule():
    for optimizer in ("adam[clip_norm=1]", "momentum[sam_rho=0.05]", "schedule_free_sgd", "muon"):
        made = train(optimizer=optimizer, lr=0.02, epochs=15, batch=30)
        assert made.train[-1] < 0.8 * made.train[0], optimizer


def test_early_stopping_restores_the_best():
    parts = data.split("diabetes", 1)
    net = MLP((10, 64, 1), loss="mse")

    def criterion(train, validation):
        return stopping.gl(validation, 10.0)

    made = fit(net, net.init(0), parts.train, parts.validation, lr=0.01, epochs=200, batch=32,
               criterion=criterion)  # fmt: skip
    assert made.stop.at == len(made.validation) - 1 < 200
    assert made.stop.best == made.validation.argmin() < made.stop.at
    assert made.validation[-1] > 1.1 * made.validation.min() >= 1.1 * made.validation[-2] / 1.1
    for params, loss in ((made.params, made.validation.min()), (made.last, made.validation[-1])):
        assert net.loss_and_grad(params, *parts.validation)[0] == pytest.approx(loss, rel=1e-12)


def test_frozen_layers_stay_and_rates_scale():
    frozen = train(lr=0.01, epochs=3, rates=layer_rates(NET, {1: 0.0}))
    (W, b), (head, _) = NET.unflatten(frozen.last)
    np.testing.assert_array_equal(W, NET.unflatten(START)[0][0])
    assert not b.any() and not np.array_equal(head, NET.unflatten(START)[1][0])
    full, slow = (
        train(optimizer="sgd", lr=0.1, epochs=1, rates=rates).last - START
        for rates in (None, layer_rates(NET, {2: 0.1}))
    )
    for layer, factor in ((0, 1.0), (1, 0.1)):
        np.testing.assert_allclose(
            NET.unflatten(slow)[layer][0], factor * NET.unflatten(full)[layer][0], atol=1e-15
        )
    with pytest.raises(SettingError, match="there is no layer 3; the net has 1 .. 2"):
        layer_rates(NET, {3: 0.0})


def test_max_norm():
    made = train(lr=0.1, epochs=20, max_norm=1.0)
    free = train(lr=0.1, epochs=20)
    largest = [
        max(np.linalg.norm(W, axis=0).max() for W, _ in NET.unflatten(run.last))
        for run in (made, free)
    ]
    assert largest[0] <= 1 + 1e-12 < largest[1]
    params = NET.init(0, "zeros")
    NET.unflatten(params)[0][0][:2, 0] = 3.0, 4.0
    limit_norms(NET, params, 2.0)
    np.testing.assert_allclose(NET.unflatten(params)[0][0][:2, 0], (1.2, 1.6), rtol=1e-15)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(batch=91), "batch is 91; it must be 1 .. 90"),
        (dict(epochs=0), "epochs is 0"),
        (dict(rates=np.ones(3)), "rates has shape"),
        (dict(max_norm=0.0), "max_norm is 0.0"),
        (dict(optimizer="momentum[sam_rho=0.05]", max_norm=1.0), "several gradients a step"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(SettingError, match=message):
        train(**{"epochs": 1, **options})


def test_changes_reach_the_batches():
    seen = []

    def change(X, rng):
        seen.append(len(X))
        return X + 100

    made = train(lr=0.1, optimizer="sgd", epochs=2, batch=40, change=change)
    assert seen == [40, 40, 10] * 2
    plain = train(lr=0.1, optimizer="sgd", epochs=2, batch=40)
    assert np.abs(made.last - plain.last).max() > 0.1


def test_nets_that_saw_shifted_images_know_shifted_images():
    # Pixels as they are: scaled one by one they are no image that could be moved.
    raw = data.split("digits", 1, "none")
    parts, net = data.Split(*(data.Part(X / 8 - 1, y) for X, y in raw)), MLP((64, 32, 10))
    few = data.Part(parts.train.X[:300], parts.train.y[:300])
    shifted = augment.images_of(functools.partial(augment.shift, most=1.0, fill=-1.0), 8, 8)
    test, accuracy = shifted(parts.test.X, np.random.default_rng(9)), []
    for change in (None, shifted):
        made = fit(net, net.init(0), few, parts.validation, lr=0.01, epochs=30, batch=25,
                   change=change)  # fmt: skip
        guesses = net.predict(made.last, test).argmax(axis=1)
        accuracy.append(np.mean(guesses == parts.test.y))
    assert accuracy[1] > accuracy[0] + 0.15 and accuracy[0] > 0.3


def test_fine_tuning_on_other_classes():
    parts = data.split("digits", 1)
    first, later = (
        [data.Part(part.X[part.y // 5 == half], part.y[part.y // 5 == half] - 5 * half)
         for part in parts]
        for half in (0, 1)
    )  # fmt: skip
    net = MLP((64, 32, 5))
    pretrained = fit(net, net.init(0), *first[:2], lr=0.01, epochs=20, batch=64).params
    start = fresh_head(net, pretrained, seed=1)
    head = fit(net, start, *later[:2], lr=0.01, epochs=20, batch=64,
               rates=layer_rates(net, {1: 0.0})).params  # fmt: skip
    everything = fit(net, start, *later[:2], lr=0.003, epochs=20, batch=64).params
    np.testing.assert_array_equal(net.unflatten(head)[0][0], net.unflatten(pretrained)[0][0])
    scores = [
        np.mean(net.predict(params, later[2].X).argmax(axis=1) == later[2].y)
        for params in (start, head, everything)
    ]
    assert scores[0] < 0.5 < 0.75 < scores[1] < scores[2]


def test_transfer_keeps_what_fits():
    source = MLP((4, 6, 6, 3), batch_norm=True)
    params = source.init(0)
    source.extras(params)[0]["gamma"][:] = 2.0
    wider = MLP((4, 6, 6, 5), batch_norm=True)
    made = transfer(source, params, wider, seed=5)
    for layer in (0, 1):
        np.testing.assert_array_equal(
            wider.unflatten(made)[layer][0], source.unflatten(params)[layer][0]
        )
    assert (wider.extras(made)[0]["gamma"] == 2.0).all()
    np.testing.assert_array_equal(wider.unflatten(made)[2][0], wider.unflatten(wider.init(5))[2][0])


def test_ensembles_average():
    members = [NET.init(seed) for seed in range(5)]
    X, y = PARTS.test
    mean = ensemble(NET, members, X)
    np.testing.assert_allclose(mean, sum(NET.predict(m, X) for m in members) / 5, rtol=1e-14)

    def loss(P):
        return -np.mean(np.log(P[np.arange(len(y)), y]))

    assert loss(mean) <= np.mean([loss(NET.predict(m, X)) for m in members])  # Jensen
