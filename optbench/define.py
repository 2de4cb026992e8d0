"""What authors import: `problem`, `net`, `optimizer`, `wrapper`, ranges, `where` and random draws.

A definition is a plain Python function for ONE lane plus what is known about it. Nothing is
compiled here and nothing heavy is imported; `catalog` finds definitions, `kernels` compiles them.
"""

import inspect
import math
import numbers
import re

from optbench.declared import (
    NET_OPTIONS,
    Flag,
    NetDefinition,
    ProblemDefinition,
    Range,
    Rule,
    Wrapper,
    arguments,
)
from optbench.errors import DefinitionError
from optbench.kernels.random import normal, permuted, sample, stream_key, uniform
from optbench.shares import matmul, span, sync, total

__all__ = [
    "DefinitionError", "Flag", "Log", "Range", "generator", "matmul", "net", "normal",
    "optimizer", "permuted", "problem", "sample", "span", "sync", "total", "uniform",
    "where", "wrapper",
]  # fmt: skip

PROBLEM_ARGUMENTS = ("x", "g", "p", "q", "z", "key", "stream", "t", "full")
"""What a problem may take, by name (see `problem`)."""


def where(condition, a, b):
    """Return `a` where `condition` holds, else `b`: the branch-free ``if`` of SIMD code."""
    return a if condition else b


def generator(*parts):
    """Return a NumPy generator that depends on `parts` (integers and strings) alone."""
    import numpy as np

    return np.random.Generator(np.random.Philox(key=int(stream_key(*parts))))


def Log(default, low=0.0, high=math.inf):  # noqa: N802 - reads as a type in a declaration
    """Return the range of a positive hyperparameter that is searched on a log scale."""
    return Range(float(default), low, high, open_low=low == 0.0)


def _checked_name(function, name):
    name = name or function.__name__
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise DefinitionError(
            f"{_place(function)}: the name {name!r} is not lower snake case ([a-z][a-z0-9_]*)"
        )
    return name


def _place(function):
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


# ------------------------------------------------------------------------------------- problems


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
    data : str, optional
        Name of a bundled data set.
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
        checked = _checked_name(function, name)
        taken = arguments(function)
        wrong = [a for a in taken if a not in PROBLEM_ARGUMENTS]
        if wrong or taken[:1] != ("x",) or "g" in taken[2:]:
            raise DefinitionError(
                f"{_place(function)}: {checked}({', '.join(taken)}) must take x, then g if it "
                "fills the gradient (else it comes from dual numbers), and may take any of "
                f"{', '.join(PROBLEM_ARGUMENTS[2:])} after them"
            )
        if targets not in ("relative", "absolute"):
            raise DefinitionError(
                f"{_place(function)}: {checked} has targets={targets!r}; use 'relative' or "
                "'absolute'"
            )
        if ("z" in taken) != (scratch > 0):
            raise DefinitionError(
                f"{_place(function)}: {checked} has scratch={scratch}; a problem that takes z "
                "needs scratch=1 or more, and no other does"
            )
        natural = dim or _length(start) or _length(minimum) or 2
        if "z" in taken and "g" not in taken:
            raise DefinitionError(
                f"{_place(function)}: {checked} takes z, which does not hold dual numbers: take g "
                "after x and fill g[i] by hand"
            )
        _check_points(f"{_place(function)}: {checked}", natural, start, minimum, box)
        return ProblemDefinition(
            function, checked, start, minimum, f_min, box, tuple(tags), source,
            family or checked, natural, scalable, tuple(dims) or (natural,), rotated, data, batch,
            target, targets, scratch, place=_place(function),
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
    **options,
):
    """Declare a multilayer perceptron on a data set as a problem.

    Parameters
    ----------
    name : str
    data : str
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
        Of the features: none, standard, minmax or whiten, fitted on the training part; by default
        what the data set declares.
    family : str, optional
        Nets that differ in a detail share a family.
    **options
        Other arguments of `optbench.nets.MLP`: batch_norm, dropout, residual, l1, l2, ...

    Raises
    ------
    DefinitionError
        If an option is unknown; it names the file and the line.
    """
    caller = inspect.stack()[1]
    place = f"{caller.filename}:{caller.lineno}"
    unknown = [option for option in options if option not in NET_OPTIONS]
    if unknown:
        raise DefinitionError(
            f"{place}: net {name}: unknown option {unknown[0]!r}; choose from "
            f"{', '.join(NET_OPTIONS)}"
        )
    return NetDefinition(
        name, data, tuple(sizes), _hashable(activation), loss, batch, loss_target, error_target,
        source, tuple(tags), family or name, init, gain,
        tuple((option, _hashable(value)) for option, value in sorted(options.items())), place,
        scaling,
    )  # fmt: skip


