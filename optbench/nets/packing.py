"""Where everything of a net lies in the flat arrays that kernels receive. Documented only here.

Parameters ``params[P]``: W [n_in, n_out] row-major, then b [n_out], layer by layer; then, layer
by layer, gamma [n_out] and beta [n_out] where a layer is normalised and the slope [1] of a
PReLU. Each of these tensors begins at a multiple of 64, and the gap after it holds zeros. Layers
that take the weights of another have no W (nor b, if they are not transposed) of their own. The
engine sees ``params`` as rows of 64.

Data ``p``: X row-major (training, validation, test), then the targets of the same rows, `m`
numbers each: for cross-entropy the class label (m = 1), for other losses the `n_out` wanted
outputs; one factor of the updates a row of parameters, if layers have rates of their own; last the
64 `COEFFICIENTS`.

Buffers ``work``: the number of updates of the running statistics, 0 when a lane starts; buffers
that begin at multiples of 64 and are padded to them.

Integers ``q``: a head (see the constants below), a record of `FIELDS` numbers for the input and
for every layer 1 .. L, and the size of ``work``. Places in ``params`` and ``work`` are counted in
numbers. A layer's buffers may be the same: without normalisation AFFINE is KEPT, and OUT is KEPT
where the activation works in place and nothing comes after it.
"""

import math

import numpy as np

from optbench.nets.activations import ACTIVATIONS, FROM_OUTPUT
from optbench.nets.architecture import BATCH_NORM, NO_NORM

LANES = 64
"""Width of a row: tensors are padded to a multiple of this."""

CHUNK = 256
"""Rows that pass through the buffers at once when a whole part of the data is evaluated.

With batch normalisation all training examples do.
"""

COEFFICIENTS = 64
"""Numbers at the end of ``p``. There are many, since whole Vecs are read from X."""
L1, L2, SMOOTHING, MIXUP, MAX_NORM, LIMIT, CHANGES = range(7)
"""Their places: penalties, label smoothing, the parameter of mixup's shares, the largest norm of a
unit's weights, the limit of early stopping, and the numbers of `augmentation`."""

DROP_SCALE = 2**53
"""Drop probabilities are whole multiples of one over this."""

# The head: the data (n_train, n_validation, n_test, k, classes, batch), then the net.
N_TRAIN, FEATURES, BATCH = 0, 3, 5
LOSS, TARGETS, N_LAYERS, AT_ONCE = 6, 7, 8, 9
STATISTICS, GHOST, PENALIZED = 10, 11, 12
BATCH_X, BATCH_Y, ERRORS = 13, 14, 15
ORDERED, RATES, NORMS, STOPPING, JUDGED, BEST = 16, 17, 18, 19, 20, 21
HEIGHT, WIDTH, MIXED_X, MIXED_Y = 22, 23, 24, 25
HEAD = 26
"""TARGETS is m; AT_ONCE the rows that the buffers hold; STATISTICS is NO_STATISTICS, POPULATION
or RUNNING (what batch normalisation uses in evaluation), GHOST the rows of a ghost batch (0: the
whole batch); PENALIZED is 1 if l1 or l2 apply to weights, 2 if to biases too; BATCH_X and BATCH_Y
are the buffers of a mini-batch, ERRORS that of dLoss/d(outputs). ORDERED says that examples come in
their given order; RATES that rows of parameters have factors. NORMS is a buffer of max-norm, 0
without; STOPPING the criterion of early stopping, 0 without, JUDGED its buffer and BEST that of the
best parameters. HEIGHT and WIDTH are those of images that are augmented, 0 if none are; MIXED_X and
MIXED_Y the buffers of a mixed mini-batch, 0 without mixup."""
NO_STATISTICS, POPULATION, RUNNING = 0, 1, 2

# A record. The input's has UNITS, DROP, OUT and MASK alone.
UNITS, KIND, NORM, SKIP, DROP = 0, 1, 2, 3, 4
W, B, TURNED, W_ADDS, B_OWNED = 5, 6, 7, 8, 9
GAMMA, BETA, SLOPE = 10, 11, 12
AFFINE, KEPT, OUT, MASK = 13, 14, 15, 16
MEAN, INVERSE, RUNNING_MEAN, RUNNING_VAR, SUMS = 17, 18, 19, 20, 21
IN_PLACE = 22
FIELDS = 23
"""DROP is the probability times `DROP_SCALE`; W_ADDS says that a later layer has already written
to the gradient of the weights, B_OWNED that the biases are the layer's own; IN_PLACE that the
activation replaces its argument. MEAN and INVERSE (one over the standard deviation) hold one row
a ghost batch, or INVERSE one number a row of examples (layer normalisation); SUMS is for the way
back."""


def tensor_shapes(layers):
    """Return {(layer, name): shape} of all tensors of the parameters, in their order."""
    shapes = {}
    for number, layer in enumerate(layers, 1):
        if layer.owner == number:
            shapes[number, "W"] = (layer.n_in, layer.n_out)
        if layer.owner == number or layer.turned:
            shapes[number, "b"] = (layer.n_out,)
    for number, layer in enumerate(layers, 1):
        if layer.norm != NO_NORM:
            shapes[number, "gamma"] = shapes[number, "beta"] = (layer.n_out,)
        if layer.activation == "prelu":
            shapes[number, "slope"] = (1,)
    return shapes


def tensors(layers):
    """Return [(layer, name, length)] of all tensors of the parameters, in their order."""
    return [(*place, math.prod(shape)) for place, shape in tensor_shapes(layers).items()]


