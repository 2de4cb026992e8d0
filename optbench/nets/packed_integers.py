"""The integers `q` of a net: its head, a descriptor a layer, and places for all buffers.

See `packing` for what lies where.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.nets import packing as at
from optbench.nets.activations import ACTIVATIONS, FROM_OUTPUT
from optbench.nets.architecture import BATCH_NORM, NO_NORM, Layer, check_batch
from optbench.nets.losses import LOSSES
from optbench.nets.net_settings import STATISTICS, NetSettings
from optbench.nets.training import Training


class _Buffers:
    """Hands out places in `work`."""

    def __init__(self) -> None:
        self.size = at.ROW_WIDTH

    def take(self, length: int) -> int:
        """Return where a new buffer begins."""
        start = self.size
        self.size += at.padded(length)
        return start


def integers(
    net: NetSettings,
    head: Sequence[int] | NDArray[np.int64],
    *,
    at_once: int = 0,
    statistics: Literal["population", "running"] | None = None,
    training: Training | None = None,
) -> NDArray[np.int64]:
    """Return `q`.

    Parameters
    ----------
    net : NetSettings
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
    n_train, batch = int(head[0]), int(head[5])
    architecture, normalised = net.architecture, net.batch_normalised
    if normalised:
        check_batch(batch, net.ghost_batch)
    layers, buffers = architecture.layers, _Buffers()
    rows = max(n_train if normalised else at.ROWS_AT_ONCE, batch, at_once)
    n_in, widest = layers[0].n_in, max([layer.n_in for layer in layers[1:]], default=1)
    batch_x, batch_y = buffers.take(batch * n_in), buffers.take(batch * net.answer_width)
    numbers, errors = buffers.take(batch), buffers.take(rows * widest)
    descriptors = [_input_descriptor(n_in, architecture.input_dropout, rows, buffers)]
    groups = -(-rows // net.ghost_batch) if net.ghost_batch else 1
    for number in range(1, len(layers) + 1):
        descriptors.append(_descriptor(number, layers, rows, groups, buffers))
    source = STATISTICS[statistics or net.bn_eval]
    parts: list[ArrayLike] = [
        head,
        [LOSSES[net.loss], net.answer_width, len(layers), rows, source if normalised else 0],
        [net.ghost_batch, 1 + net.decay_biases, batch_x, batch_y, numbers, errors],
        _training_integers(net, training, head, source, buffers),
        *descriptors,
        [buffers.size],
    ]
    return np.concatenate([np.asarray(part, np.int64) for part in parts])


def _input_descriptor(n_in: int, dropout: float, rows: int, buffers: _Buffers) -> NDArray[np.int64]:
    """Return the descriptor of the input."""
    descriptor = np.zeros(at.FIELDS, np.int64)
    descriptor[[at.UNITS, at.DROP]] = n_in, round(dropout * at.DROP_SCALE)
    if dropout:
        descriptor[at.OUT], descriptor[at.MASK] = (buffers.take(rows * n_in) for _ in range(2))
    return descriptor


def _descriptor(
    number: int, layers: Sequence[Layer], rows: int, groups: int, buffers: _Buffers
) -> NDArray[np.int64]:
    """Return the descriptor of layer `number`, for `groups` ghost batches."""
    layer, places = layers[number - 1], at.places(layers)
    kind, size = ACTIVATIONS[layer.activation], rows * layer.n_out
    descriptor = np.zeros(at.FIELDS, np.int64)
    descriptor[[at.UNITS, at.KIND, at.NORM, at.SKIP]] = layer.n_out, kind, layer.norm, layer.skip
    descriptor[at.DROP] = round(layer.dropout * at.DROP_SCALE)
    descriptor[[at.W, at.B]] = places[number, "W"], places[number, "b"]
    descriptor[at.TURNED] = layer.turned
    descriptor[at.W_ADDS] = any(later.owner == layer.owner for later in layers[number:])
    descriptor[at.B_OWNED] = layer.owner == number or layer.turned
    for field, name in ((at.GAMMA, "gamma"), (at.BETA, "beta"), (at.SLOPE, "slope")):
        descriptor[field] = places.get((number, name), 0)
    descriptor[[at.AFFINE, at.OPERAND, at.OUT]] = buffers.take(size)
    if layer.norm != NO_NORM:
        descriptor[[at.OPERAND, at.OUT]] = buffers.take(size)
        descriptor[at.INVERSE] = buffers.take(max(rows, groups * layer.n_out))
    if layer.norm == BATCH_NORM:
        descriptor[at.MEAN] = buffers.take(groups * layer.n_out)
        descriptor[at.RUNNING_MEAN] = buffers.take(layer.n_out)
        descriptor[at.RUNNING_VAR] = buffers.take(layer.n_out)
        descriptor[at.SUMS] = buffers.take(2 * layer.n_out)
    if layer.dropout:
        descriptor[at.MASK] = buffers.take(size)
    descriptor[at.IN_PLACE] = kind in FROM_OUTPUT
    if kind not in FROM_OUTPUT or layer.skip or layer.dropout:
        descriptor[at.OUT] = buffers.take(size)
    return descriptor


def _training_integers(
    net: NetSettings,
    training: Training | None,
    head: Sequence[int] | NDArray[np.int64],
    statistics: int,
    buffers: _Buffers,
) -> NDArray[np.int64]:
    """Return the part of the head that says how the net is trained."""
    numbers, layers = np.zeros(at.HEAD, np.int64), net.architecture.layers
    if training is None:
        return numbers[at.ORDERED :]
    numbers[at.ORDERED], numbers[at.RATES] = not training.shuffle, bool(training.rates)
    numbers[at.CLASS_EVERY] = training.class_every
    if training.max_norm:
        numbers[at.COLUMN_NORMS] = buffers.take(max(layer.n_out for layer in layers))
    if training.stopping:
        numbers[at.STOPPING] = training.criterion[0]
        numbers[at.STOPPING_STATE] = buffers.take(3 * at.ROW_WIDTH)
        normalised = [layer for layer in layers if layer.norm == BATCH_NORM]
        running = normalised if statistics == at.RUNNING else []
        size = sum(2 * at.padded(layer.n_out) for layer in running)
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
