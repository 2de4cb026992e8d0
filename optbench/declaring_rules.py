"""Declaring update rules: the decorators `optimizer` and `wrapper`, which `define` hands on."""

from optbench.declared import Flag, Range, Rule, Wrapper, checked_name, place_of
from optbench.errors import DefinitionError

TAKEN = frozenset(
    "x g f f_ref f_lane t phase across key call S L H U layers layer low high lane i xs gs zero "
    "load store total rows fetch".split()
)
"""Names that the engine binds beside lane state and hyperparameters, which come under their own."""


def _part(cls, function, name, state, lane_state, hyper, **facts):
    checked = checked_name(function, name)
    for taken in [key for key in (*lane_state, *hyper) if key in TAKEN]:
        raise DefinitionError(
            f"{place_of(function)}: {checked} cannot call lane state or a hyperparameter "
            f"{taken!r}, which the engine uses itself; choose another name"
        )
    if not isinstance(state, dict):
        state = dict.fromkeys((state,) if isinstance(state, str) else state, 0.0)
    ranges = {
        key: value if isinstance(value, Range | Flag) else Range(float(value))
        for key, value in hyper.items()
    }
    part = cls(checked, state, dict(lane_state), ranges, place=place_of(function), **facts)
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
      the hyperparameters alone, computed once a step in float64. A difference like ``1 - beta2``
      belongs here: of beta2 rounded to float32 it loses most of its digits. It may also take
      `steps`, the number of steps of the whole run. A parameter with a default is carried from step
      to step: it starts at the default, and the first outputs are its next values (``lr`` is not
      available here: it may differ by lane).
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
                f"{place_of(function)}: a layerwise rule combines once a layer, so it cannot have "
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
