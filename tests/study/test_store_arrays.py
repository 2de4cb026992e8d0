"""Arrays become bytes and come back to the bit; equal ones cost next to nothing."""

import json
import math
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
    """Read without `unpack`, by the words of the module."""
    f = np.linspace(0.0, 1.0, 50)
    hits = np.arange(120, dtype=np.int32).reshape(3, 40)
    packed = pack({"f_final": f, "f_best": f * 2, "few": f[:2], "hits": hits})
    start = 4 + int.from_bytes(packed[:4], "little")
    frames = {}
    for name, dtype, shape, coding, length in json.loads(packed[4:start]):
        frame, start = packed[start : start + length], start + length
        if coding != "raw":
            size = np.dtype(dtype).itemsize
            bytes_ = zlib.decompress(frame).ljust(math.prod(shape) * size, b"\0")
            n = len(bytes_) // size
            frame = bytes(bytes_[k * n + i] for i in range(n) for k in range(size))
        frames[name] = coding, frame
    assert start == len(packed)
    assert frames["few"] == ("raw", f[:2].tobytes())
    assert frames["f_final"] == ("deflate", f.tobytes())
    xor = f.view(np.uint64) ^ (f * 2).view(np.uint64)
    assert frames["f_best"] == ("xor f_final", xor.tobytes())
    assert frames["hits"][0] == "rows"
    rows = np.frombuffer(frames["hits"][1], np.int32).reshape(3, 40)
    assert (rows == [hits[0], hits[1] ^ hits[0], hits[2] ^ hits[1]]).all()


def test_equal_arrays_and_constant_ones_cost_next_to_nothing():
    f = np.random.default_rng(0).random((20, 500))
    alone = len(pack({"f_final": f}))
    both = {"f_final": f, "f_best": f.copy(), "steps": np.full(f.shape, 1000, np.int32)}
    assert f.nbytes * 0.8 < alone and len(pack(both)) < alone + 350


def test_what_is_not_numbers_or_text_is_refused():
    for wrong in (np.array([None]), np.zeros(2, "f8,i4"), np.array(["2026-01-01"], "M8[D]")):
        with pytest.raises(ValueError, match="array wrong"):
            pack({"wrong": wrong})
