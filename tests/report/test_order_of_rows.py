"""No table hangs on the order in which a study names its problems and optimizers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from optbench.report.comparing.comparisons import comparison_frame
from optbench.report.comparing.control import control_frame
from optbench.report.elsewhere.axes import axes_table, slopes_table
from optbench.report.elsewhere.discrimination import discrimination_table
from optbench.report.elsewhere.standings import all_standings
from optbench.report.elsewhere.subset import subset_table
from optbench.report.kinds.kind_table import kind_table
from tests.report.comparing.lanes import drawn

GRID = 100.0 * 1.3 ** np.abs(np.arange(7) - 3)
MAKERS = {
    "comparisons": comparison_frame,
    "control": control_frame,
    "kinds": kind_table,
    "axes": lambda lanes: axes_table(all_standings(lanes)),
    "slopes": lambda lanes: slopes_table(all_standings(lanes)),
    "discrimination": lambda lanes: discrimination_table(all_standings(lanes)),
    "subset": lambda lanes: subset_table(all_standings(lanes)),
}


@pytest.fixture(scope="module")
def lanes():
    """Return four optimizers on eight families, one of them in two dimensions."""
    rng = np.random.default_rng(3)
    names = [f"bowl{i} (d=2)" for i in range(8)] + ["bowl0 (d=4)"]
    return [
        drawn(
            rng, optimizer, GRID * factor, failing=0.1, label=label, tags="convex",
            family=label[:5], dim=int(label[-2]),
        )
        for label in names
        for optimizer, factor in (("a", 1.0), ("b", 1.2), ("c", 1.2), ("d", 3.0))
    ]  # fmt: skip


@pytest.mark.parametrize("name", MAKERS)
def test_a_table_is_the_same_whatever_the_order_of_pairs(name, lanes):
    frame = MAKERS[name](lanes)
    assert len(frame)
    order = np.random.default_rng(4).permutation(len(lanes))
    pd.testing.assert_frame_equal(frame, MAKERS[name]([lanes[i] for i in order]), check_exact=True)


def test_two_optimizers_named_the_other_way_round_get_the_inverse_row(lanes):
    """Names decide who is a: the ratio is inverted, the verdict is the same."""
    renamed = {"a": "z", "b": "y", "c": "x", "d": "w"}
    other = comparison_frame(
        [_renamed(own, renamed[own.optimizer]) for own in lanes]
    ).set_index(["label", "b", "a"])  # fmt: skip
    words = {"a before b": "b before a", "b before a": "a before b"}
    for row in comparison_frame(lanes).itertuples():
        mirror = other.loc[(row.label, renamed[row.a], renamed[row.b])]
        assert row.verdict == words.get(mirror.verdict, mirror.verdict)
        np.testing.assert_allclose(
            [row.ratio, row.low, row.high, row.objective_ratio, row.nested_low, row.nested_high],
            1 / mirror[["ratio", "high", "low", "objective_ratio", "nested_high", "nested_low"]]
            .to_numpy(float),
            rtol=1e-9,
        )  # fmt: skip
        assert row.p_holm == mirror.p_holm


def _renamed(lanes, name):
    return dataclasses.replace(lanes, facts={**lanes.facts, "optimizer": name})
