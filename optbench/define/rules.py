"""Declaring update rules: the decorators `optimizer` and `wrapper`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from optbench.define.definitions import Rule, Wrapper, register
from optbench.define.names import checked_name, place_of
from optbench.define.rule_facts import (
    Hyperparameter,
    LaneStates,
    States,
    check_names,
    plain_lane_states,
    plain_range,
    plain_states,
)
from optbench.errors import DefinitionError
from optbench.gate import whole

P = TypeVar("P", Rule, Wrapper)


def _declared(
    cls: type[P],
    function: Callable[..., Any],
    *,
    name: str | None,
    state: States,
    lane_state: LaneStates,
    hyper: Mapping[str, Hyperparameter],
    evaluations: int,
    iterate: str | None,
    layerwise: bool,
    **others: Any,
) -> P:
    """Return a rule or a wrapper whose update is `function`; `others` are other fields of `cls`."""
    own_name = checked_name(place_of(function), name or function.__name__)
    whose = f"{place_of(function)}: {own_name}"
    ranges = {key: plain_range(whose, key, value) for key, value in hyper.items()}
    states, lane_states = plain_states(whose, state), plain_lane_states(whose, lane_state)
    check_names(whose, states, lane_states, ranges)
    if layerwise and lane_states:
        raise DefinitionError(
            f"{whose}: a layerwise {cls.decorator} combines once a layer, so it cannot have lane "
            "state, which there is one of"
        )
    if iterate is not None and iterate not in states:
        raise DefinitionError(
            f"{whose} has iterate={iterate!r}, which is none of its states "
            f"({', '.join(states) or 'none'})"
        )
    part = cls(
        name=own_name,
        state=states,
        lane_state=lane_states,
        hyper=ranges,
        evaluations=whole(f"{whose}: evaluations", evaluations, 1, 2, DefinitionError),
        iterate=iterate,
        layerwise=layerwise,
        place=place_of(function),
        **others,
    )
    part.add_function("update", function)
    return register(part)


def optimizer(
    *,
    state: States = (),
    lane_state: LaneStates = (),
    source: str = "",
    evaluations: int = 1,
    iterate: str | None = None,
    full_batch: bool = False,
    stochastic_only: bool = False,
    layerwise: bool = False,
    matrix: bool = False,
    memory: Mapping[str, str] | None = None,
    buffers: Mapping[str, str] | None = None,
    name: str | None = None,
    **hyper: Hyperparameter,
) -> Callable[[Callable[..., Any]], Rule]:
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

    `measure` and `combine` may also take outputs of `uniform`, by the update's names for them, and
    `combine` also `count`, the number of coordinates that the sums are over.

    A rule that takes `hessian` gets an estimate of the Hessian's diagonal in this coordinate, z H z
    for random signs z, at the point of the gradient: a new one at every step, or every
    `hessian_every` steps if it has this hyperparameter. It is for surfaces whose code fills g.

    A *matrix* rule sees whole tensors: those of nets, and of surfaces that declare a matrix. Its
    function is called once a tensor of m rows and n columns (a vector is one row), takes by name
    arrays [m, n] `x`, `g` and its state, the arrays of `memory` and `buffers`, numbers (`lr`,
    hyperparameters, the outputs of `uniform`), `vector` (whether the tensor is one) and `key` (new
    in every step and tensor, for `normal` and its kin), changes the arrays but `g` in place and
    returns nothing. It is written on `span`, `total`, `sync` and `matmul` (see
    `kernels.products.primitives`), may branch, and has no `measure` and `combine`. With
    ``@rule.vectors`` vectors go to another function, which takes and returns the same kinds of
    things: ``muon.vectors(adamw_of_vectors)``.

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

    def decorate(function: Callable[..., Any]) -> Rule:
        return _declared(
            Rule,
            function,
            name=name,
            state=state,
            lane_state=lane_state,
            hyper=hyper,
            source=source,
            evaluations=evaluations,
            iterate=iterate,
            full_batch=full_batch,
            stochastic_only=stochastic_only,
            layerwise=layerwise,
            matrix=matrix,
            memory=dict(memory or {}),
            buffers=dict(buffers or {}),
        )

    return decorate


def wrapper(
    *,
    state: States = (),
    lane_state: LaneStates = (),
    source: str = "",
    evaluations: int = 1,
    iterate: str | None = None,
    layerwise: bool = False,
    after: bool = False,
    surfaces_only: bool = False,
    name: str | None = None,
    **hyper: Hyperparameter,
) -> Callable[[Callable[..., Any]], Wrapper]:
    """Declare something that modifies any update rule: clipping, SAM, a plateau schedule.

    A wrapper is switched on by giving one of its hyperparameters to an optimizer. The decorated
    function transforms one coordinate before the rule sees it: it takes `x`, `g`, and by name
    state, hyperparameters and the outputs of `uniform` and `combine`; it returns the new g and the
    new state. `measure` and `combine` are as in `optimizer`; a lane state named ``lr_scale``
    multiplies the learning rate. With ``evaluations=2``, ``@wrapper.ascend`` moves one coordinate
    to where the second gradient is taken: it takes what the update takes and returns the new x and
    the new state; x itself is put back before the rule is applied to the second gradient.

    For random draws the functions take `key`, which is new in every step (and in every layer if
    `layerwise`), and `index`, the number of the coordinate; with `index` code runs lane by lane.
    `count` is the number of coordinates, in the layer if `layerwise`; in a net's padding `index` is
    `count` or more.

    With ``after=True`` all parts come after the rule instead: `x` is then where the rule has moved
    to and `x_old` where the step began; the decorated function returns the new x and the new
    state. `lr` is the rate of this step, `base_lr` that before its schedule.

    Two names of outputs of `uniform` mean something: `lr_scale` multiplies the learning rate, as a
    schedule does, and `restart`, where it is above 0, has the rule's states begin anew before its
    step.

    Parameters
    ----------
    state, lane_state, source, evaluations, iterate, layerwise, name, **hyper
        As in `optimizer`.
    after : bool
        Whether it acts on the point that the rule gives, not on the gradient.
    surfaces_only : bool
        Not run on nets.
    """

    def decorate(function: Callable[..., Any]) -> Wrapper:
        return _declared(
            Wrapper,
            function,
            name=name,
            state=state,
            lane_state=lane_state,
            hyper=hyper,
            source=source,
            evaluations=evaluations,
            iterate=iterate,
            layerwise=layerwise,
            after=after,
            surfaces_only=surfaces_only,
        )

    return decorate
