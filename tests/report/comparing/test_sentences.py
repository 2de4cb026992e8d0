"""What the page says of pairs of optimizers."""

import numpy as np

from optbench.report.comparing.comparisons import comparison_frame
from optbench.report.comparing.containments import containment_frame
from optbench.report.comparing.control import control_frame
from optbench.report.comparing.sentences import sentences
from tests.report.comparing.lanes import drawn

GRID = 100.0 * 1.3 ** np.abs(np.arange(9) - 4)


def test_they_count_control_and_name_what_is_under_tuned():
    rng = np.random.default_rng(0)
    lanes = [
        drawn(rng, name, factor * GRID, label=label)
        for label in ("bowl", "valley")
        for name, factor in [("adamw", 30.0), ("adam", 1.0), ("lion", 1.0)]
    ]
    comparisons = comparison_frame(lanes)
    frames = {
        "comparisons": comparisons, "control": control_frame(lanes),
        "containment": containment_frame(lanes, comparisons),
    }  # fmt: skip
    counts, control, under_tuned = sentences(frames)
    assert counts.startswith("4 of 6 pairs are decided, on 2 of 2 problems")
    assert "of 6 rules that were tuned twice" in control and "control little" in control
    assert under_tuned.endswith("adamw behind adam on 2 problems.")
    assert sentences({**frames, "comparisons": comparisons[:0]}) == sentences({}) == []
