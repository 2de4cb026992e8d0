"""Declaring nets: the function `net`."""

import contextlib
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from optbench.define.definitions import (
    NetDefinition,
    Pretraining,
    register,
)
from optbench.define.names import checked_name
from optbench.define.net_options import LAYERED_OPTIONS, NET_OPTIONS, TRAINING_OPTIONS
from optbench.define.tags import checked_tags
from optbench.errors import DefinitionError
from optbench.gate import real, shown, whole

LAYER_CHECKS: list[Callable[[NetDefinition], None]] = []
"""What checks a declared net of layers and raises a ValueError: it is there once layers are."""
_KNOWN_TO_FIT = ContextVar("_KNOWN_TO_FIT", default=False)


@contextlib.contextmanager
def known_to_fit() -> Iterator[None]:
    """Have layers of nets that are declared meanwhile be checked when the nets are built.

    The catalog's are, by tests: to check them in every process is to import what runs them.
    """
    before = _KNOWN_TO_FIT.set(True)
    try:
        yield
    finally:
        _KNOWN_TO_FIT.reset(before)


def net(
    name: str,
    *,
    data: str | Path,
    sizes: Sequence[int] | None = None,
    activation: str | Sequence[str] = "relu",
    layers: Sequence[Any] | None = None,
    input: int | Sequence[int] | None = None,
    loss: str | Callable[[float, float], float] = "cross_entropy",
    batch: int,
    loss_target: float,
    error_target: float | None,
    init: str | None = None,
    gain: float = 1.0,
    scaling: str | None = None,
    source: str = "",
    tags: Iterable[str] = ("net",),
    family: str | None = None,
    classes: Iterable[int | str] = (),
    pretrained: Mapping[str, Any] | None = None,
    **options: Any,
) -> NetDefinition:
    """Declare a net on a data set as a problem: a multilayer perceptron, or a net of layers.

    Parameters
    ----------
    name : str
    data : str or path
        Name of a data set or path of a file; see `optbench.nets.datasets.load`.
    sizes : sequence of int
        Units of every layer, input and output included.
    activation : str or sequence of str
        See `optbench.nets.MLP`.
    layers : sequence of Layer
        Instead of sizes and activation: the layers of a `optbench.nets.Net`.
    input : int or sequence of int
        Shape of one example for `layers`, such as (8, 8, 1).
    loss : str or function
        See `optbench.nets.MLP`; or a function ``loss(z, y)`` of one output and its answer, of which
        the mean over all elements is taken. Its derivative comes from dual numbers.
    batch : int
        Size of a mini-batch.
    loss_target, error_target : float
        Training loss and validation error (a share, None for a regression) that count as
        success.
    init, gain
        Scheme and factor of the initial weights; see `optbench.nets.MLP.init` ("he_normal" by
        default) and `optbench.nets.Net.init` ("torch").
    scaling : str, optional
        Of the features: none, standard, common (one mean and deviation for all), minmax or whiten,
        fitted on the training part; by default what the data set declares.
    family : str, optional
        Nets that differ in a detail share a family.
    classes : sequence of int or str
        The classes of the data that the net is for, as the data call them, renumbered 0, 1, ... in
        this order; by default all. Scalings are fitted on the training examples of all of them.
    pretrained : dict, optional
        For fine-tuning: the net whose trained parameters the lanes start from (``net``, as
        declared), and how it is trained (``optimizer``, ``lr``, ``steps``), anew for every seed and
        instance, uncharged. ``head`` says whether the last layer is drawn anew ("fresh", the
        default) or handed over too ("kept"). With `rates` layers are frozen or train at low rates.
    **options
        Other arguments of `optbench.nets.MLP` (batch_norm, dropout, residual, l1, l2, ...) or of
        `optbench.nets.Net` (l1, l2, ghost_batch, lengths, ...); and of
        `optbench.nets.training.Training`: augment, class_every, image, max_norm, mixup, rates,
        shuffle, stopping.

    Raises
    ------
    DefinitionError
        If an option is unknown, or a layer does not take what the layers before it give; it names
        the file and the line. Whether a net fits its data is seen when the problem is built.
    """
    caller = sys._getframe(1)  # inspect.stack() would read the source of every caller
    place = f"{caller.f_code.co_filename}:{caller.f_lineno}"
    checked_name(place, name)
    whose = f"{place}: net {name}"
    own = NET_OPTIONS if layers is None else LAYERED_OPTIONS
    names = sorted((*own, *TRAINING_OPTIONS))
    for option in options:
        if option not in names:
            raise DefinitionError(
                f"{whose}: unknown option {option!r}; choose from {', '.join(names)}"
            )
    pairs = [(option, _hashable(value)) for option, value in sorted(options.items())]
    return register(
        _with_checked_layers(
            NetDefinition(
                name=name,
                data=str(data),
                sizes=_sizes(whose, sizes, layers is not None),
                layers=_layers(whose, layers),
                input=_input(whose, input, layers is not None),
                activation=_hashable(activation),
                loss=loss,
                batch=whole(f"{whose}: batch", batch, 1, error=DefinitionError),
                loss_target=_target(whose, "loss_target", loss_target),
                error_target=_error_target(whose, error_target),
                source=source,
                tags=checked_tags(whose, tags),
                family=family or name,
                init=init or ("he_normal" if layers is None else "torch"),
                gain=real(f"{whose}: gain", gain, DefinitionError),
                options=tuple(pair for pair in pairs if pair[0] in own),
                place=place,
                scaling=scaling,
                training=tuple(pair for pair in pairs if pair[0] in TRAINING_OPTIONS),
                classes=_classes(whose, classes),
                pretrained=_pretraining(whose, pretrained),
            )
        )
    )


