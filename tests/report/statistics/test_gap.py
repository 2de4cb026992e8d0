"""The generalisation gap in the table of convergence."""

import numpy as np
import pandas as pd

from optbench.report.statistics.parts import PART_COLUMNS
from optbench.report.statistics.tables import convergence_table


def test_the_gap_is_the_median_over_lanes_of_test_minus_training_loss():
    train, test = np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.3, 0.9])  # gaps 0.4, 0.1, 0.6
    facts = dict(optimizer="adam", problem="a", dim=64, label="a", kind="net", phase="scoring")
    facts |= dict(budget=100, dtype="float32", device="cpu", reached=0.0, f_final=train)
    lanes = pd.DataFrame(
        facts
        | dict(seed=[0, 1, 2], lr=0.1, status="budget", extended=0, at_edge=False)
        | dict(gap_final=train, gap_best=train, evaluations_to_target=np.nan)
        | dict(in_basin=np.nan, local=True)
        | dict.fromkeys(PART_COLUMNS, np.nan)
        | dict(train_loss=train, test_loss=test)
    )
    table = convergence_table(lanes)
    np.testing.assert_allclose(table["generalisation_gap"], [0.4])
    surfaces = convergence_table(lanes.assign(train_loss=np.nan, test_loss=np.nan))
    assert surfaces["generalisation_gap"].isna().all()
