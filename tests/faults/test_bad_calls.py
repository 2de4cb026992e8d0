"""Calls with what is no number, or of no size: the sentence that the user reads."""

import numpy as np
import pytest

import optbench
from optbench.errors import SettingError
from optbench.lanes.search import draw, grid, search
from optbench.nets import MLP

NO_COUNTS = [float("nan"), float("inf"), None, "60", True, 2.5, 0, -1, [3]]


@pytest.mark.parametrize("name", ["steps", "lanes", "threads", "records"])
@pytest.mark.parametrize("bad", NO_COUNTS, ids=repr)
def test_counts_of_minimize(name, bad):
    if name in ("threads", "records") and bad is None:
        return  # the number of processors, and that of the kind of problem
    with pytest.raises(SettingError, match=rf"^{name} = .* a whole number of at least 1$"):
        optbench.minimize("gd", "sphere", **{"steps": 5, name: bad})


def function_of_mine(x):
    return x[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(seed=2**64), "seed = 18446744073709551616 is out of range"),
        (dict(seed=-1), "seed = -1 is out of range"),
        (
            dict(seed=2**63 - 1, lanes=2),
            "seed = 9223372036854775807 is out of range: .* from 0 to 922",
        ),
        (dict(seed="1"), "seed = '1' must be a whole number"),
        (dict(beta1="0.9"), "adam: beta1 = '0.9' must be a number"),
        (dict(beta1=["0.9"]), "adam: beta1 = .*0.9.* must be"),
        (dict(beta1=None), "adam: beta1 = None must be a number"),
        (dict(beta1=True), "adam: beta1 = True must be a number"),
        (dict(eps_in_sqrt="true"), "adam: eps_in_sqrt = 'true' must be a number"),
        (
            dict(lr=float("inf")),
            r"adam: lr = inf must be a finite number: outside its range \(0, inf\)$",
        ),
        (dict(lr=[0.1, 0.2], lanes=3), r"lr has shape \[2\]; give .* each of the 3 lanes"),
        (dict(lr=[0.1, 0.2]), r"each of the 1 lane; lanes=2 runs one for each$"),
        (dict(lr=[]), r"lr has shape \[0\]"),
        (dict(lr=[[0.1], [0.1, 0.2]]), "lr has rows of different lengths"),
        (dict(lr=[0.1, float("nan")], lanes=2), "adam: lr = nan must be a finite number"),
        (dict(lr=1e-60, dtype="float32"), "adam: lr = 1e-60 is 0.0 in float32"),
        (dict(eps=[1e60], dtype=np.float32), r"adam: eps = 1e\+60 is inf in float32"),
        (dict(lookahead_steps=2.5), r"lookahead_steps = 2.5 is .* whole numbers in \[1, inf\)"),
        (dict(plateau_patience=0.5), "plateau_patience = 0.5 is outside"),
        (dict(schedule=["cosine"]), "adam: schedule = .*cosine.* is unknown; it is one of"),
        (dict(schedule=3), "schedule = 3 is unknown; it is one of"),
        (dict(schedule="cosin", warmup=0.1), "schedule = cosin is unknown; it is one of"),
        (dict(schedule="cosin", cycles=2), "schedule = cosin is unknown; it is one of"),
        (dict(start=[1.0]), r"start has shape \[1\]; expected \[2\] or \[1, 2\]"),
        (dict(start=["1", "2"]), r"sphere: start = \['1', '2'\] must be numbers"),
        (dict(start=[1j, 1]), "sphere: start = .* must be numbers"),
        (dict(start=[[1.0, 2.0], [1.0]]), "start has rows of different lengths"),
        (dict(dtype="float16"), "dtype 'float16' is unknown; use 'float64' or 'float32'"),
        (dict(dtype=None), "dtype None is unknown"),
        (dict(problem=function_of_mine), "function_of_mine is no problem yet: decorate it with @"),
        (dict(problem=None), "a problem is a name, .*; got None"),
        (
            dict(optimizer=function_of_mine),
            "an optimizer is a name.*function_of_mine.*; decorate it",
        ),
        (dict(optimizer=None), "an optimizer is a name, .*; got None"),
    ],
)
def test_bad_calls_of_minimize(arguments, message):
    with pytest.raises(SettingError, match=message):
        optbench.minimize(**{"optimizer": "adam", "problem": "sphere", "steps": 5, **arguments})


