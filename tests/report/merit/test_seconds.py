"""What an evaluation took: a column of the convergence table that stays out of its file."""

import math

import numpy as np
import pandas as pd

from optbench.report import tables
from optbench.report.statistics.convergence import convergence_table
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results
from tests.report.statistics.cells import cell


def table_of(**facts):
    pairs = pair_results([cell([[1.0, 2.0]] * 3, facts=facts)])
    return convergence_table(pairs, [pair_lanes(pair) for pair in pairs])


def test_seconds_of_the_scoring_cell_over_its_evaluations():
    """Three draws of two trials ran 100 steps each: 600 evaluations, twice as many for SAM."""
    assert table_of(seconds=0.3)["seconds_per_evaluation"].tolist() == [0.3 / 600]
    sam = table_of(seconds=0.3, evaluations_per_step=2.0)
    assert sam["seconds_per_evaluation"].tolist() == [0.3 / 1200]


def test_lanes_that_made_no_step_have_no_time():
    pairs = pair_results([cell([[1.0]] * 3, steps=np.zeros((3, 1), int))])
    table = convergence_table(pairs, [pair_lanes(pair) for pair in pairs])
    assert math.isnan(table["seconds_per_evaluation"].iloc[0])


def test_files_hold_no_times(tmp_path, make_frames):
    frames = make_frames(problems=(("sphere", 2, "deterministic"),))
    convergence = frames["convergence"].assign(seconds_per_evaluation=0.25)
    tables.write(tmp_path, frames, convergence)
    written = pd.read_csv(tmp_path / "convergence.csv")
    assert list(written) == [name for name in convergence if name != "seconds_per_evaluation"]
