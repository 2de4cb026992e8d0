"""Lanes of a draw share the numbers of their mini-batches, and have the bytes of those alone."""

import dataclasses

import numpy as np
import pytest

import optbench
from optbench.define import net
from optbench.define.draws import sample
from optbench.kernels.cpu import drawn_tables
from optbench.kernels.cpu.drawn_tables import tables
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from tests.kernels.cpu.outcomes import assert_equal

RATES = np.array([0.01, 0.1, 0.5])
OPTIONS = {
    "as they are": {},
    "mixed, two gradients a step": dict(mixup=0.4),
    "class by class": dict(class_every=7),
    "in order": dict(shuffle=False),
}


def flowers(**options):
    """Return an instance of a net on iris that nobody else has."""
    definition = net(
        "flowers_in_batches", data="iris", sizes=(4, 8, 3), activation="tanh", batch=20,
        loss_target=1e-9, error_target=0.0, **options,
    )  # fmt: skip
    return optbench.problem(definition, instance=1)


def trained(problem, rule, dtype, seeds=(1, 2), steps=30):
    """Return the results of all rates from two seeds."""
    inputs = LaneInputs.crossed(
        problem.starts(seeds), problem.keys(seeds), np.zeros(len(seeds), int), {"lr": RATES}
    )
    job = Job(steps=steps, dtype=dtype, store_x=True)
    return simulate(problem, optbench.optimizer(rule), inputs, job)


def drawn_alone(problem):
    """Return the problem as one whose lanes draw for themselves."""
    placement = dataclasses.replace(problem.placement, drawn=0)
    return dataclasses.replace(problem, placement=placement)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", OPTIONS)
def test_shared_numbers_change_no_byte(name, dtype):
    problem = flowers(**OPTIONS[name])
    rule = "sgd[sam_rho=0.05]" if name.endswith("step") else "sgd"
    ours = trained(problem, rule, dtype)
    assert_equal(ours, trained(drawn_alone(problem), rule, dtype))
    assert (problem.placement in tables.kept) == (name != "in order")
    assert_equal(trained(problem, rule, dtype), ours)  # numbers of the launch before


@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_a_table_holds_the_numbers_of_its_draw_and_serves_all_launches():
    problem = flowers()
    keys, n = problem.keys([1, 2]).tolist(), int(problem.net.q[0])
    tables.kept.clear()
    trained(problem, "sgd", "float32")
    kept = dict(tables.kept[problem.placement])
    assert set(kept) == {(key, "float32") for key in keys}
    for (key, _), table in kept.items():
        expected = [[sample(np.uint64(key), t, j, 20, n) for j in range(20)] for t in range(30)]
        np.testing.assert_array_equal(table.drawn.numbers, expected)
    trained(problem, "adam", "float32", steps=25)
    assert all(tables.kept[problem.placement][key] is table for key, table in kept.items())
    trained(problem, "adam", "float32", steps=35)
    assert all(len(one.drawn.numbers) == 35 for one in tables.kept[problem.placement].values())


def test_lanes_that_outrun_their_table_draw_for_themselves(monkeypatch):
    problem = flowers()
    whole = trained(problem, "sgd", "float32")
    monkeypatch.setattr(drawn_tables, "LARGEST_BYTES", 11 * 20 * 4 + 5)
    tables.kept.clear()
    assert_equal(trained(problem, "sgd", "float32"), whole)
    assert all(len(one.drawn.numbers) == 11 for one in tables.kept[problem.placement].values())


def test_tables_beyond_what_a_thread_keeps_are_dropped(monkeypatch):
    problem, other = flowers(), flowers(mixup=0.1)
    whole = trained(problem, "sgd", "float32")
    monkeypatch.setattr(drawn_tables, "KEPT_BYTES", 3 * 30 * 20 * 4)
    tables.kept.clear()
    assert_equal(trained(problem, "sgd", "float32"), whole)
    trained(other, "sgd", "float32")
    assert problem.placement not in tables.kept and other.placement in tables.kept
    assert tables.nbytes <= drawn_tables.KEPT_BYTES
    assert_equal(trained(problem, "sgd", "float32"), whole)
