"""Declarations of problems and nets: what is refused, with the line and in which words."""

import math

import numpy as np
import pytest

from optbench.define import Log, net, optimizer, problem
from optbench.errors import DefinitionError


def declared(**facts):
    return problem(**{"start": [1.0, 2.0], **facts})(lambda x: x[0] * x[0])


def named(**facts):
    return declared(name="mine", **facts)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (dict(tags=["nonsmoth"]), "unknown tag 'nonsmoth': did you mean nonsmooth"),
        (dict(tags="valley"), r"give a list, \['valley'\]"),
        (dict(dims=(2.5,)), "dims = 2.5 must be a whole number"),
        (dict(dims=(0,)), "dims = 0 is out of range"),
        (dict(dim="2"), "dim = '2' must be a whole number"),
        (dict(scalable=-1), "scalable = -1 is out of range"),
        (dict(f_min=math.nan), "f_min = nan must be a finite number"),
        (dict(f_min=lambda dim: "0"), "f_min = '0' must be a number"),
        (dict(target=0.0), "target=0.0: give a gap above 0"),
        (dict(target=math.nan), "target = nan must be a finite number"),
        (dict(batch=1.5), "batch = 1.5 must be a whole number"),
        (dict(start=[True, 2.0]), "True in its start"),
        (dict(start=[1.0, "a"]), "'a' in its start"),
        (dict(scratch="1"), "scratch = '1' must be a whole number"),
    ],
)
def test_a_wrong_problem_is_refused_where_it_is_declared(facts, message):
    with pytest.raises(DefinitionError, match=rf"test_declarations\.py:\d+: mine.*{message}"):
        named(**facts)


def test_arguments_with_defaults_are_refused():
    def curved(x, p=10.0):
        return p * x[0] * x[0]

    with pytest.raises(DefinitionError, match="curved has the default `p=10.0` in its signature"):
        problem(start=[1.0])(curved)


def test_words_of_python_are_no_names():
    with pytest.raises(DefinitionError, match="'class' is not lower snake case"):
        declared(name="class")


def test_numpy_numbers_in_declarations_are_plain_ones():
    one = named(
        dims=(np.int64(2), np.float64(4.0)), dim=np.int32(2), scalable=np.int64(2),
        f_min=np.float32(0.5), target=np.float32(0.25), start=np.array([1, 2]),
    )  # fmt: skip
    kinds = [(type(n), n) for n in (*one.dims, one.dim, one.scalable, one.f_min, one.target)]
    assert kinds == [(int, 2), (int, 4), (int, 2), (int, 2), (float, 0.5), (float, 0.25)]
    assert named(minimum=np.float64(0.0)).minimum == 0.0
    layered = net(
        "mine", data="iris", sizes=np.array([4, 3]), batch=np.int64(8),
        loss_target=np.float32(0.5), error_target=np.float64(0.25), gain=np.float32(2.0),
    )  # fmt: skip
    numbers = (*layered.sizes, layered.batch, layered.loss_target, layered.error_target)
    assert [(type(n), n) for n in numbers] == [
        (int, 4), (int, 3), (int, 8), (float, 0.5), (float, 0.25)
    ]  # fmt: skip
    rule = optimizer(lr=Log(np.float32(0.5)), beta=np.int64(1))(lambda_rule)
    assert [(type(r.default), r.default) for r in rule.hyper.values()] == [(float, 0.5), (float, 1)]


def lambda_rule(x, g, lr, beta):
    return x - lr * beta * g


NET = dict(data="iris", sizes=(4, 3), batch=8, loss_target=0.1, error_target=0.1)


@pytest.mark.parametrize(
    ("name", "facts", "message"),
    [
        ("../a <b>$x$", {}, "'../a <b>$x$' is not lower snake case"),
        ("mine", dict(loss_target=math.nan), "loss_target = nan must be a finite number"),
        ("mine", dict(loss_target=-1.0), "loss_target=-1.0: give a number of at least 0"),
        ("mine", dict(error_target=5), "error_target=5: give a number from 0 to 1"),
        ("mine", dict(error_target=math.inf), "error_target = inf must be a finite number"),
        ("mine", dict(batch=0), "batch = 0 is out of range"),
        ("mine", dict(batch=2.5), "batch = 2.5 must be a whole number"),
        ("mine", dict(sizes=(4, 0)), "sizes = 0 is out of range"),
        ("mine", dict(sizes=(4,)), "give those of input and output"),
        ("mine", dict(sizes=4), "give the units of every layer"),
        ("mine", dict(gain=math.nan), "gain = nan must be a finite number"),
        ("mine", dict(tags=["nett"]), "unknown tag 'nett': did you mean net"),
        ("mine", dict(classes=(0.5,)), "classes = 0.5 must be a whole number"),
    ],
)
def test_a_wrong_net_is_refused_where_it_is_declared(name, facts, message):
    with pytest.raises(DefinitionError) as error:
        net(name, **{**NET, **facts})
    assert message in str(error.value) and "test_declarations.py:" in str(error.value)