def _with_checked_layers(definition: NetDefinition) -> NetDefinition:
    """Return a definition whose layers fit each other, and the input."""
    checks = LAYER_CHECKS if definition.layers and not _KNOWN_TO_FIT.get() else ()
    for check in checks:
        try:
            check(definition)
        except ValueError as error:
            whose = f"{definition.place}: net {definition.name}"
            raise DefinitionError(f"{whose}: {error}") from error
    return definition


def _classes(whose: str, classes: Iterable[int | str]) -> tuple[int | str, ...]:
    """Return classes as data call them: names, or whole numbers."""
    return tuple(
        label
        if isinstance(label, str)
        else whole(f"{whose}: classes", label, error=DefinitionError)
        for label in classes
    )


def _layers(whose: str, layers: Iterable[Any] | None) -> tuple[Any, ...]:
    """Return layers as a tuple."""
    if layers is None:
        return ()
    listed = tuple(layers) if isinstance(layers, (list, tuple)) else ()
    if not listed:
        raise DefinitionError(
            f"{whose} has layers={shown(layers)}: give a list of layers, such as [Dense(10)]"
        )
    return listed


def _input(whose: str, shape: Any, layered: bool) -> tuple[int, ...]:
    """Return the shape of one example of a net of layers as a tuple of int."""
    if not layered:
        if shape is not None:
            raise DefinitionError(f"{whose} has an input, which goes with layers: sizes says it")
        return ()
    if shape is None:
        raise DefinitionError(f"{whose} has layers: give input=, the shape of one example")
    sides = shape if isinstance(shape, (list, tuple)) else [shape]
    return tuple(whole(f"{whose}: input", side, 1, error=DefinitionError) for side in sides)


def _sizes(whose: str, sizes: Iterable[int] | None, layered: bool) -> tuple[int, ...]:
    """Return the units of all layers as a tuple of int; none for a net of layers."""
    if layered:
        if sizes is not None:
            raise DefinitionError(f"{whose} has sizes and layers: give one of them")
        return ()
    if sizes is None:
        raise DefinitionError(f"{whose} has neither sizes nor layers: give one of them")
    if isinstance(sizes, str) or not hasattr(sizes, "__iter__"):
        raise DefinitionError(f"{whose} has sizes={shown(sizes)}: give the units of every layer")
    units = tuple(whole(f"{whose}: sizes", size, 1, error=DefinitionError) for size in sizes)
    if len(units) < 2:
        raise DefinitionError(
            f"{whose} has sizes={units}: give those of input and output at least, such as (4, 3)"
        )
    return units


def _target(whose: str, name: str, value: float, high: float = math.inf) -> float:
    """Return a target as a plain number from 0 to `high`."""
    number = real(f"{whose}: {name}", value, DefinitionError)
    if not 0.0 <= number <= high:
        limit = f"from 0 to {high:g}: a share" if high < math.inf else "of at least 0"
        raise DefinitionError(f"{whose} has {name}={shown(value)}: give a number {limit}")
    return number


def _error_target(whose: str, value: float | None) -> float | None:
    """Return the target of the error, a share, or None for a regression."""
    return None if value is None else _target(whose, "error_target", value, high=1.0)


def _pretraining(whose: str, pretrained: Mapping[str, Any] | None) -> Pretraining | None:
    """Return the `Pretraining` of a dict, checked, or None."""
    if pretrained is None:
        return None
    required = {"net", "optimizer", "lr", "steps"}
    if not isinstance(pretrained, dict) or not required <= {*pretrained} <= {*required, "head"}:
        raise DefinitionError(
            f"{whose}: pretrained is {pretrained!r}; it must be a dict of net, optimizer, lr, "
            "steps and, if wanted, head"
        )
    lr = real(f"{whose}: pretrained lr", pretrained["lr"], DefinitionError)
    steps = whole(f"{whose}: pretrained steps", pretrained["steps"], 1, error=DefinitionError)
    source, head = pretrained["net"], pretrained.get("head", "fresh")
    if not isinstance(source, NetDefinition):
        raise DefinitionError(f"{whose}: pretrained has net {source!r}; give what `net` returned")
    if head not in ("fresh", "kept"):
        raise DefinitionError(f"{whose}: pretrained has head {head!r}; use 'fresh' or 'kept'")
    return Pretraining(net=source, optimizer=pretrained["optimizer"], lr=lr, steps=steps, head=head)


def _hashable(value: Any) -> Any:
    """Return a list or a dict as a tuple, all else as it is."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value
