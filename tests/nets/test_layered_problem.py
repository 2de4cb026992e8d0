"""Nets of layers as problems: declaring, training, what is seen of them."""

import numpy as np
import pytest

import optbench
from optbench.catalog.identity import problem_identity
from optbench.define import net as declare
from optbench.errors import DefinitionError
from optbench.lanes.units import gradient_units
from optbench.nets import MLP, Net, diagnosis
from optbench.nets.layers import RNN, Activation, BatchNorm, Dense, Dropout, Flatten, Residual

from .helpers import assert_lanes_stand_alone

LAYERS = [Dense(32), Activation("relu"), Dense(10)]
FACTS = dict(data="digits", batch=64, loss_target=0.1, error_target=0.1)


def layered(name="layered", layers=LAYERS, shape=64, **more):
    return declare(name, layers=layers, input=shape, **{**FACTS, **more})


def same_params(mlp, net, params):
    """Return the parameters of an MLP with those of a net of dense layers and activations."""
    same = np.zeros(mlp.dim)
    dense = [tensors for tensors in net.unflatten(params) if tensors]
    for (W, b), tensors in zip(mlp.unflatten(same), dense, strict=True):
        W[...], b[...] = tensors["weight"].T, tensors["bias"]
    return same


@pytest.mark.parametrize("rule", ["momentum", "muon"])
def test_it_trains_as_the_perceptron_of_the_same_layers(rule):
    ours = optbench.problem(layered(family="alike"))
    theirs = optbench.problem(
        declare("perceptron", sizes=(64, 32, 10), family="alike", **FACTS), instance=0
    )
    net, mlp = ours.net.net, theirs.net.net
    start = ours.starts([1])
    first = optbench.minimize(rule, ours, steps=40, lr=0.1, start=start[0])
    second = optbench.minimize(
        rule, theirs, steps=40, lr=0.1, start=same_params(mlp, net, start[0])
    )
    np.testing.assert_array_equal(same_params(mlp, net, first.x[0]), second.x[0])
    np.testing.assert_array_equal(first.records.metrics, second.records.metrics)


def test_lanes_stand_alone():
    layers = [
        Dense(8), BatchNorm(), Activation("tanh"), Dropout(0.2), Residual([Dense(8)]), Dense(10),
    ]  # fmt: skip
    problem = layered("alone", layers, bn_eval="running", stopping="patience:2", max_norm=2.0)
    assert_lanes_stand_alone(problem, 3, steps=40, lr=0.05)


def test_it_is_fine_tuned_from_another_one():
    source = layered("source")
    pretrained = dict(net=source, optimizer="adam", lr=0.01, steps=50)
    changed = layered("tuned", rates={1: 0.0}, pretrained=pretrained)
    trained = optbench.minimize("adam", changed, steps=5, lr=0.01)
    net = optbench.problem(changed).net.net
    before = optbench.minimize("adam", source, steps=50, lr=0.01, dtype="float64")
    first, last = net.unflatten(trained.x[0])[0], net.unflatten(before.x[0])[0]
    np.testing.assert_array_equal(first["weight"], last["weight"])


def test_its_identity_follows_from_layers_and_loss():
    def absolute(z, y):
        return abs(z - y)

    def doubled(z, y):
        return 2.0 * abs(z - y)

    problems = [
        layered(), layered(layers=[Dense(32), Activation("tanh"), Dense(10)]),
        layered(shape=(64,), init="he_normal"), layered(loss=absolute), layered(loss=doubled),
    ]  # fmt: skip
    identities = [problem_identity(optbench.problem(problem)) for problem in problems]
    assert len(set(identities)) == len(problems)
    assert identities[0] == problem_identity(optbench.problem(layered()))


def test_a_study_compiles_the_operations_that_its_nets_have():
    problem = optbench.problem(layered(layers=[Dense(4), Activation("gelu"), Dense(10)]))
    assert [unit.key for unit in gradient_units(problem, "float32")] == [
        ("problem", "float32"), ("dense", "forward", "float32"), ("dense", "backward", "float32"),
        ("activation", "forward", "float32"), ("activation", "backward", "float32"),
    ]  # fmt: skip


