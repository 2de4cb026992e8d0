"""What the page is told of tuning curves."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from optbench.report.page.figures import tuning_curves


@pytest.mark.parametrize(
    ("basis", "unit"),
    [
        ("evaluations", "evaluations"), ("anytime", "evaluations over all targets"),
        ("gap", "gap"), ("validation", "loss"), ("value", "final f"),
    ],
)  # fmt: skip
def test_scores_are_in_the_unit_that_trials_were_judged_by(basis, unit):
    score = np.array([2.0, -1.0])
    frame = pd.DataFrame(
        {"label": "a", "optimizer": "adam", "trials": [1, 2], "score": score, "low": score,
         "high": [np.inf, 3.0], "basis": basis, "note": ""}
    )  # fmt: skip
    contents = SimpleNamespace(frames={"tuning_curves": frame}, labels=["a"])
    own = tuning_curves.data(contents)["a"]["adam"]
    assert own["unit"] == unit and own["trials"] == [1, 2] and own["high"][0] is None
    assert own["score"] == pytest.approx(score if basis == "value" else np.exp(score), rel=1e-3)
