"""What launches share is found by its content, is bounded, and follows no array of a caller."""

import threading

import numpy as np
import pytest

import optbench
from optbench.kernels.cpu import blocking, launch
from optbench.kernels.driver import surfaces
from optbench.kernels.memory.kept import Kept
from optbench.lanes.job import Job, LaneInputs
from optbench.lanes.simulating import simulate
from optbench.rules import lane_tables

STORES = (blocking._CUTS, launch._STARTS, surfaces._SURFACES, surfaces._PLANS, lane_tables._OF_ALL)


def test_a_value_is_made_once_and_the_oldest_is_forgotten():
    kept, made = Kept(2), []

    def value(key):
        return kept.of(key, lambda: made.append(key) or object())

    first = value("a")
    assert value("a") is first and value("b") is not first
    assert value("a") is first  # now "b" is the oldest
    value("c")
    assert value("a") is first
    value("b")
    assert made == ["a", "b", "c", "b"]
    value(None), value(None)
    assert made[4:] == [None, None]


def test_threads_that_ask_at_once_get_one_value():
    kept, together, values = Kept(1), threading.Barrier(4), []

    def ask():
        together.wait()
        values.append(kept.of("key", lambda: together.wait() and None or object()))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(values) == 4 and len(set(map(id, values))) == 1


def run(starts, rates, records, target):
    """Return the results of lanes of Rosenbrock's valley, arrays as bytes."""
    problem = optbench.problem("rosenbrock", 2)
    keys, frames = problem.keys(range(len(starts))), np.zeros(len(starts), np.int64)
    inputs = LaneInputs.crossed(starts, keys, frames, {"lr": rates})
    job = Job(steps=30, records=records, target=target)
    results = simulate(problem, optbench.optimizer("adam"), inputs, job)
    return [array.tobytes() for array in results]


@pytest.mark.parametrize("what", ["starts", "rates", "records"])
def test_a_launch_follows_its_arrays_when_they_change(what):
    arrays = {
        "starts": np.array([[-1.0, 2.0], [0.5, 0.5], [2.0, 1.0]]),
        "rates": np.array([0.01, 0.1, 1.0]), "records": np.array([0, 3, 30]),
    }  # fmt: skip
    before = run(**arrays, target=1e-3)
    assert run(**arrays, target=1e-3) == before
    arrays[what][1] += arrays[what][1]
    after = run(**arrays, target=1e-3)
    assert after != before
    for store in STORES:
        store._values.clear()
    assert run(**arrays, target=1e-3) == after


def test_a_launch_after_another_has_the_bytes_of_the_first_one_alone():
    starts, records = np.array([[-1.0, 2.0], [0.5, 0.5]]), np.array([0, 30])
    rates = np.geomspace(1e-3, 1.0, 7)
    alone = run(starts, rates, records, target=1e-3)
    for other in (run(starts, rates[:5], records, 1e-3), run(starts[:1], rates, records, 1e-3)):
        assert other != alone
    assert run(starts, rates, records, target=1e-2) != alone
    assert run(starts, rates, records, target=1e-3) == alone
