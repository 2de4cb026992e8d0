"""What a net may be declared with is what the classes take that it is handed to."""

from dataclasses import fields

from optbench.define.net_options import NET_OPTIONS, TRAINING_OPTIONS
from optbench.nets.mlp import MLP
from optbench.nets.training import Training

OF_THE_DECLARATION = {"sizes", "activation", "loss", "dtype"}
"""Arguments of `MLP` that `net` has itself; the dtype is the study's."""


def arguments(cls):
    return {field.name for field in fields(cls) if field.init}


def test_a_net_may_be_declared_with_all_else_that_an_mlp_takes():
    assert {*NET_OPTIONS} == arguments(MLP) - OF_THE_DECLARATION
    assert OF_THE_DECLARATION <= arguments(MLP)


def test_a_net_may_be_declared_with_all_that_training_takes():
    assert {*TRAINING_OPTIONS} == arguments(Training)
