"""Labels of training curves: hand-made ones, and runs where the truth is known."""

import numpy as np
import pytest

import optbench
from optbench.analysis import labels
from optbench.define import net
from optbench.nets import data
from optbench.nets.diagnosis import saturated_share

STEPS = np.unique(np.geomspace(1, 1000, 40).astype(int)) - 1.0


def curve(function):
    return function(STEPS / STEPS[-1])


CURVES = {
    "falls and settles": (curve(lambda t: 0.05 + 2 * np.exp(-20 * t)), labels.CONVERGING),
    "to rounding": (curve(lambda t: 1e-9 * (1 + 0.9 * np.sin(90 * t)) + np.exp(-90 * t)), None),
    "noise floor": (curve(lambda t: 0.5 + np.exp(-20 * t)), labels.CONVERGING),
    "barely moves": (curve(lambda t: 2 - 0.01 * t), labels.TOO_LOW),
    "one slow rate": (curve(lambda t: 2 * np.exp(-0.8 * t)), labels.TOO_LOW),
    "jumps": (curve(lambda t: 0.5 + 0.4 * np.sin(1000 * t)), labels.TOO_HIGH),
    "rises at the end": (curve(lambda t: 1 - 0.9 * np.sin(4 * t) * (t < 0.7)), labels.TOO_HIGH),
    "stands still": (curve(lambda t: np.where(t > 0.01, 1.4, 2.0)), labels.SATURATED),
    "grows": (curve(lambda t: np.exp(9 * t)), labels.DIVERGED),
    "overflows": (curve(lambda t: np.where(t > 0.5, np.nan, 1 + t)), labels.DIVERGED),
}


@pytest.mark.parametrize("name", CURVES)
def test_curves_made_by_hand(name):
    losses, wanted = CURVES[name]
    found = labels.label(STEPS, losses)
    assert found.name == (wanted or labels.CONVERGING), found
    assert found.name in labels.LABELS


def test_evidence_has_the_numbers():
    found = labels.label([0, 1, 2, 3], [1.0, 2.0, np.inf, np.inf])
    assert found == (labels.DIVERGED, "training loss stopped being finite by step 2")
    train, validation = [4.0, 2.0, 1.0, 0.5, 0.25], [4.0, 3.0, 2.0, 2.5, 5.0]
    found = labels.label([0, 10, 20, 30, 40], train, validation)
    assert found == (
        labels.OVERFITTING,
        "validation loss was least, 2, at step 20 and ended at 5, while training loss fell from "
        "1 to 0.25",
    )
    with pytest.raises(ValueError, match="a curve of 3 records cannot be judged"):
        labels.label([0, 1, 2], [1, 2, 3])


def test_a_validation_loss_that_holds_is_no_overfitting():
    train, validation = CURVES["falls and settles"][0], curve(lambda t: 0.2 + np.exp(-20 * t))
    assert labels.label(STEPS, train, validation).name == labels.CONVERGING


def test_a_spike_counts_unless_the_net_recovers():
    train = [1.0, 8.0, 0.1, 0.001, 0.001]
    assert labels.label(range(5), train, [1.0, 8.0, 0.1, 0.1, 0.1]).name == labels.CONVERGING
    found = labels.label(range(5), train, [1.0, 8.0, 9.0, 9.0, 9.0])
    assert found == (labels.TOO_HIGH, "training loss rose to 8 times its start (step 1)")


# ------------------------------------------------------------------------------------ real runs

FACTS = dict(batch=32, loss_target=0.1, error_target=0.1)
TANH = dict(data="iris", sizes=(4, 8, 3), activation="tanh", init="xavier_uniform")
BIG = dict(data="diabetes", sizes=(10, 64, 64, 1), loss="mse")
CASES = {
    "good": (TANH, "sgd", 0.3, labels.CONVERGING),
    "rate 1e-5": (TANH, "sgd", 1e-5, labels.TOO_LOW),
    "rate 3e-3": (TANH, "sgd", 3e-3, labels.TOO_LOW),
    "rate 1 of adam": (dict(data="wine", sizes=(13, 32, 32, 3)), "adam", 1.0, labels.TOO_HIGH),
    "weights of 100": ({**TANH, "gain": 100.0}, "sgd", 1e-3, labels.SATURATED),
    "rate 3 on mse": (BIG, "sgd", 3.0, labels.DIVERGED),
    "large net, few rows": (BIG, "adam", 0.003, labels.OVERFITTING),
}


def trained(facts, optimizer, lr):
    declared = net("labelled", **facts, **FACTS)
    return declared, optbench.minimize(optimizer, declared, steps=800, lanes=3, lr=lr)


@pytest.mark.parametrize("case", CASES)
def test_runs_whose_truth_is_known(case):
    facts, optimizer, lr, wanted = CASES[case]
    declared, run = trained(facts, optimizer, lr)
    mlp = optbench.problem(declared).net.net
    X = data.split(facts["data"]).train.X
    records = run.records
    for lane in range(3):
        start = optbench.problem(declared).starts([lane])[0]
        share = [saturated_share(mlp, x, X) for x in (start, run.x[lane])]
        found = labels.label(
            records.steps, records.metrics[lane, :, 0], records.metrics[lane, :, 2], share
        )
        assert found.name == wanted, found
