"""Groups of arrays as words in memory: what is written is read again."""

from typing import NamedTuple

import numpy as np
import pytest
from numba import types

from optbench.kernels.compiling.options import helper, jit
from optbench.kernels.memory.fetching import fetch
from optbench.kernels.memory.pointers import at, place, pointer_type, words


class Group(NamedTuple):
    """One field of every kind."""

    matrix: np.ndarray
    count: int
    level: float
    keys: np.ndarray
    empty: np.ndarray


def pointer(dtype):
    return pointer_type(Group, "f2 i0 f0 u1 f3", dtype)


def group(dtype):
    matrix = np.arange(6, dtype=dtype).reshape(2, 3)
    keys = np.array([2**63 + 1], np.uint64)
    return Group(matrix, -7, dtype(0.1), keys, np.zeros((0, 2, 3), dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_code_reads_what_was_written_and_writes_into_the_arrays(dtype):
    to_group = at(pointer(dtype))

    def read(address, out):
        given = to_group(address)
        given.matrix[1, 2] = 50
        matrix, count, level, keys, empty = fetch(given)
        out[0], out[1], out[2] = matrix[1].sum(), count, level
        out[3] = keys[0] == np.uint64(2**63 + 1)
        out[4] = empty.shape[0] + 10 * empty.shape[1] + 100 * empty.shape[2]

    given = group(dtype)
    written = words(given, pointer(dtype))
    read = jit(read, types.void(types.int64, types.Array(types.float64, 1, "C")))
    out = np.zeros(5)
    read(written.ctypes.data, out)
    assert out.tolist() == [3 + 4 + 50, -7, float(dtype(0.1)), 1, 20 + 300]
    assert given.matrix[1, 2] == 50


def test_place_writes_what_fetch_reads():
    def again(x, key):
        matrix, count, level, keys, empty = fetch(place(Group(x, 3, 0.5, key, x[0])))
        return matrix[1, 0] + count + level + keys[0] + empty[1]

    x, key = np.array([[1.0, 2.0], [40.0, 0.0]]), np.array([100], np.uint64)
    matrix = types.Array(types.float64, 2, "C")
    again = jit(again, types.float64(matrix, types.Array(types.uint64, 1, "C")))
    assert again(x, key) == 40 + 3 + 0.5 + 100 + 2


def test_fields_of_the_wrong_type_are_refused():
    wrong = group(np.float64)._replace(keys=np.zeros(1))
    with pytest.raises(TypeError, match="keys is array"):
        words(wrong, pointer(np.float64))
    turned = group(np.float64)._replace(matrix=np.zeros((3, 2)).T)
    with pytest.raises(TypeError, match="matrix is array"):
        words(turned, pointer(np.float64))


def test_a_part_of_compiled_functions_cannot_be_called_from_python():
    @helper
    def part(x):
        return 2.0 * x

    double = jit(lambda x: part(x) + 1.0, types.float64(types.float64))
    assert double(3.0) == 7.0
    with pytest.raises(TypeError):
        part(3.0)
