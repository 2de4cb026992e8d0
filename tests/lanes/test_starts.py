"""Fine-tuning as lanes: what is handed over, what is drawn anew, and that it helps."""

import numpy as np
import pytest

import optbench
from optbench.catalog.identity import problem_identity
from optbench.define import DefinitionError, net
from optbench.errors import UserError
from optbench.lanes import starts as lane_starts
from optbench.lanes.starts import start_points
from optbench.nets import data

FACTS = dict(data="digits", batch=64, loss_target=1e-9, error_target=0.0)
LOW, HIGH = (0, 1, 2, 3, 4), (5, 6, 7, 8, 9)


def low(**options):
    """Declare a net on the digits 0 .. 4."""
    return net("low", **{**FACTS, "sizes": (64, 16, 5), "classes": LOW, **options})


def high(source=None, head="fresh", lr=0.01, steps=150, optimizer="adam", **options):
    """Return instance 1 of a net on the digits 5 .. 9, pretrained on the others or not."""
    given = dict(net=source or low(), optimizer=optimizer, lr=lr, steps=steps, head=head)
    facts = {**FACTS, "sizes": (64, 16, 5), "classes": HIGH, **options}
    return optbench.problem(net("high", **{"pretrained": given, **facts}), instance=1)


def trained(**options):
    """Return the pretraining's parameters of seeds 0 .. 2."""
    source = optbench.problem(low(**options), instance=1)
    return optbench.minimize("adam", source, steps=150, lanes=3, lr=0.01, threads=1).x


def test_classes_are_restricted_and_renumbered():
    whole, part = data.split("digits", 1), data.restrict(data.split("digits", 1), (7, 3), 10)
    for given, left in zip(whole, part, strict=True):
        np.testing.assert_array_equal(left.X, given.X[np.isin(given.y, (3, 7))])
        np.testing.assert_array_equal(left.y, (given.y[np.isin(given.y, (3, 7))] == 3).astype(int))
    frame = high().placement
    assert list(frame.q[:3]) == [np.isin(p.y, HIGH).sum() for p in whole] and frame.q[4] == 5


@pytest.mark.parametrize("head", ["fresh", "kept"])
def test_layers_are_handed_over_and_the_head_is_drawn_or_kept(head):
    problem, fresh = high(head=head), high(pretrained=None)
    model, starts = problem.net.net, start_points(problem, [0, 1, 2])
    for seed, params in enumerate(trained()):
        (W, b), last = model.unflatten(starts[seed])
        hidden, theirs = model.unflatten(params)
        np.testing.assert_array_equal(W, hidden[0])
        np.testing.assert_array_equal(b, hidden[1])
        wanted = theirs if head == "kept" else model.unflatten(fresh.starts([seed])[0])[1]
        for a, c in zip(last, wanted, strict=True):
            np.testing.assert_array_equal(a, c)
    assert not np.array_equal(starts[0], starts[1])


def test_normalisation_and_slopes_go_with_their_layers():
    options = dict(sizes=(64, 16, 16, 5), batch_norm=True, activation="prelu")
    problem = high(low(**options), **options)
    model, start = problem.net.net, start_points(problem, [0])[0]
    params = trained(**options)[0]
    for made, given in zip(model.extras(start)[:2], model.extras(params)[:2], strict=True):
        for name, values in given.items():
            np.testing.assert_array_equal(made[name], values)
            assert np.ptp(values) > 0 or name == "slope"


def test_a_wider_head_takes_the_layers_below():
    wider = high(sizes=(64, 16, 10), classes=())
    W = wider.net.net.unflatten(start_points(wider, [0])[0])[0][0]
    np.testing.assert_array_equal(W, high().net.net.unflatten(trained()[0])[0][0])


def test_starts_depend_on_the_seed_alone():
    first = start_points(high(steps=151), [2, 0])
    again = start_points(high(steps=151), [2])
    lane_starts._trained_here.cache_clear()
    second = start_points(high(steps=151, max_norm=100.0), [0, 1, 2])
    np.testing.assert_array_equal(first, second[[2, 0]])
    np.testing.assert_array_equal(again, second[[2]])
    moved = start_points(high(steps=151), [0], study_seed=1)
    assert not np.array_equal(moved[0], second[0])


def test_fine_tuning_begins_where_pretraining_ended():
    source = low(classes=HIGH)
    run = optbench.minimize(
        "adam", optbench.problem(source, instance=1), steps=150, lanes=3, lr=0.01, threads=1
    )
    kept = optbench.minimize("adam", high(source, "kept"), steps=1, lanes=3, threads=1)
    np.testing.assert_array_equal(kept.f_start, run.f)


def test_a_head_learns_more_on_trained_layers_than_on_random_ones():
    accuracy = {}
    for name, options in {"random": dict(pretrained=None), "trained": {}}.items():
        problem = high(low(classes=HIGH), rates={1: 0.0}, **options)
        run = optbench.minimize("adam", problem, steps=60, lanes=3, lr=0.01, threads=1)
        start, end = (
            problem.net.net.unflatten(x)[0][0] for x in (start_points(problem, [1])[0], run.x[1])
        )
        np.testing.assert_array_equal(start, end)
        accuracy[name] = run.records.metrics[:, -1, 5].mean()
    assert accuracy["trained"] > 0.9 > accuracy["random"] + 0.05, accuracy


def test_identities_tell_pretrainings_apart():
    nets = [
        high(), high(pretrained=None), high(lr=0.02), high(steps=151), high(head="kept"),
        high(optimizer="sgd"), high(low(dropout=0.1)), high(classes=(5, 6, 7, 8, 0)),
    ]  # fmt: skip
    identities = list(map(problem_identity, nets))
    assert len(set(identities)) == len(identities)
    assert problem_identity(high()) == identities[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(sizes=(64, 8, 5)), r"the layers of low, \(64, 16, 5\), do not fit"),
        (dict(sizes=(64, 16, 10), classes=(), head="kept"), "do not fit"),
        (dict(optimizer="adamm"), "pretrained: .*adamm"),
        (dict(head="new"), "head 'new'; use 'fresh' or 'kept'"),
        (dict(steps=0), "pretrained steps = 0 is out of range"),
        (dict(source="low"), "net 'low'; give what `net` returned"),
        (dict(pretrained={"net": 1}), "it must be a dict of net, optimizer, lr, steps"),
        (dict(classes=(5, 6, 7, 8, 11)), "each once .0 .. 9."),
        (dict(lr=-1.0), "pretrained: adam: lr = -1.0 is outside its range"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(DefinitionError, match=message):
        high(**options)


def test_a_pretraining_that_diverges_says_so():
    with pytest.raises(UserError, match="pretraining of low with sgd.lr=1e.12. diverged with seed"):
        start_points(high(optimizer="sgd", lr=1e12), [0])
