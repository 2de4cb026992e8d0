"""What a net is made of: the arguments of `MLP`, checked and spelled out layer by layer."""

from dataclasses import dataclass

import numpy as np

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.activations import ACTIVATIONS
from optbench.nets.losses import LOSSES

NO_NORM, BATCH_NORM, LAYER_NORM = 0, 1, 2


@dataclass(frozen=True)
class Layer:
    """One affine map with what follows it; `shared` layers use the weights of an earlier one.

    Attributes
    ----------
    n_in, n_out : int
    activation : str
        "linear" in the last layer.
    norm : int
        NO_NORM, BATCH_NORM or LAYER_NORM, between the affine map and the activation.
    skip : bool
        Whether the input is added to the output (He et al. 2016).
    dropout : float
        Probability that an output is dropped.
    owner : int
        Number of the layer whose weights are used, its own (1, 2, ...) as a rule.
    turned : bool
        Whether they are used transposed.
    """

    n_in: int
    n_out: int
    activation: str
    norm: int
    skip: bool
    dropout: float
    owner: int
    turned: bool


def one_of(what, value, allowed):
    """Refuse a value that is not in `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise SettingError(f"unknown {what} {value!r}; choose from {', '.join(allowed)}")


def whole(value):
    """Return whether a value is a whole number (True and False are not)."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def checked_sizes(sizes):
    """Return sizes as a tuple of int."""
    try:
        counts = tuple(gate.whole("size", size, low=1) for size in sizes)
    except (TypeError, SettingError):
        counts = ()
    if len(counts) < 2:
        raise SettingError(
            f"sizes is {gate.shown(sizes)}; it must name at least two layers, each of 1 or more "
            "units"
        )
    return counts


def checked_switch(what, value):
    """Refuse what is neither True nor False."""
    if not isinstance(value, bool):
        raise SettingError(f"{what} is {gate.shown(value)}; it must be True or False")


def _each(what, value, count, kind):
    """Return `count` values of a type, from one value for all or a sequence of them."""
    listed = not isinstance(value, str) and hasattr(value, "__len__")
    values = list(value) if listed else [value] * count
    if len(values) != count:
        raise SettingError(f"{what} has {len(values)} entries; the net takes {count}")
    for entry in values:
        if not isinstance(entry, kind):
            name = "True or False" if kind is bool else "a name"
            raise SettingError(f"{what} holds {entry!r}; it must be {name}")
    return values


def _dropout(dropout, hidden):
    """Return the drop probabilities of the input and of every hidden layer."""
    listed = hasattr(dropout, "__len__") and not isinstance(dropout, str)
    values = list(dropout) if listed else [dropout]
    values = [gate.real("dropout", value) for value in values]
    for p in values:
        if not 0.0 <= p < 1.0:
            raise SettingError(f"dropout is {p}; a probability to drop must be in [0, 1)")
    if listed and len(values) != hidden + 1:
        raise SettingError(f"dropout has {len(values)} entries; the net takes {hidden + 1}")
    if not listed and not hidden and values[0]:
        raise SettingError("dropout drops hidden units, but the net has no hidden layer")
    return values if listed else [0.0, *values * hidden]


def _sharing(sizes, shared, tied):
    """Return (owner, turned) of every layer; owners come first and own their weights."""
    owners = {layer: (layer, False) for layer in range(1, len(sizes))}
    for what, pairs, turned in (("shared", shared, False), ("tied", tied, True)):
        for pair in pairs.items():
            layer, owner = (gate.whole(f"a layer of {what}", number, low=1) for number in pair)
            if not owner < layer < len(sizes):
                raise SettingError(
                    f"{what} has {layer}: {owner}; a layer takes the weights of an earlier one, "
                    f"both numbered 1 .. {len(sizes) - 1}"
                )
            if owners[layer][0] != layer or owners[owner][0] != owner:
                raise SettingError(
                    f"{what} has {layer}: {owner}; each layer takes weights once, from a layer "
                    "that has its own"
                )
            mine, theirs = sizes[layer - 1 : layer + 1], sizes[owner - 1 : owner + 1]
            if mine != (theirs[::-1] if turned else theirs):
                raise SettingError(
                    f"{what} has {layer}: {owner}; layer {layer} maps {mine[0]} to {mine[1]} "
                    f"units and layer {owner} {theirs[0]} to {theirs[1]}"
                )
            owners[layer] = (owner, turned)
    chained = [layer for layer, (o, _) in owners.items() if owners[o][0] != o]
    if chained:
        raise SettingError(
            f"layer {chained[0]} takes the weights of a layer that has none of its own"
        )
    return [owners[layer] for layer in range(1, len(sizes))]