def test_layers_are_diagnosed_as_those_of_a_perceptron():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 6)), rng.integers(0, 3, 50)
    for activation in ("tanh", "gelu", "leaky_relu"):
        mlp = MLP((6, 5, 4, 3), activation)
        act = Activation(activation)
        net = Net([Dense(5), act, Dense(4), act, Dense(3)], input=6)
        params = net.init(1)
        ours = diagnosis.diagnose(net, params, X, y)
        theirs = diagnosis.diagnose(mlp, same_params(mlp, net, params), X, y)
        assert [layer.layer for layer in ours] == [1, 2, 3]
        for one, other in zip(ours, theirs, strict=True):
            assert one.units == other.units and one.dead == other.dead
            for fact in ("mean", "std", "saturated", "gradient_norm", "weight_norm"):
                assert getattr(one, fact) == pytest.approx(getattr(other, fact), nan_ok=True)
            assert (one.histogram == other.histogram).all()


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (dict(sizes=(64, 10)), "has sizes and layers: give one of them"),
        (dict(input=None), "has layers: give input="),
        (dict(layers=[]), r"has layers=\[\]: give a list of layers"),
        (dict(layers=None), "neither sizes nor layers"),
        (dict(layers=None, sizes=(64, 10)), "has an input, which goes with layers"),
        (dict(batch_norm=True), "unknown option 'batch_norm'"),
        (dict(input=(0,)), "input"),
    ],
)
def test_declarations_that_do_not_fit(facts, message):
    with pytest.raises(DefinitionError, match=message):
        declare("wrong", **{**FACTS, "layers": LAYERS, "input": 64, **facts})


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            dict(layers=[Dense(4), Residual([Dense(3)])]),
            r"layer 2, Residual\(\[Dense\(3\)\]\): its",
        ),
        (
            dict(layers=[RNN(3), Dense(10)]),
            r"layer 1, RNN\(3\): examples of shape \(64,\) came, exp",
        ),
        (dict(layers=["Dense"]), "layer 1 is 'Dense'; give layers such as"),
        (dict(l1=-1.0), "l1"),
        (dict(lengths=1), "lengths is 1; it must be True or False"),
    ],
)
def test_layers_are_checked_where_they_are_declared(facts, message):
    with pytest.raises(
        DefinitionError, match=rf"test_layered_problem.py:\d+: net wrong: .*{message}"
    ):
        declare("wrong", **{**FACTS, "layers": LAYERS, "input": 64, **facts})


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (dict(input=63), r"input \(63,\) is 63 numbers; the data has 64 features"),
        (dict(layers=[Dense(9)]), r"the last layer, Dense\(9\), gives 9; with cross_entropy it"),
        (dict(layers=[Dense(4), Residual([Dense(3)]), Dense(10)]),
         r"layer 2, Residual\(\[Dense\(3\)\]\): its layers make examples of shape \(3,\) of"),
        (dict(layers=[BatchNorm(units=[64]), Flatten(), Dense(10)]),
         r"layer 1, BatchNorm\(\(64,\)\): units has 64, but examples of shape \(64,\)"),
        (dict(layers=[Flatten()]), "the net has no parameters"),
        (dict(init="hopeless"), "unknown scheme 'hopeless'; choose from torch, "),
        (dict(rates={4: 0.1}), "rates has layer 4; the net has 1 .. 3"),
    ],
)  # fmt: skip
def test_nets_that_do_not_fit_name_the_declaration_and_the_layer(facts, message):
    with pytest.raises(DefinitionError, match=message) as error:
        optbench.problem(declare("wrong", **{**FACTS, "layers": LAYERS, "input": 64, **facts}))
    assert "test_layered_problem.py" in str(error.value)
