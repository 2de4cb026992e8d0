"""What a worker does with an order: it computes cells of a pair, and says which comes next.

A worker keeps nothing that an order needs: any other one can take the next order of the pair.
"""

import functools
from typing import NamedTuple

from optbench.catalog.blas import one_blas_thread
from optbench.study.compiling import check_pair, compile_pair
from optbench.study.orders import Order, restored
from optbench.study.pairs import Pair
from optbench.study.store_schema import CellNames
from optbench.study.trials import Space
from optbench.study.tuning import (
    Computed,
    TuningFacts,
    cells_of,
    computed_cell,
    first_cell,
)


class Step(NamedTuple):
    """How far an order brought a pair.

    Attributes
    ----------
    computed : list of Computed
        Cells that were not known, in order.
    identity : str, optional
        Of the cell that comes next.
    names : (str, str, str, int), optional
        How the store names that cell.
    facts : TuningFacts, optional
        Of a pair that has ended.
    """

    computed: list[Computed]
    identity: str | None = None
    names: CellNames | None = None
    facts: TuningFacts | None = None


def advance(order: Order) -> Step:
    """Compute as many cells of a pair as an order wants; say which comes next.

    Raises
    ------
    UserError
        If the order is refused (see `orders.restored`), or the pair is wrong.
    """
    pair, study = restored(order)
    _prepare(pair, study.space)
    computed: list[Computed] = []
    with one_blas_thread():
        cells = cells_of(pair, study)
        cell = next(cells)
        try:
            while True:
                if cell.identity in order.known:
                    arrays = order.known[cell.identity]
                elif len(computed) < order.cells:
                    computed.append(computed_cell(cell))
                    arrays = computed[-1].arrays
                else:
                    return Step(computed, cell.identity, cell.names)
                cell = cells.send(arrays)
        except StopIteration as end:
            return Step(computed, facts=end.value)


@functools.lru_cache(maxsize=64)
def _prepare(pair: Pair, space: Space) -> None:
    """Check a pair, and compile what it needs."""
    check_pair(pair)
    compile_pair(pair, space)


def first_identity(order: Order) -> str:
    """Return the identity of the cell that a pair begins with, whatever its results."""
    pair, study = restored(order)
    with one_blas_thread():  # reference values are solved for
        return first_cell(pair, study).identity
