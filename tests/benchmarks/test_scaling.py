"""The simulation of many workers, against what can be said by hand."""

import pytest

from optbench.study import invocation
from tests.benchmarks import scaling
from tests.benchmarks.scaling import Study, bounds, chunk_size, fitted, lines, simulated
from tests.faults.runs import study

EQUAL = Study(cells=1000, seconds=(2.0,), compile=0.0, bytes=0.0, store=0.0)


def test_one_worker_takes_the_sum():
    assert simulated(EQUAL, 1, 10, dispatch=0.0) == pytest.approx(2000.0)
    assert simulated(EQUAL, 1, 10, dispatch=0.5) == pytest.approx(2000.0 + 100 * 0.5)


def test_workers_share_evenly_and_wait_for_the_last_chunk():
    assert simulated(EQUAL, 10, 1, dispatch=0.0) == pytest.approx(200.0)
    assert simulated(EQUAL, 300, 1, dispatch=0.0) == pytest.approx(4 * 2.0)  # ceil(1000 / 300)
    assert simulated(EQUAL, 10, 300, dispatch=0.0) == pytest.approx(600.0)  # 4 chunks, 10 workers


def test_a_slow_scheduler_and_a_slow_store_take_their_own_time():
    scheduler = simulated(EQUAL, 1000, 1, dispatch=0.1)
    assert scheduler == pytest.approx(1000 * 0.1 + 2.0)
    slow = Study(cells=1000, seconds=(2.0,), compile=0.0, bytes=0.0, store=0.5)
    assert simulated(slow, 1000, 1, dispatch=0.0) == pytest.approx(2.0 + 1000 * 0.5)


def test_compiling_is_waited_for_once():
    compiled = Study(cells=1000, seconds=(2.0,), compile=30.0, bytes=0.0, store=0.0)
    assert simulated(compiled, 10, 1, dispatch=0.0) == pytest.approx(230.0)


@pytest.mark.parametrize("workers", [1, 10, 100, 1000])
def test_no_simulation_is_faster_than_any_part_alone(workers):
    study = Study(cells=5000, seconds=(0.1, 0.3, 4.0), compile=5.0, bytes=2e4, store=2e-4)
    chunk = chunk_size(study, workers)
    assert simulated(study, workers, chunk) >= 0.95 * max(bounds(study, workers, chunk).values())


def test_chunks_keep_the_scheduler_at_half_its_rate_unless_the_end_would_take_too_long():
    study = Study(cells=100_000, seconds=(0.1,), compile=0.0, bytes=0.0, store=0.0)
    assert chunk_size(study, 10) == 1  # 10 workers end 100 cells a second
    assert chunk_size(study, 500) == 10  # 5,000 a second: 500 chunks
    assert chunk_size(study, 1000) == 5  # 0.05 * 100,000 / 1,000
    assert scaling.DISPATCH * 500 / 0.1 / 10 == 0.5


def test_a_run_tells_what_its_cells_are_like(tmp_path):
    two = study(problems=[{"name": "sphere", "dims": [2]}, {"name": "booth"}])
    own = fitted(invocation.compute(two, tmp_path, threads=1), 500, 3.0)
    assert own.cells == 500 and own.mean == pytest.approx(1.5) and len(own.seconds) == 2
    assert 100 < own.bytes < 100_000 and 0 < own.store < 1.0
    assert len(list(lines(own))) == 2 + len(scaling.WORKERS)
