"""A run of earlier code ends in one message, not in a KeyError somewhere in a table."""

from pathlib import Path

import pytest

from optbench.errors import ResultsError
from optbench.report.statistics.pair_results import finished_pairs
from tests.report.statistics.cells import cell


def test_facts_that_earlier_code_did_not_keep_are_named():
    facts, arrays = cell([[1.0, 1.0], [1.0, 1.0]])
    assert len(finished_pairs([(facts, arrays)], Path("results/old"))) == 1
    for name in ("objective", "on_grid"):
        del facts[name]
    with pytest.raises(ResultsError, match=r"old: .* did not keep objective and on_grid of its"):
        finished_pairs([(facts, arrays)], Path("results/old"))