def test_an_instance_is_not_made_of_an_instance():
    with pytest.raises(SettingError, match=r"sphere \(d=2\) is an instance already"):
        optbench.problem(optbench.problem("sphere"), instance=1)
    with pytest.raises(SettingError, match="sphere: x = 'here' must be a number"):
        optbench.problem("sphere").value("here")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(seed=1.5), "replay: seed = 1.5 must be a whole number"),
        (dict(steps=0), "replay: steps = 0 is out of range"),
        (dict(steps="9"), "replay: steps = '9' must be"),
        (dict(start=["0"]), "replay: start = .* must be numbers"),
        (dict(gradients=[["1"]]), "replay: gradients = .* must be numbers"),
        (dict(gradients=1.0), r"gradients \[\]; expected \[d\] and \[T, d\]"),
        (dict(start=[], gradients=np.ones((2, 0))), r"start has shape \[0\]"),
        (dict(values=["a"]), "replay: values = .* must be numbers"),
        (dict(shape=[(1.5,)]), "replay: shape = 1.5 must be a whole number"),
        (dict(shape=3), "replay: shape = 3 must be the shapes of all tensors"),
        (dict(state=3), "replay: state = 3; give what"),
        (dict(dtype="f4"), "dtype 'f4' is unknown"),
        (dict(lr=1e-60, dtype=np.float32), "gd: lr = 1e-60 is 0.0 in float32"),
        (dict(lr="0.1"), "gd: lr = '0.1' must be a number"),
    ],
)
def test_bad_calls_of_replay(arguments, message):
    with pytest.raises(SettingError, match=message):
        optbench.replay(**{"optimizer": "gd", "gradients": [[1.0]], "start": [0.0], **arguments})


def test_a_state_of_another_rule_is_refused():
    _, state = optbench.replay("dog", [[1.0]], [0.0], return_state=True)
    with pytest.raises(SettingError, match="the state is of another run"):
        optbench.replay("gd", [[1.0]], [0.0], state=state)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(sizes=3), "sizes is 3; it must name at least two layers"),
        (dict(sizes=("3", 2)), "each of 1 or more units"),
        (dict(sizes=(10**8, 10**8)), "a net of sizes .* TB of memory.*lower sizes"),
        (dict(l1="0.1"), "l1 = '0.1' must be a number"),
        (dict(l2=float("inf")), "l2 = inf must be a finite number"),
        (dict(dropout="0.1"), "dropout = '0.1' must be a number"),
        (dict(dropout=True), "dropout = True must be a number"),
        (dict(label_smoothing=None), "label_smoothing = None must be a number"),
        (dict(ghost_batch=2.5), "ghost_batch = 2.5 must be a whole number"),
        (dict(decay_biases="yes"), "decay_biases is 'yes'; it must be True or False"),
        (dict(shared={2.5: 1}), "a layer of shared = 2.5"),
        (dict(shared=3), "shared is 3; it must be a dict"),
        (dict(dtype=np.int32), "dtype .* is unknown"),
    ],
)
def test_bad_numbers_of_a_net(arguments, message):
    with pytest.raises(SettingError, match=message):
        MLP(**{"sizes": (3, 4, 4, 2), **arguments})


def test_bad_calls_of_search():
    for bad in ("cosine", 0.1, {"a": 1}):
        with pytest.raises(SettingError, match="grid: lr = .*; give a list of its values"):
            grid(lr=bad)
    for bad in (0.1, (0.1,), ("a", 1), (1, 0), (0.0, 1.0, "log"), (0.1, 1.0, "ln"), (True, 2)):
        with pytest.raises(SettingError, match="range lr"):
            draw(3, lr=bad)
    for bad in (2.5, "3", -1, None):
        with pytest.raises(SettingError, match="draw: count = "):
            draw(bad, lr=(0, 1))
        with pytest.raises(SettingError, match="draw: seed = "):
            draw(3, seed=bad, lr=(0, 1))
    assert draw(np.float64(3), 7.0, a=(0, 1)) == draw(3, 7, a=(0.0, np.int64(1)))
    for bad in ([], [3]):
        with pytest.raises(SettingError, match="search: settings must be a list"):
            search("sgd", "iris_tanh", bad, steps=5)
    with pytest.raises(SettingError, match="search: no|iris_tanh: instance = 1.5"):
        search("sgd", "iris_tanh", [{"lr": 0.1}], steps=5, instance=1.5)
