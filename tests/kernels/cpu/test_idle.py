"""Pieces of a launch are done once each, by as many threads as stand idle."""

import threading
import time

import pytest

from optbench.kernels.cpu.idle import run_pieces


@pytest.mark.parametrize("idle", [0, 1, 3, 10])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_piece_is_done_once_and_idle_threads_are_given_back(idle, count):
    counter, done = threading.Semaphore(idle), []
    run_pieces(range(count), done.append, counter)
    assert sorted(done) == list(range(count))
    assert all(counter.acquire(blocking=False) for _ in range(idle))
    assert not counter.acquire(blocking=False)


def test_pieces_wait_for_each_other_only_where_threads_are_idle():
    """Two pieces that need each other end only if two threads run them."""
    barrier = threading.Barrier(2, timeout=30)
    run_pieces(range(4), lambda piece: barrier.wait(), threading.Semaphore(1))


def test_a_thread_that_becomes_idle_later_helps():
    idle, threads = threading.Semaphore(0), set()

    def work(piece):
        threads.add(threading.get_ident())
        if piece == 0:
            idle.release()
        time.sleep(0.05)

    run_pieces(range(6), work, idle)
    assert len(threads) == 2


@pytest.mark.parametrize("idle", [0, 2])
def test_an_error_ends_the_others_and_is_raised(idle):
    counter = threading.Semaphore(idle)

    def work(piece):
        if piece == 2:
            raise ValueError("piece 2")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="piece 2"):
        run_pieces(range(100), work, counter)
    assert all(counter.acquire(blocking=False) for _ in range(idle))
