"""Pieces that compiled code shares with threads at seats: each is done once."""

import time

import numba
import numpy as np
import pytest
from numba import types

from optbench.kernels.memory.shared_words import count_up, read
from optbench.kernels.memory.sharing import APART, EMPTY, SEATS, WAITING, seats, share
from tests.kernels.sitting import sitting

MANY = 10**9
"""Looks at a word after which a test has failed: seconds."""


@numba.cfunc(types.void(types.int64, types.int64))
def counted(words, i):
    count_up(words + 8 * i)


@numba.cfunc(types.void(types.int64, types.int64))
def awaited(words, i):
    """Wait until two threads are here at once; the third word counts those who waited in vain."""
    count_up(words)
    for _ in range(MANY):
        if read(words) >= 2:
            return
    count_up(words + 16)


@numba.njit(nogil=True)
def shared(function, words, pieces):
    share(function, words, pieces)


def table():
    """Return the seats: int64 [SEATS]."""
    words = seats()
    first = -words.ctypes.data % APART // 8
    return words[first:][: SEATS * APART // 8 : APART // 8]


def until(condition):
    """Wait until a condition holds, for seconds at most."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never held")


@pytest.mark.parametrize("threads", [0, 1, 5])
@pytest.mark.parametrize("pieces", [0, 1, 2, 1000])
def test_every_piece_is_done_once(threads, pieces):
    with sitting(threads):
        until(lambda: (table() == WAITING).sum() == threads)
        for _ in range(20):
            counts = np.zeros(1000, np.int64)
            shared(counted.address, counts.ctypes.data, pieces)
            np.testing.assert_array_equal(counts, np.arange(1000) < pieces)
    assert (table() == EMPTY).all()


def test_a_thread_at_a_seat_takes_part():
    with sitting(1):
        until(lambda: (table() == WAITING).any())
        words = np.zeros(3, np.int64)
        shared(awaited.address, words.ctypes.data, 2)
    assert list(words) == [2, 0, 0]


def test_nobody_waits_for_a_thread_that_does_not_begin():
    """A seat that says that somebody waits, as in a process that was forked meanwhile."""
    table()[3] = WAITING
    try:
        counts = np.zeros(10, np.int64)
        shared(counted.address, counts.ctypes.data, 10)
        assert (counts == 1).all() and table()[3] == WAITING
    finally:
        table()[3] = EMPTY


def test_a_thread_without_a_seat_goes_on():
    with sitting(SEATS + 3):
        until(lambda: (table() == WAITING).all())
    assert (table() == EMPTY).all()
