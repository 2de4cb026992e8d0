"""The integers `q` of a net that is a tape: the head, the tables, the records."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.nets import packing as at
from optbench.nets.architecture import check_batch
from optbench.nets.author_losses import number_of
from optbench.nets.packed_tables import between, packed_tables, training_integers
from optbench.nets.packing import BN_EVAL
from optbench.nets.tape.finishing import finish
from optbench.nets.tape.plan import Tape
from optbench.nets.tape.planned_net import PlannedNet
from optbench.nets.training import Training


class Layout(NamedTuple):
    """Where a mini-batch lies in `work`, and the tape.

    Attributes
    ----------
    tape : Tape
    batch : tuple of int
        Places of X, of the answers, and of the numbers of its examples.
    examples : int
        Where the tape reads them.
    mixed : bool
        Whether X is mixed there.
    """

    tape: Tape
    batch: tuple[int, int, int]
    examples: int
    mixed: bool


def laid_out(
    net: PlannedNet, head: Sequence[int] | NDArray[np.int64], at_once: int, mixed: bool = False
) -> Layout:
    """Return the layout of `work` for data, given their head."""
    n_train, batch, buffers = int(head[0]), int(head[5]), at.Buffers()
    rows = max(n_train if net.batch_normalised else net.rows_at_once, batch, at_once)
    X = buffers.take(rows * net.n_in)
    Y, numbers = buffers.take(batch * net.answer_width), buffers.take(batch)
    examples = buffers.take(rows * net.n_in) if mixed else X
    return Layout(net.planned(rows, buffers, examples), (X, Y, numbers), examples, mixed)


def tape_of(net: PlannedNet, q: NDArray[np.int64], rows: int) -> Tape:
    """Return the tape that says where in `work` values are, given `q` for so many examples."""
    return laid_out(net, q[: at.LOSS], rows).tape


def integers(
    net: PlannedNet,
    head: Sequence[int] | NDArray[np.int64],
    *,
    at_once: int = 0,
    statistics: Literal["population", "running"] | None = None,
    training: Training | None = None,
) -> NDArray[np.int64]:
    """Return `q`.

    Parameters
    ----------
    net : MLP or Net
    head : sequence of 6 int
        n_train, n_validation, n_test, k, classes, batch, as `data.pack` gives it.
    at_once : int
        Rows that the buffers hold at least.
    statistics : {"population", "running"}, optional
        Of batch normalisation in evaluation; those of the net by default.
    training : Training, optional
        None where only examples as they are matter.

    Raises
    ------
    SettingError
        If batch normalisation meets a batch of one.
    """
    if net.batch_normalised:
        check_batch(int(head[5]), net.ghost_batch)
    layout = laid_out(net, head, at_once, bool(training and training.mixup))
    tape, buffers = layout.tape, layout.tape.buffers
    source = BN_EVAL[statistics or net.bn_eval] if net.batch_normalised else at.NO_STATISTICS
    kept: list[tuple[int, ...]] = [*tape.kept] if source == at.RUNNING else []
    weights = weight_table(net)
    widest = max((columns for _, _, columns, _ in weights), default=1)
    trained = training_integers(net, training, head, widest, kept, buffers)
    if layout.mixed:
        trained[at.MIXED_X - at.ORDERED] = layout.examples
    tables: list[list[tuple[int, ...]]] = [weights, cleared(net, tape), kept]
    first = at.HEAD + sum(sum(map(len, table)) for table in tables)
    tape.frozen = frozen(net, training)
    starts, records, more = finish(tape, first)
    last = tape.outputs[-1]
    losses_at = 0 if isinstance(net.loss, str) else buffers.take(tape.rows * last.size)
    buffers.take(at.ROW_WIDTH)  # loops over Vecs may read beyond the last number of all others
    parts: list[ArrayLike] = [
        head,
        [number_of(net.loss), net.answer_width, tape.rows, source, net.ghost_batch],
        layout.batch,
        trained,
        [first, len(starts), layout.examples, last.place, tape.errors[last], last.size],
        *packed_tables(at.HEAD, tables, [[losses_at, net.unlabelled]]),
        starts,
        records,
        more,
        [buffers.size],
    ]
    return np.concatenate([np.asarray(part, np.int64) for part in parts])


def weight_table(net: PlannedNet) -> list[tuple[int, ...]]:
    """Return (place, rows, columns, WEIGHT or BIAS) of all weights, and of biases that decay."""
    table: list[tuple[int, ...]] = []
    for placed in net.placed:
        tensor = placed.tensor
        if tensor.role == "weight":
            rows, columns = (1, *tensor.matrix_shape)[-2:]
            table.append((placed.place, rows, columns, at.WEIGHT))
        elif tensor.role == "bias" and net.decay_biases:
            table.append((placed.place, 1, tensor.size, at.BIAS))
    return table


def frozen(net: PlannedNet, training: Training | None) -> frozenset[str]:
    """Return the keys of the tensors whose rate is 0, whose gradient counts as 0 (see `adjusting`).

    Below the first layer that is trained nothing goes back then. Where nothing at all is trained,
    which saves no step of interest, there are none.
    """
    rates = training.rates if training else {}
    keys = frozenset(one.key for one in net.placed if rates.get(one.layer) == 0.0)
    return keys if len(keys) < len(net.placed) else frozenset()


def cleared(net: PlannedNet, tape: Tape) -> list[tuple[int, ...]]:
    """Return the ranges of the gradient that begin at zero, since operations add to them."""
    taken = [
        (placed.place, placed.tensor.size)
        for placed in net.placed
        if placed.key in tape.set_tensors
    ]
    return between(taken, net.dim)
