"""What a net is made of: the arguments of `MLP`, checked and spelled out layer by layer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeGuard, TypeVar

import numpy as np

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.activations import ACTIVATIONS
from optbench.nets.author_losses import Loss, checked, name_of
from optbench.nets.checks import check_choice, check_switch

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


@dataclass(frozen=True)
class Architecture:
    """What a net is made of.

    Attributes
    ----------
    input_dropout : float
        Probability that an input is dropped.
    layers : tuple of Layer
    """

    input_dropout: float
    layers: tuple[Layer, ...]


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number (True and False are not)."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether a value is a number (True and False are not)."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def checked_sizes(sizes: Iterable[object]) -> tuple[int, ...]:
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


_T = TypeVar("_T", str, bool)


def _each(what: str, value: _T | Sequence[_T], count: int, kind: type[_T]) -> list[_T]:
    """Return `count` values of a type, from one value for all or a sequence of them."""
    values: list[Any] = list(value) if _is_sequence(value) else [value] * count
    if len(values) != count:
        raise SettingError(f"{what} has {len(values)} entries; the net takes {count}")
    for entry in values:
        if not isinstance(entry, kind):
            name = "True or False" if kind is bool else "a name"
            raise SettingError(f"{what} holds {entry!r}; it must be {name}")
    return values


def _is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    return not isinstance(value, str) and hasattr(value, "__len__")


def _dropout(dropout: float | Sequence[float], hidden: int) -> list[float]:
    """Return the drop probabilities of the input and of every hidden layer."""
    listed = _is_sequence(dropout)
    values = [
        gate.real("dropout", value) for value in (dropout if _is_sequence(dropout) else [dropout])
    ]
    for p in values:
        if not 0.0 <= p < 1.0:
            raise SettingError(f"dropout is {p}; a probability to drop must be in [0, 1)")
    if listed and len(values) != hidden + 1:
        raise SettingError(f"dropout has {len(values)} entries; the net takes {hidden + 1}")
    if not listed and not hidden and values[0]:
        raise SettingError("dropout drops hidden units, but the net has no hidden layer")
    return values if listed else [0.0, *values * hidden]


def _owners(
    sizes: Sequence[int], shared: Mapping[int, int], tied: Mapping[int, int]
) -> list[tuple[int, bool]]:
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


def architecture_of(
    sizes: tuple[int, ...],
    *,
    activation: str | Sequence[str],
    batch_norm: bool | Sequence[bool],
    layer_norm: bool | Sequence[bool],
    dropout: float | Sequence[float],
    residual: bool,
    shared: Mapping[int, int],
    tied: Mapping[int, int],
) -> Architecture:
    """Return the architecture that arguments of `MLP` describe.

    Raises
    ------
    SettingError
        If an argument is not allowed; the message says what is.
    """
    hidden = len(sizes) - 2
    activations = _each("activation", activation, hidden, str)
    for name in activations or [activation] if isinstance(activation, str) else activations:
        check_choice("activation", name, tuple(ACTIVATIONS))
    norms = _norms(batch_norm, layer_norm, hidden)
    if not hidden and True in (batch_norm, layer_norm, residual):
        raise SettingError("batch_norm, layer_norm and residual need a hidden layer")
    drops = _dropout(dropout, hidden)
    skips = _skips(sizes, residual)
    for what, pairs in (("shared", shared), ("tied", tied)):
        if not isinstance(pairs, (dict, tuple)):
            raise SettingError(f"{what} is {gate.shown(pairs)}; it must be a dict of layers")
    owners = _owners(sizes, dict(shared), dict(tied))
    layers = [
        Layer(
            n_in, n_out, activation=activation, norm=norm, skip=skip, dropout=drop, owner=owner,
            turned=turned,
        )
        for n_in, n_out, activation, norm, skip, drop, (owner, turned) in zip(
            sizes[:-1], sizes[1:], [*activations, "linear"], [*norms, NO_NORM], [*skips, False],
            [*drops[1:], 0.0], owners, strict=True,
        )
    ]  # fmt: skip
    return Architecture(drops[0], tuple(layers))


def _norms(
    batch_norm: bool | Sequence[bool], layer_norm: bool | Sequence[bool], hidden: int
) -> list[int]:
    """Return the normalisation of every hidden layer."""
    batch = _each("batch_norm", batch_norm, hidden, bool)
    layer = _each("layer_norm", layer_norm, hidden, bool)
    if any(b and la for b, la in zip(batch, layer, strict=True)):
        raise SettingError("a layer has batch_norm and layer_norm; it takes one of them")
    return [
        BATCH_NORM if b else LAYER_NORM if la else NO_NORM
        for b, la in zip(batch, layer, strict=True)
    ]


def _skips(sizes: tuple[int, ...], residual: bool) -> list[bool]:
    """Return of every hidden layer whether its input is added to its output."""
    skips = [bool(residual) and n_in == n_out for n_in, n_out in pairwise(sizes[:-1])]
    check_switch("residual", residual)
    if residual and not any(skips):
        raise SettingError(
            f"residual connections join layers of equal width; no hidden layer of {sizes} has as "
            "many inputs as outputs"
        )
    return skips


def checked_loss(loss: Loss, n_out: int, label_smoothing: float) -> float:
    """Return the smoothing; refuse it, or a loss, that does not fit the loss or the outputs."""
    checked(loss)
    if loss == "cross_entropy" and n_out < 2:
        raise SettingError("cross_entropy needs at least 2 output units, one per class")
    share = gate.real("label_smoothing", label_smoothing)
    if not 0.0 <= share < 1.0:
        raise SettingError(f"label_smoothing is {share}; it must be in [0, 1)")
    if share and loss != "cross_entropy":
        raise SettingError(f"label_smoothing is for cross_entropy; the loss is {name_of(loss)}")
    return share


def checked_penalty(name: str, value: float) -> float:
    """Return l1 or l2, which are not below 0."""
    penalty = gate.real(name, value)
    if penalty < 0.0:
        raise SettingError(f"{name} is {penalty}; it must be 0 or positive")
    return penalty


def checked_ghost(ghost_batch: int) -> int:
    """Return the size of ghost batches, which are not of one example."""
    size = gate.whole("ghost_batch", ghost_batch)
    if size == 1:
        raise SettingError(f"ghost_batch is {size}; it must be 0 (the whole batch) or 2 or more")
    return size


def check_batch(rows: int, ghost_batch: int) -> None:
    """Refuse a batch (or the rest of one) of a single example to batch normalisation."""
    if rows == 1 or (ghost_batch and rows % ghost_batch == 1):
        ghosts = f" in ghost batches of {ghost_batch}" if ghost_batch else ""
        raise SettingError(
            f"batch_norm cannot train on a batch of {rows}{ghosts}: a single example has no "
            "variance; use 2 or more"
        )