def _hashable(value):
    """Turn sequences and dicts into tuples."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value


# ----------------------------------------------------------------------------------- optimizers


TAKEN = frozenset(
    "x g f f_ref f_lane t phase across key call S L H U layers layer low high lane i xs gs zero "
    "load store total rows fetch".split()
)
"""Names that the engine binds beside lane state and hyperparameters, which come under their own."""


def _part(cls, function, name, state, lane_state, hyper, **facts):
    checked = _checked_name(function, name)
    for taken in [key for key in (*lane_state, *hyper) if key in TAKEN]:
        raise DefinitionError(
            f"{_place(function)}: {checked} cannot call lane state or a hyperparameter {taken!r}, "
            "which the engine uses itself; choose another name"
        )
    if not isinstance(state, dict):
        state = dict.fromkeys((state,) if isinstance(state, str) else state, 0.0)
    ranges = {
        key: value if isinstance(value, Range | Flag) else Range(float(value))
        for key, value in hyper.items()
    }
    part = cls(checked, state, dict(lane_state), ranges, place=_place(function), **facts)
    part.functions["update"] = function
    return part


def optimizer(
    *,
    state=(),
    lane_state=(),
    source="",
    evaluations=1,
    iterate=None,
    full_batch=False,
    stochastic_only=False,
    layerwise=False,
    matrix=False,
    memory=None,
    buffers=None,
    name=None,
    **hyper,
):
    """Declare an update rule.

    The decorated function updates one coordinate: it takes `x`, `g`, and by name its state, its
    hyperparameters (`lr` first among them), then the outputs of `uniform` and of `combine`, in
    this order, under names of its choice; it returns the new x and the new state. Three more
    parts may be added:

    - ``@rule.uniform``, ``f(t, hyper...) -> tuple``: what depends on the step t = 1, 2, ... and
      the hyperparameters alone, computed once a step in float64; it may also take `steps`, the
      number of steps of the whole run. A parameter with a default is
      carried from step to step: it starts at the default, and the first outputs are its next
      values (``lr`` is not available here: it may differ by lane).
    - ``@rule.measure``, ``f(x, g, state..., lane state..., hyper...) -> term or tuple``: terms of
      one coordinate, which the engine sums over the lane's coordinates (over each layer's if
      `layerwise`). A net's layers are padded with x = g = 0, where every term must be 0.
    - ``@rule.combine``, ``f(sums..., f, f_ref, lane state..., hyper...) -> tuple``: once a lane;
      returns the new lane state followed by outputs for the update. Its first parameters, as many
      as `measure` has terms, are the sums. A layerwise rule that needs a value a layer keeps it
      as per-coordinate state, the same in every coordinate.

    `measure` and `combine` may also take outputs of `uniform`, by the update's names for them.

    A *matrix* rule sees whole tensors, and is for nets. Its function is called once a tensor of m
    rows and n columns (a vector is one row), takes by name arrays [m, n] `x`, `g` and its state,
    the arrays of `memory` and `buffers`, numbers (`lr`, hyperparameters, the outputs of `uniform`)
    and `vector` (whether the tensor is one), changes the arrays in place and returns nothing. It is
    written on `span`, `total`, `sync` and `matmul` (see `optbench.kernels.primitives`), may branch,
    and has no `measure` and `combine`.

    Parameters
    ----------
    state : sequence of str or dict
        Per-coordinate state; in a dict the value is the start: a number, or "x" for a copy of x.
    lane_state : dict
        Per-lane state and its start values.
    source : str
        The paper and equation.
    evaluations : int
        Gradient evaluations a step.
    iterate : str, optional
        The state that is reported in place of x (averages).
    full_batch : bool
        On data problems, use the full batch; such rules are not run on noisy surfaces.
    stochastic_only : bool
        Not run on noise-free surfaces.
    layerwise : bool
        Whether `measure` and `combine` work on each layer by itself.
    matrix : bool
        Whether the rule sees whole tensors.
    memory, buffers : dict of str to str
        Arrays that a matrix rule has for each tensor, and their shapes in m, n, and k = min(m, n):
        ``{"left": "mm", "row": "m"}``. Memory starts at 0 and is kept from step to step; buffers
        hold anything when the function is called.
    **hyper : Range, Flag or float
        Hyperparameters and their defaults. A `Flag` is a convention that is on or off: it reaches
        the functions as True or False and is compiled in, so ``if`` on it costs nothing.
    """

    def decorate(function):
        if layerwise and lane_state:
            raise DefinitionError(
                f"{_place(function)}: a layerwise rule combines once a layer, so it cannot have "
                "lane state, which there is one of"
            )
        return _part(
            Rule, function, name, state, lane_state, hyper, source=source,
            evaluations=evaluations, iterate=iterate, full_batch=full_batch,
            stochastic_only=stochastic_only, layerwise=layerwise, matrix=matrix,
            memory=dict(memory or {}), buffers=dict(buffers or {}),
        )  # fmt: skip

    return decorate


def wrapper(
    *,
    state=(),
    lane_state=(),
    source="",
    evaluations=1,
    iterate=None,
    layerwise=False,
    after=False,
    surfaces_only=False,
    name=None,
    **hyper,
):
    """Declare something that modifies any update rule: clipping, SAM, a plateau schedule.

    A wrapper is switched on by giving one of its hyperparameters to an optimizer. The decorated
    function transforms one coordinate before the rule sees it: it takes `x`, `g`, and by name
    state, hyperparameters and the outputs of `uniform` and `combine`; it returns the new g and the
    new state. `measure` and `combine` are as in `optimizer`; a lane state named ``lr_scale``
    multiplies the learning rate. With ``evaluations=2``, ``@wrapper.ascend`` moves one coordinate
    to where the second gradient is taken: it takes what the update takes and returns the new x and
    the new state; x itself is put back before the rule is applied to the second gradient.

    For random draws the functions take `key`, which is new in every step (and in every layer if
    `layerwise`), and `index`, the number of the coordinate; such code runs lane by lane. `count` is
    the number of coordinates, in the layer if `layerwise`; in a net's padding `index` is `count` or
    more.

    With ``after=True`` all parts come after the rule instead: `x` is then where the rule has moved
    to and `x_old` where the step began; the decorated function returns the new x and the new
    state.

    Parameters
    ----------
    state, lane_state, source, evaluations, iterate, layerwise, name, **hyper
        As in `optimizer`.
    after : bool
        Whether it acts on the point that the rule gives, not on the gradient.
    surfaces_only : bool
        Not run on nets.
    """

    def decorate(function):
        return _part(
            Wrapper, function, name, state, lane_state, hyper, source=source,
            evaluations=evaluations, iterate=iterate, full_batch=False, stochastic_only=False,
            layerwise=layerwise, after=after, surfaces_only=surfaces_only,
        )  # fmt: skip

    return decorate
