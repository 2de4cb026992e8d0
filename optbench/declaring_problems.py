"""Declaring problems: the decorator `problem`, and `net`, which `define` hands on."""

import math
import numbers
import os
import sys

from optbench.declared import (
    NET_OPTIONS,
    TRAINING_OPTIONS,
    NetDefinition,
    Pretraining,
    ProblemDefinition,
    arguments,
    checked_name,
    place_of,
)
from optbench.errors import DefinitionError

PROBLEM_ARGUMENTS = ("x", "g", "p", "q", "z", "key", "stream", "t", "full")
"""What a problem may take, by name (see `problem`)."""


def problem(
    *,
    start,
    minimum=None,
    f_min=None,
    box=None,
    tags=(),
    source="",
    family=None,
    dim=None,
    scalable=False,
    dims=(),
    rotated=False,
    data=None,
    batch=0,
    target=None,
    targets="relative",
    scratch=0,
    name=None,
):
    """Declare a test problem.

    The decorated function is written for one lane and returns f. It takes `x` and, if it also
    fills the gradient ``g[i]``, `g` after it; without `g` the gradient comes from dual numbers,
    exact to rounding, up to 200 coordinates (`optbench.kernels.dualslopes` says which slope they
    take at kinks). It takes by name whatever else it needs: `p` (instance constants or data,
    floats), `q` (integers of a data problem: n_train, n_validation, n_test, features, classes,
    batch), `z` (room to work in, see `scratch`), `key` (a fresh key for `normal` and `uniform` at
    each step), `stream` and `t` (the lane's constant key and the step, for `sample`), `full` (not 0
    when the noise-free, full-data value is asked for). What depends on `t` counts as noise: `full`
    asks for the average over steps.

    Parameters
    ----------
    start : float, sequence of float or callable
        Where seed 0 starts: a number for every coordinate, a sequence, which is repeated in a
        scalable problem, or ``f(dim)``.
    minimum : float, sequence of float or callable, optional
        A global minimiser, written like `start`.
    f_min : float or callable, optional
        The least value, or ``f(dim)``.
    box : (low, high), optional
        Where other seeds start, numbers or sequences; by default `start` -1 .. +1. It never
        constrains the search.
    tags : sequence of str
        Of the vocabulary in `optbench.tags`.
    source : str
        The paper or book that defines the problem.
    family : str, optional
        Problems that differ in conditioning, rotation or dimension share a family.
    dim : int, optional
        The dimension; by default the length of `start`.
    scalable : bool or int
        Whether other dimensions may be asked for; a number is the least of them.
    dims : sequence of int
        Dimensions that studies run when they name none; all there are if not `scalable`.
    rotated : bool
        Whether an instance also rotates the coordinates about the minimum.
    data : str or path, optional
        Name of a data set or path of a file; see `optbench.nets.datasets.load`.
    batch : int
        Size of a mini-batch, for data problems.
    target : float, optional
        The relative gap that counts as success in tables.
    targets : {"relative", "absolute"}
        Whether hits are of shares of the initial gap, or of gaps 10^2 .. 10^-8 (then `target` is
        a gap too).
    scratch : int
        Values to keep for each coordinate: `z` has ``scratch * dim`` rows that hold anything.
    name : str, optional
        By default the function's name.

    Raises
    ------
    DefinitionError
        If the name, the arguments or the shapes do not fit; it names the file and the line.
    """

    def decorate(function):
        checked = checked_name(function, name)
        taken = arguments(function)
        wrong = [a for a in taken if a not in PROBLEM_ARGUMENTS]
        if wrong or taken[:1] != ("x",) or "g" in taken[2:]:
            raise DefinitionError(
                f"{place_of(function)}: {checked}({', '.join(taken)}) must take x, then g if it "
                "fills the gradient (else it comes from dual numbers), and may take any of "
                f"{', '.join(PROBLEM_ARGUMENTS[2:])} after them"
            )
        if targets not in ("relative", "absolute"):
            raise DefinitionError(
                f"{place_of(function)}: {checked} has targets={targets!r}; use 'relative' or "
                "'absolute'"
            )
        if ("z" in taken) != (scratch > 0):
            raise DefinitionError(
                f"{place_of(function)}: {checked} has scratch={scratch}; a problem that takes z "
                "needs scratch=1 or more, and no other does"
            )
        natural = dim or _length(start) or _length(minimum) or 2
        if "z" in taken and "g" not in taken:
            raise DefinitionError(
                f"{place_of(function)}: {checked} takes z, which does not hold dual numbers: "
                "take g after x and fill g[i] by hand"
            )
        _check_points(f"{place_of(function)}: {checked}", natural, start, minimum, box)
        return ProblemDefinition(
            function, checked, start, minimum, f_min, box, tuple(tags), source,
            family or checked, natural, scalable, tuple(dims) or (natural,), rotated, _text(data),
            batch, target, targets, scratch, place=place_of(function),
        )  # fmt: skip

    return decorate


