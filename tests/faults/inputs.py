"""Small data files, written for the tests."""

import numpy as np
import pytest

from optbench.errors import SettingError
from optbench.nets import data
from optbench.nets.idx import TYPES

FEATURES = np.array([[0.5, 1.5], [2.0, 2.5], [1.25, 3.0], [4.5, -1.0], [5.5, 0.25], [-6.0, 7.5]])
WORDS = ["a", "b", "a", "b", "b", "a"]
PIXELS, DIGITS = np.arange(72).reshape(6, 4, 3), np.arange(6) % 3


def idx(array, code=8):
    shape = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, code, array.ndim]) + shape + array.astype(TYPES[code]).tobytes()


def rows(separator=",", point=".", targets=WORDS, end="\n"):
    """Return FEATURES and targets as the text of a table."""
    lines = []
    for example, target in zip(FEATURES.tolist(), targets, strict=True):
        lines.append(separator.join([*(str(v).replace(".", point) for v in example), target]))
    return end.join([*lines, ""])


def written(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path, match, wanted=None):
    with pytest.raises(SettingError, match=match) as caught:
        data.load(path, wanted)
    assert str(path) in str(caught.value)
