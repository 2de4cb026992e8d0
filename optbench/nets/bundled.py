"""Data sets whose files come with scikit-learn, read without its import, which takes half a second.

Nothing is downloaded. The numbers are those of ``sklearn.datasets.load_*``, to the last bit.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError

TABLES = {"breast_cancer": "breast_cancer.csv", "iris": "iris.csv", "wine": "wine_data.csv"}
"""Files with a row of facts, then one an example: features and a label."""
DIGITS = "digits.csv.gz"
"""Features and a label in each row."""
DIABETES = "diabetes_data_raw.csv.gz", "diabetes_target.csv.gz"
NAMES = tuple(sorted((*TABLES, "diabetes", "digits")))
"""`diabetes` is a regression."""


def load(name: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Return features [n, k] and answers [n]: int64 labels, or of a regression float64.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Raises
    ------
    SettingError
        If scikit-learn has no such file where it should be.
    """
    if name == "diabetes":
        features, answers = (_rows(file) for file in DIABETES)
        return _scaled(features), answers
    rows = _rows(DIGITS) if name == "digits" else _rows(TABLES[name], skipped=1)
    return rows[:, :-1], rows[:, -1].astype(np.int64)


def _rows(file: str, skipped: int = 0) -> NDArray[np.float64]:
    """Return the numbers of a file, a row a line; what is packed is unpacked."""
    path = _folder() / file
    delimiter = None if file in DIABETES else ","
    try:
        return np.loadtxt(path, delimiter=delimiter, skiprows=skipped)
    except (OSError, ValueError) as error:
        raise SettingError(
            f"{path}: a data set of scikit-learn cannot be read ({error}); install scikit-learn "
            "anew"
        ) from None


def _folder() -> Path:
    """Return where scikit-learn keeps its data."""
    found = importlib.util.find_spec("sklearn")
    if found is None or found.origin is None:
        raise SettingError("scikit-learn is not installed, and with it come data sets: install it")
    return Path(found.origin).parent / "datasets" / "data"


def _scaled(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns with mean 0 and a sum of squares of 1, as the data set is known."""
    centred = features - features.mean(axis=0)
    return np.asarray(centred / features.std(axis=0) / np.sqrt(len(features)))