def _check_points(whose, dim, start, minimum, box):
    """Raise `DefinitionError` unless start, minimum and box are finite and fit the dimension."""
    if box is not None and _length(box) != 2:
        raise DefinitionError(f"{whose} has box={box!r}: give (low, high), numbers or sequences")
    low, high = box or (None, None)
    low, high = (end(dim) if callable(end) else end for end in (low, high))
    named = {"start": start, "minimum": minimum, "box's low end": low, "box's high end": high}
    for label, value in named.items():
        if value is None:
            continue
        value = value(dim) if callable(value) else value
        if _length(value) and dim % _length(value):
            raise DefinitionError(
                f"{whose} has dimension {dim}, but its {label} has {_length(value)} coordinates"
            )
        for number in _numbers(value):
            if not isinstance(number, numbers.Real) or not math.isfinite(number):
                raise DefinitionError(f"{whose} has {number!r} in its {label}: give finite numbers")
    if box is not None:
        low, high = _numbers(low), _numbers(high)
        if not all(low[i % len(low)] < high[i % len(high)] for i in range(dim)):
            raise DefinitionError(f"{whose} has box={box!r}: every low end must be below its high")


def _numbers(value):
    return value if _length(value) else [value]


def _length(value):
    return len(value) if hasattr(value, "__len__") else 0


def net(
    name,
    *,
    data,
    sizes,
    activation="relu",
    loss="cross_entropy",
    batch,
    loss_target,
    error_target,
    init="he_normal",
    gain=1.0,
    scaling=None,
    source="",
    tags=("net",),
    family=None,
    classes=(),
    pretrained=None,
    **options,
):
    """Declare a multilayer perceptron on a data set as a problem.

    Parameters
    ----------
    name : str
    data : str or path
        Name of a data set or path of a file; see `optbench.nets.datasets.load`.
    sizes : sequence of int
        Units of every layer, input and output included.
    activation : str or sequence of str
    loss : str
        See `optbench.nets.MLP`.
    batch : int
        Size of a mini-batch.
    loss_target, error_target : float
        Training loss and validation error (a share, None for a regression) that count as
        success.
    init, gain
        Scheme and factor of the initial weights; see `optbench.nets.MLP.init`.
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
        Other arguments of `optbench.nets.MLP`: batch_norm, dropout, residual, l1, l2, ...; and of
        `optbench.nets.training.Training`: augment, image, max_norm, mixup, rates, shuffle,
        stopping.

    Raises
    ------
    DefinitionError
        If an option is unknown; it names the file and the line.
    """
    caller = sys._getframe(1)  # inspect.stack() would read the source of every caller
    place = f"{caller.f_code.co_filename}:{caller.f_lineno}"
    known = sorted((*NET_OPTIONS, *TRAINING_OPTIONS))
    unknown = [option for option in options if option not in known]
    if unknown:
        raise DefinitionError(
            f"{place}: net {name}: unknown option {unknown[0]!r}; choose from {', '.join(known)}"
        )
    given = _pretraining(f"{place}: net {name}", pretrained)
    pairs = [(option, _hashable(value)) for option, value in sorted(options.items())]
    architecture = tuple(pair for pair in pairs if pair[0] in NET_OPTIONS)
    training = tuple(pair for pair in pairs if pair[0] in TRAINING_OPTIONS)
    return NetDefinition(
        name, _text(data), tuple(sizes), _hashable(activation), loss, batch, loss_target,
        error_target, source, tuple(tags), family or name, init, gain, architecture, place,
        scaling, training, tuple(classes), given,
    )  # fmt: skip


def _pretraining(whose, pretrained):
    """Return the `Pretraining` of a dict, checked, or None."""
    if pretrained is None:
        return None
    needed = {"net", "optimizer", "lr", "steps"}
    if not isinstance(pretrained, dict) or not needed <= {*pretrained} <= {*needed, "head"}:
        raise DefinitionError(
            f"{whose}: pretrained is {pretrained!r}; it must be a dict of net, optimizer, lr, "
            "steps and, if wanted, head"
        )
    made = Pretraining(**pretrained)
    if not isinstance(made.net, NetDefinition):
        raise DefinitionError(f"{whose}: pretrained has net {made.net!r}; give what `net` returned")
    if isinstance(made.steps, bool) or not isinstance(made.steps, int) or made.steps < 1:
        raise DefinitionError(f"{whose}: pretrained has steps {made.steps!r}; give 1 or more")
    if made.head not in ("fresh", "kept"):
        raise DefinitionError(f"{whose}: pretrained has head {made.head!r}; use 'fresh' or 'kept'")
    return made


def _text(data):
    """Return a path as text, whose content is known to hashes; all else as it is."""
    return os.fspath(data) if isinstance(data, os.PathLike) else data


def _hashable(value):
    """Turn sequences and dicts into tuples."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value
