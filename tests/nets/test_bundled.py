"""Data sets that come with scikit-learn are what it makes of their files."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

from optbench.errors import SettingError
from optbench.nets import bundled


@pytest.mark.parametrize("name", bundled.NAMES)
def test_numbers_are_those_of_scikit_learn_to_the_last_bit(name):
    X, y = bundled.load(name)
    expected_X, expected_y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    assert X.tobytes() == np.ascontiguousarray(expected_X).tobytes() and X.dtype == np.float64
    np.testing.assert_array_equal(y, expected_y)
    assert y.dtype == (np.float64 if name == "diabetes" else np.int64)


def test_scikit_learn_is_not_imported():
    code = "import sys; from optbench.nets import datasets; datasets.load('diabetes');"
    code += "datasets.load('iris'); sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    place = SimpleNamespace(origin=str(tmp_path / "sklearn" / "__init__.py"))
    monkeypatch.setattr(bundled.importlib.util, "find_spec", lambda name: place)
    with pytest.raises(SettingError, match=r"iris\.csv.*install scikit-learn anew"):
        bundled.load("iris")
    monkeypatch.setattr(bundled.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SettingError, match="scikit-learn is not installed"):
        bundled.load("iris")