def padded(length):
    """Return a length rounded up to a multiple of 64."""
    return -(-int(length) // LANES) * LANES


def row_offsets(layers):
    """Return the first row of each tensor, and the number of rows: int64."""
    rows = [padded(length) // LANES for _, _, length in tensors(layers)]
    return np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)


def places(layers):
    """Return {(layer, name): first number} of all tensors; borrowed ones are at their owner's."""
    starts = row_offsets(layers) * LANES
    found = {
        (number, name): int(start)
        for (number, name, _), start in zip(tensors(layers), starts[:-1], strict=True)
    }
    for number, layer in enumerate(layers, 1):
        found[number, "W"] = found[layer.owner, "W"]
        if not layer.turned:
            found[number, "b"] = found[layer.owner, "b"]
    return found


class _Buffers:
    """Hands out places in `work`."""

    def __init__(self):
        self.size = LANES

    def take(self, length):
        start = self.size
        self.size += padded(length)
        return start


def _record(number, layer, layers, at, rows, groups, buffers):
    """Return the record of a layer."""
    kind = ACTIVATIONS[layer.activation]
    record = np.zeros(FIELDS, np.int64)
    record[[UNITS, KIND, NORM, SKIP]] = layer.n_out, kind, layer.norm, layer.skip
    record[DROP] = round(layer.dropout * DROP_SCALE)
    record[[W, B]] = at[number, "W"], at[number, "b"]
    record[TURNED] = layer.turned
    record[W_ADDS] = any(later.owner == layer.owner for later in layers[number:])
    record[B_OWNED] = layer.owner == number or layer.turned
    for field, name in ((GAMMA, "gamma"), (BETA, "beta"), (SLOPE, "slope")):
        record[field] = at.get((number, name), 0)
    size = rows * layer.n_out
    record[AFFINE] = record[KEPT] = record[OUT] = buffers.take(size)
    if layer.norm != NO_NORM:
        record[KEPT] = record[OUT] = buffers.take(size)
        record[INVERSE] = buffers.take(max(rows, groups * layer.n_out))
    if layer.norm == BATCH_NORM:
        record[MEAN] = buffers.take(groups * layer.n_out)
        record[RUNNING_MEAN] = buffers.take(layer.n_out)
        record[RUNNING_VAR] = buffers.take(layer.n_out)
        record[SUMS] = buffers.take(2 * layer.n_out)
    if layer.dropout:
        record[MASK] = buffers.take(size)
    record[IN_PLACE] = kind in FROM_OUTPUT
    if kind not in FROM_OUTPUT or layer.skip or layer.dropout:
        record[OUT] = buffers.take(size)
    return record


def integers(
    head, loss, targets, drop, layers, *, statistics, ghost, penalized, at_once=0, training=None
):  # fmt: skip
    """Return `q`.

    Parameters
    ----------
    head : sequence of 6 int
        n_train, n_validation, n_test, k, classes, batch, as `data.pack` gives it.
    loss : int
    targets : int
        Numbers per example in the targets.
    drop : float
        Drop probability of the input.
    layers : sequence of architecture.Layer
    statistics, ghost, penalized : int
        See the constants above.
    at_once : int
        Rows that the buffers hold at least.
    training : training.Training, optional
    """
    n_train, batch = int(head[0]), int(head[5])
    normalised = any(layer.norm == BATCH_NORM for layer in layers)
    rows = max(n_train if normalised else CHUNK, batch, at_once)
    groups = -(-rows // ghost) if ghost else 1
    at, buffers = places(layers), _Buffers()
    n_in, widest = layers[0].n_in, max([layer.n_in for layer in layers[1:]], default=1)
    batch_x, batch_y = buffers.take(batch * n_in), buffers.take(batch * targets)
    errors = buffers.take(rows * widest)
    entry = np.zeros(FIELDS, np.int64)
    entry[[UNITS, DROP]] = n_in, round(drop * DROP_SCALE)
    if drop:
        entry[[OUT, MASK]] = buffers.take(rows * n_in), buffers.take(rows * n_in)
    records = [entry]
    for number, layer in enumerate(layers, 1):
        records.append(_record(number, layer, layers, at, rows, groups, buffers))
    net = [loss, targets, len(layers), rows, statistics if normalised else 0, ghost, penalized]
    practice = np.zeros(HEAD - ORDERED, np.int64)
    if training is not None:
        running = layers if statistics == RUNNING else ()
        practice = _practice(training, head, targets, layers, running, buffers)
    numbers = [head, net, [batch_x, batch_y, errors], practice, *records, [buffers.size]]
    return np.concatenate(numbers).astype(np.int64)


def _practice(training, head, targets, layers, running, buffers):
    """Return the part of the head that says how the net is trained."""
    found = np.zeros(HEAD, np.int64)
    found[ORDERED], found[RATES] = not training.shuffle, bool(training.rates)
    if training.max_norm:
        found[NORMS] = buffers.take(max(layer.n_out for layer in layers))
    if training.stopping:
        found[STOPPING], found[JUDGED] = training.criterion[0], buffers.take(3 * LANES)
        kept = sum(2 * padded(layer.n_out) for layer in running if layer.norm == BATCH_NORM)
        found[BEST] = buffers.take(row_offsets(layers)[-1] * LANES + kept)
    if training.augment:
        found[[HEIGHT, WIDTH]] = training.image
    if training.mixup:
        wide = targets if targets > 1 else 3  # two labels and the share of the first
        batch, k = int(head[BATCH]), int(head[FEATURES])
        found[[MIXED_X, MIXED_Y]] = buffers.take(batch * k), buffers.take(batch * wide)
    return found[ORDERED:]
