"""What the integers `q` of all nets have: tables, and the part of the head about training."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.nets import packing as at
from optbench.nets.training import TrainedNet, Training


def packed_tables(
    place: int, tables: Sequence[Sequence[tuple[int, ...]]], between: Sequence[ArrayLike]
) -> list[ArrayLike]:
    """Return the places and lengths of tables, what comes `between`, and the tables.

    `place` is where in `q` the first of them comes to lie.
    """
    places: list[int] = []
    for table in tables:
        places += [place, len(table)]
        place += sum(map(len, table))
    flat = [np.array(table, np.int64).ravel() for table in tables]
    return [places, *between, *flat]


def between(taken: Sequence[tuple[int, int]], size: int) -> list[tuple[int, ...]]:
    """Return the ranges (begin, end) of ``range(size)`` between those of (place, length)."""
    ends = [0, *(place + length for place, length in taken)]
    return list(zip(ends, [*(place for place, _ in taken), size], strict=True))


def training_integers(
    net: TrainedNet,
    training: Training | None,
    head: Sequence[int] | NDArray[np.int64],
    widest: int,
    kept: Sequence[tuple[int, ...]],
    buffers: at.Buffers,
) -> NDArray[np.int64]:
    """Return the part of the head that says how the net is trained.

    `widest` is the largest number of columns of any weights, `kept` the running statistics.
    """
    numbers = np.zeros(at.RECORDS, np.int64)
    if training is None:
        return numbers[at.ORDERED :]
    numbers[at.ORDERED], numbers[at.RATES] = not training.shuffle, bool(training.rates)
    numbers[at.CLASS_EVERY] = training.class_every
    if training.max_norm:
        numbers[at.COLUMN_NORMS] = buffers.take(widest)
    if training.stopping:
        numbers[at.STOPPING] = training.criterion[0]
        numbers[at.STOPPING_STATE] = buffers.take(3 * at.ROW_WIDTH)
        size = sum(at.padded(length) for _, length in kept)
        numbers[at.BEST] = buffers.take(net.dim + size)
    if training.augment:
        numbers[[at.HEIGHT, at.WIDTH]] = training.image
    if training.mixup:
        # Of two labels, both are kept, and the share of the first.
        width = net.answer_width if net.answer_width > 1 else 3
        batch, k = int(head[at.BATCH]), int(head[at.FEATURES])
        numbers[at.MIXED_X] = buffers.take(batch * k)
        numbers[at.MIXED_Y] = buffers.take(batch * width)
    return numbers[at.ORDERED :]