def layers_of(sizes, activation, batch_norm, layer_norm, dropout, residual, shared, tied):
    """Return the input's drop probability and a `Layer` for each affine map.

    Raises
    ------
    SettingError
        If an argument is not allowed; the message says what is.
    """
    hidden = len(sizes) - 2
    activations = _each("activation", activation, hidden, str)
    for name in activations or [activation] if isinstance(activation, str) else activations:
        one_of("activation", name, tuple(ACTIVATIONS))
    batch = _each("batch_norm", batch_norm, hidden, bool)
    layer = _each("layer_norm", layer_norm, hidden, bool)
    if any(b and la for b, la in zip(batch, layer, strict=True)):
        raise SettingError("a layer has batch_norm and layer_norm; it takes one of them")
    if not hidden and True in (batch_norm, layer_norm, residual):
        raise SettingError("batch_norm, layer_norm and residual need a hidden layer")
    drops = _dropout(dropout, hidden)
    skips = [residual and sizes[i] == sizes[i + 1] for i in range(hidden)]
    checked_switch("residual", residual)
    if residual and not any(skips):
        raise SettingError(
            f"residual connections join layers of equal width; no hidden layer of {sizes} has as "
            "many inputs as outputs"
        )
    for what, pairs in (("shared", shared), ("tied", tied)):
        if not isinstance(pairs, (dict, tuple)):
            raise SettingError(f"{what} is {gate.shown(pairs)}; it must be a dict of layers")
    sharing = _sharing(sizes, dict(shared), dict(tied))
    layers = []
    for i, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        if i < hidden:
            norm = BATCH_NORM if batch[i] else LAYER_NORM if layer[i] else NO_NORM
            facts = activations[i], norm, bool(skips[i]), drops[i + 1]
        else:
            facts = "linear", NO_NORM, False, 0.0
        layers.append(Layer(n_in, n_out, *facts, *sharing[i]))
    return drops[0], tuple(layers)


def checked_loss(loss, n_out, label_smoothing):
    """Return the smoothing; refuse it, or a loss, that does not fit the loss or the outputs."""
    one_of("loss", loss, tuple(LOSSES))
    if loss == "cross_entropy" and n_out < 2:
        raise SettingError("cross_entropy needs at least 2 output units, one per class")
    share = gate.real("label_smoothing", label_smoothing)
    if not 0.0 <= share < 1.0:
        raise SettingError(f"label_smoothing is {share}; it must be in [0, 1)")
    if share and loss != "cross_entropy":
        raise SettingError(f"label_smoothing is for cross_entropy; the loss is {loss}")
    return share


def checked_penalty(name, value):
    """Return l1 or l2, which are not below 0."""
    penalty = gate.real(name, value)
    if penalty < 0.0:
        raise SettingError(f"{name} is {penalty}; it must be 0 or positive")
    return penalty


def checked_ghost(ghost_batch):
    """Return the size of ghost batches, which are not of one example."""
    size = gate.whole("ghost_batch", ghost_batch)
    if size == 1:
        raise SettingError(f"ghost_batch is {size}; it must be 0 (the whole batch) or 2 or more")
    return size


def checked_batch(rows, ghost_batch):
    """Refuse a batch (or the rest of one) of a single example to batch normalisation."""
    if rows == 1 or (ghost_batch and rows % ghost_batch == 1):
        ghosts = f" in ghost batches of {ghost_batch}" if ghost_batch else ""
        raise SettingError(
            f"batch_norm cannot train on a batch of {rows}{ghosts}: a single example has no "
            "variance; use 2 or more"
        )
