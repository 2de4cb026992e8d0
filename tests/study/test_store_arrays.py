"""Arrays become bytes and come back to the bit; equal ones cost next to nothing."""

import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from optbench.study.store_arrays import pack, unpack

DTYPES = ["<f8", "<f4", "<i4", "<i8", "|i1", "|u1", "|b1", "<U3", "<c16"]
NAMES = ["f_final", "f_best", "hits", "status", "record_f", "record_best"]


def same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and (
        one.tobytes() == other.tobytes()
    )  # fmt: skip


@given(st.data())
def test_what_is_packed_comes_back(data):
    shape = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=40)
    arrays = {
        name: data.draw(arrays_of.arrays(data.draw(st.sampled_from(DTYPES)), data.draw(shape)))
        for name in data.draw(st.lists(st.sampled_from(NAMES), unique=True))
    }
    packed = pack(arrays)
    back = unpack(packed)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert same(back[name], array)
        assert not back[name].flags.writeable
        (alone,) = unpack(packed, [name]).values()
        assert same(alone, array)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lanes_and_curves_as_cells_hold_them(dtype):
    rng = np.random.default_rng(0)
    f = rng.lognormal(0, 9, (20, 37)).astype(dtype)
    f[rng.random(f.shape) < 0.1] = np.nan
    f[rng.random(f.shape) < 0.1] = -np.inf
    hits = np.sort(rng.integers(1, 70_000, (19, 20, 37), np.int32), axis=0)
    hits[rng.random(hits.shape) < 0.3] = 0
    arrays = {
        "f_best": np.where(rng.random(f.shape) < 0.5, f, -f), "f_final": f, "hits": hits,
        "steps": np.full(f.shape, 1000, np.int32), "targets": 10.0 ** -np.arange(19),
    }  # fmt: skip
    back = unpack(pack(arrays))
    assert all(same(back[name], array) for name, array in arrays.items())


def test_the_bytes_are_what_is_documented():
    """Read without `unpack`, by the words of the modules."""
    f = np.array([1.0, 1.0, 2.0, np.nan, np.nan, -0.0, 0.0, 0.0, 0.0, 5.0])
    best = np.where(np.arange(10) == 3, 0.5, f)
    arrays = {
        "f_final": f, "f_best": best, "hits": np.array([[1, 70_000], [0, 2]], np.int32),
        "steps": np.array([3, 300], np.int32), "f_start": f[2:4].astype(np.float32),
        "reached": np.array([True, False]),
    }  # fmt: skip
    packed = pack(arrays)
    start = 4 + int.from_bytes(packed[:4], "little")
    assert json.loads(packed[4:start]) == [
        ["f_final", "<f8", [10], "words"], ["f_best", "<f8", [10], "like f_final"],
        ["hits", "<i4", [2, 2], "counts"], ["steps", "<i4", [2], "counts"],
        ["f_start", "<f4", [2], "words"], ["reached", "|b1", [2], "octets"],
    ]  # fmt: skip
    frames = []
    while start < len(packed):
        length = int.from_bytes(packed[start : start + 4], "little")
        frames.append(packed[start + 4 : start + 4 + length])
        start += 4 + length
    assert start == len(packed)
    small = zlib.decompress(frames[3][1:], -15)
    assert frames == [
        bytes([0b10110110, 0b01000000]) + f[[0, 2, 3, 5, 6, 9]].tobytes(),
        bytes([0b11000000]) + np.array([2.0, np.nan], np.float32).tobytes(),
        bytes([0b00010000, 0]) + np.array([0.5]).tobytes(),
        frames[3],
    ]
    low, middle, high = (
        [1, 70_000 % 256, 0, 2, 3, 300 % 256],
        [0, 17, 0, 0, 0, 1],
        [0, 1, 0, 0, 0, 0],
    )
    assert frames[3][0] == 3 and list(small) == [*low, *middle, *high, 1, 0]


def test_equal_arrays_and_constant_ones_cost_next_to_nothing():
    f = np.random.default_rng(0).random((20, 500))
    alone = len(pack({"f_final": f}))
    both = {"f_final": f, "f_best": f.copy(), "steps": np.full(f.shape, 1000, np.int32)}
    bit = f.size // 8
    assert f.nbytes < alone < f.nbytes + bit + 100 and len(pack(both)) < alone + bit + 300
    assert len(pack({"f_final": np.full(10_000, np.pi)})) < 10_000 // 8 + 100


def test_a_cell_of_few_evaluations_takes_fewer_bytes():
    """What a count needs decides, whatever its dtype has room for."""
    rng = np.random.default_rng(0)
    sizes = [len(pack({"hit": rng.integers(0, most, 5000, np.int32)})) for most in (2**8, 2**16)]
    assert sizes[0] < 5400 and sizes[1] < 10400


def test_what_is_not_numbers_or_text_is_refused():
    for wrong in (np.array([None]), np.zeros(2, "f8,i4"), np.array(["2026-01-01"], "M8[D]")):
        with pytest.raises(ValueError, match="array wrong"):
            pack({"wrong": wrong})
