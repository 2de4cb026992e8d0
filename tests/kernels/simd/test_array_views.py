"""Views give what NumPy's arrays give; parts are compiled once for the types of their arguments."""

import time
from typing import NamedTuple

import numpy as np
import pytest
from numba import types
from numba.core import errors

from optbench.kernels.compiling.options import helper, jit
from optbench.kernels.memory.pointers import at, place, pointer_type, words


class Group(NamedTuple):
    """Arrays of one, two and three dimensions."""

    line: np.ndarray
    block: np.ndarray
    table: np.ndarray


POINTER = pointer_type(Group, "i1 f2 f3", np.float64)
OUT = types.Array(types.float64, 1, "C")


@pytest.fixture
def group():
    table = np.arange(24.0).reshape(2, 3, 4)
    return Group(np.array([5, -6, 7]), np.arange(6.0).reshape(2, 3) / 4, table)


def run(function, group):
    """Run ``function(group, out)`` compiled; return out [8]."""
    to_group = at(POINTER)
    part = helper(function)
    compiled = jit(lambda address, out: part(to_group(address), out), types.void(types.int64, OUT))
    out = np.zeros(8)
    compiled(words(group, POINTER).ctypes.data, out)
    return out.tolist()


def test_elements_and_views_of_a_part_are_those_of_numpy(group):
    def read(group, out):
        out[0], out[1], out[2] = group.line[1], group.block[1, 2], group.table[1, 2, 3]
        inner, row = group.table[1], group.table[1, 2]
        out[3], out[4], out[5] = inner[0, 1], row[2], inner[2][3]

    table = group.table
    expected = [-6, group.block[1, 2], 23.0, table[1, 0, 1], table[1, 2, 2], 23.0]
    assert run(read, group)[:6] == expected


def test_shapes_are_those_of_numpy(group):
    def shapes(group, out):
        out[0], out[1] = group.line.shape[0], group.block.shape[1]
        out[2], out[3], out[4] = group.table.shape
        out[5], out[6] = group.table[0].shape
        out[7] = group.table[0, 1].shape[0]

    assert run(shapes, group) == [3, 3, 2, 3, 4, 3, 4, 4]


def test_what_is_written_is_in_the_arrays(group):
    def write(group, out):
        group.line[2] = 70
        group.table[1][2, 3] = 1
        group.block[0, 1] += group.line[2]

    expected = group.block[0, 1] + 70
    run(write, group)
    assert (group.line[2], group.table[1, 2, 3], group.block[0, 1]) == (70, 1.0, expected)


def test_views_go_into_other_groups_and_one_of_two_can_be_chosen(group):
    def again(group, out):
        for turned in range(2):
            chosen = group.block if turned else group.table[1]
            other = place(Group(group.line, chosen, group.table))
            out[turned], out[2 + turned] = other.block[1, 2], other.block.shape[1]

    assert run(again, group)[:4] == [group.table[1, 1, 2], group.block[1, 2], 4, 3]


@pytest.mark.parametrize("index", ["[0.5]", "[0, 1, 2]", "[1:]"])
def test_other_indices_do_not_compile(group, index):
    scope = {}
    exec(f"def wrong(group, out):\n    out[0] = group.block{index}\n", scope)
    with pytest.raises(errors.TypingError):
        run(scope["wrong"], group)


def test_a_part_is_compiled_once_whatever_numbers_it_is_called_with():
    @helper
    def part(x, n):
        return x * n

    new = float(time.time_ns())  # the cache has what an earlier run has compiled
    call = jit(
        lambda x: part(x, 2) + part(x, 3) + part(x, n=4) + (new - new),
        types.float64(types.float64),
    )
    assert call(10.0) == 90.0
    assert list(part.overloads) == [(types.float64, types.int64)]
