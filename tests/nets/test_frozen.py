"""Frozen layers of tapes: nothing goes back below the first layer that is trained."""

import numpy as np
import pytest

import optbench
from optbench.define import net
from optbench.nets.layers import Activation, BatchNorm, Dense, Residual, Shared
from optbench.nets.tape.records import D_IN, D_OUT, record_start

LAYERS = [
    Dense(8), BatchNorm(), Activation("gelu"), Residual([Dense(8), Activation("tanh"), Dense(8)]),
    Shared(Dense(8), "a"), Activation("relu"), Shared(Dense(8), "a"), Dense(3),
]  # fmt: skip


def trained(rates, optimizer="sgd"):
    problem = optbench.problem(
        net(
            "flowers", data="iris", layers=LAYERS, input=4, batch=20, loss_target=1e-9,
            error_target=0.0, rates=rates,
        ),
        instance=1,
    )  # fmt: skip
    return problem, optbench.minimize(optimizer, problem, steps=20, lr=0.2, threads=1).x[0]


def ways_back(problem):
    """Return how many records have a way back, and how many of these go on to their input."""
    q = problem.net.q
    starts = [record_start(q, i) for i in range(len(problem.net.net.probe.records))]
    goes_back = [r for r in starts if q[r + D_OUT] >= 0]
    return len(goes_back), sum(q[r + D_IN] >= 0 for r in goes_back)


def frozen(*numbers):
    return dict.fromkeys(numbers, 0.0)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((), (9, 8)),
        ((1,), (8, 7)),
        ((1, 2), (6, 4)),  # neither branch of the residual goes on to what it takes
        ((1, 2, 4), (3, 2)),
        ((1, 2, 4, 5), (1, 0)),
        ((2, 8), (9, 8)),  # the first layer is trained: everything goes back
        ((1, 2, 4, 5, 8), (9, 8)),  # nothing is trained: nothing is saved
    ],
)
def test_records_below_the_first_trained_layer_have_no_way_back(numbers, expected):
    assert ways_back(trained(frozen(*numbers))[0]) == expected


@pytest.mark.parametrize("numbers", [(1,), (1, 2, 4), (1, 2, 4, 5), (4, 8)])
def test_what_is_trained_keeps_its_bits(numbers):
    """A rate of 1e-300 changes no weight either but 0, and gradients are computed for it."""
    problem, point = trained(frozen(*numbers))
    _, same = trained(dict.fromkeys(numbers, 1e-300))
    np.testing.assert_array_equal(point, np.where(np.abs(same) < 1e-290, 0.0, same))
    start = problem.starts([0])[0]
    moved = [
        number
        for number, now, before in zip(
            range(1, 9), problem.net.net.unflatten(point), problem.net.net.unflatten(start),
            strict=True,
        )
        if any(not np.array_equal(now[name], before[name]) for name in now)
    ]  # fmt: skip
    of_all = {1, 2, 4, 5, 7, 8}  # 7 shares the tensors of 5
    assert set(moved) == of_all - set(numbers) - ({7} if 5 in numbers else set())


def test_frozen_gradients_have_no_part_in_norms():
    """Clipped gradients are those of a net whose frozen gradients are computed and zeroed."""
    numbers = (1, 2, 4)
    problem, point = trained(frozen(*numbers), "sgd[clip_norm=0.05]")
    _, g = problem.value_and_grad(point)
    of_frozen = [one for one in problem.net.net.placed if one.layer in numbers]
    assert of_frozen and all(
        not g[one.place : one.place + one.tensor.size].any() for one in of_frozen
    )
    assert g.any()
