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
from optbench.nets.author_losses import number_of
from optbench.nets.net_settings import STATISTICS, NetSettings
from optbench.nets.packed_tables import between, packed_tables, training_integers
from optbench.nets.training import Training


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
    layers, buffers = architecture.layers, at.Buffers()
    rows = max(n_train if normalised else at.ROWS_AT_ONCE, batch, at_once)
    n_in, widest = layers[0].n_in, max([layer.n_in for layer in layers[1:]], default=1)
    batch_x, batch_y = buffers.take(batch * n_in), buffers.take(batch * net.answer_width)
    numbers, errors = buffers.take(batch), buffers.take(rows * widest)
    descriptors = [_input_descriptor(n_in, architecture.input_dropout, rows, buffers)]
    groups = -(-rows // net.ghost_batch) if net.ghost_batch else 1
    for number in range(1, len(layers) + 1):
        descriptors.append(_descriptor(number, layers, rows, groups, buffers))
    source = STATISTICS[statistics or net.bn_eval]
    kept: list[tuple[int, ...]] = [
        (int(descriptor[place]), int(descriptor[at.UNITS]))
        for descriptor, layer in zip(descriptors[1:], layers, strict=True)
        for place in (at.RUNNING_MEAN, at.RUNNING_VAR)
        if layer.norm == BATCH_NORM and source == at.RUNNING
    ]
    losses_at = 0 if isinstance(net.loss, str) else buffers.take(rows * layers[-1].n_out)
    outputs = int(descriptors[-1][at.OPERAND])
    tables = [weight_table(net), _cleared(architecture.layers, net.dim), kept]
    widest_out = max(layer.n_out for layer in layers)
    parts: list[ArrayLike] = [
        head,
        [number_of(net.loss), net.answer_width, len(layers), rows, source if normalised else 0],
        [net.ghost_batch, 1 + net.decay_biases, batch_x, batch_y, numbers, errors],
        training_integers(net, training, head, widest_out, kept, buffers),
        [0, 0, 0, outputs, outputs, layers[-1].n_out],
        *packed_tables(at.descriptor_start(len(descriptors)), tables, [[losses_at], *descriptors]),
        [buffers.size],
    ]
    return np.concatenate([np.asarray(part, np.int64) for part in parts])


def weight_table(net: NetSettings) -> list[tuple[int, ...]]:
    """Return (place, rows, columns, WEIGHT or BIAS) of all weights, and of biases that decay."""
    places, table = at.places(net.architecture.layers), list[tuple[int, ...]]()
    for number, layer in enumerate(net.architecture.layers, 1):
        if layer.owner == number:
            table.append((places[number, "W"], layer.n_in, layer.n_out, at.WEIGHT))
        if net.decay_biases and (layer.owner == number or layer.turned):
            table.append((places[number, "b"], 1, layer.n_out, at.BIAS))
    return table


def _cleared(layers: Sequence[Layer], size: int) -> list[tuple[int, ...]]:
    """Return the ranges of the gradient that are not weights, which are set."""
    owned = [n for n, layer in enumerate(layers, 1) if layer.owner == n]
    starts = at.places(layers)
    weights = [(starts[n, "W"], layers[n - 1].n_in * layers[n - 1].n_out) for n in owned]
    return between(weights, size)


def _input_descriptor(
    n_in: int, dropout: float, rows: int, buffers: at.Buffers
) -> NDArray[np.int64]:
    """Return the descriptor of the input."""
    descriptor = np.zeros(at.FIELDS, np.int64)
    descriptor[[at.UNITS, at.DROP]] = n_in, round(dropout * at.DROP_SCALE)
    if dropout:
        descriptor[at.OUT], descriptor[at.MASK] = (buffers.take(rows * n_in) for _ in range(2))
    return descriptor


def _descriptor(
    number: int, layers: Sequence[Layer], rows: int, groups: int, buffers: at.Buffers
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
