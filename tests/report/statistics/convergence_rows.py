"""The rows of the table of convergence, of cells whose numbers can be followed by hand."""

from optbench.report.statistics.convergence import convergence_table
from optbench.report.statistics.pair_lanes import pair_lanes
from optbench.report.statistics.pair_results import pair_results


def table(*cells):
    pairs = pair_results(cells)
    return convergence_table(pairs, [pair_lanes(pair) for pair in pairs])


def row(*cells):
    (only,) = table(*cells).to_dict("records")
    return only


# Of the tuned trial (the middle column): the canonical lane, then seven pooled ones.
FINAL = [[1, 50, 9], [1, 8, 9], [1, 2, 9], [1, 6, 9], [1, 3, 9], [1, 5, 9], [1, 4, 9], [1, 7, 9]]
