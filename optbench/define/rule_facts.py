"""What is declared about a rule or a wrapper: plain numbers, and names that nothing else has.

Each function takes `whose`, the place and the name of the rule, for its messages.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from optbench.define.names import ENGINE_ARGUMENTS, is_name
from optbench.define.ranges import Flag, Range, of_plain_number
from optbench.define.search_ranges import Search, plain_search, rate_search
from optbench.errors import DefinitionError
from optbench.gate import real, shown

States: TypeAlias = Iterable[str] | Mapping[str, float | Literal["x"]]
"""Names of per-coordinate state, or their start values: numbers, or "x" for a copy of x."""
LaneStates: TypeAlias = Mapping[str, float] | Iterable[tuple[str, float]]
"""Names and start values of per-lane state."""
Hyperparameter: TypeAlias = Range | Flag | float
"""How a hyperparameter is declared; a number is a default without limits."""

BOUND_BY_ENGINE = frozenset(
    "x g f f_ref f_lane base_lr t phase across key call S L H U layers layer low high lane i xs gs "
    "zero load load_setting moving store total rows fetch y ys vector tensor "
    "tensors tensor_table tensor_m tensor_n tensor_k".split()
)
"""Names that the engine binds beside lane state and hyperparameters, which come under their own."""
CALL_ARGUMENTS = frozenset(
    "steps lanes seed dtype device threads start records gradients values hessians shape state "
    "return_state points problem optimizer folders name schedule warmup".split()
)
"""Names that users give beside hyperparameters; `schedule_...` are those of schedules."""


def plain_range(whose: str, name: str, value: Hyperparameter) -> Range | Flag:
    """Return the `Range` or `Flag` of a hyperparameter, with plain numbers."""
    if isinstance(value, Flag):
        if value.on not in (0, 1):
            raise DefinitionError(f"{whose} has {name}=Flag({shown(value.on)}): give True or False")
        return Flag(bool(value.on))
    if isinstance(value, bool):
        raise DefinitionError(f"{whose} has {name}={value}: write {name}=Flag({value})")
    if not isinstance(value, Range):
        value = of_plain_number(name, _number(whose, name, "default", value))
    default, low, high = (
        _number(whose, name, end, getattr(value, end)) for end in ("default", "low", "high")
    )
    plain = Range(default, low, high, value.open_low, value.open_high, value.whole)
    if plain.default not in plain:
        raise DefinitionError(
            f"{whose} has {name} = {plain.default:g} by default, outside its own range {plain}"
        )
    return replace(plain, search=_search(whose, name, plain, value.search))


def _number(whose: str, name: str, end: str, value: object) -> float:
    return real(f"{whose}: {end} of {name}", value, DefinitionError, finite=False)


def _search(whose: str, name: str, plain: Range, declared: Search | None) -> Search | None:
    """Return the search range of a hyperparameter whose range is `plain`, None if it has none."""
    if declared is None:
        if name != "lr":
            return None
        # The rate is what every study tunes, so it has one without being asked.
        low = math.nextafter(plain.low, math.inf) if plain.open_low else plain.low
        high = math.nextafter(plain.high, -math.inf) if plain.open_high else plain.high
        return rate_search(plain.default, low, high)
    search = plain_search(whose, name, declared)
    ends = (search.low, search.high, 0.0)[: 3 if search.scale == "log with 0" else 2]
    for end in ends:
        if end not in plain:
            raise DefinitionError(
                f"{whose}: the search range {search} of {name} holds {end:g}, which is outside "
                f"its range {plain}"
            )
    return search


def plain_states(whose: str, state: States) -> dict[str, float | Literal["x"]]:
    """Return per-coordinate state as a dict of name to start."""
    names = (state,) if isinstance(state, str) else tuple(state)
    starts: dict[str, float | Literal["x"]]
    starts = dict(state) if isinstance(state, Mapping) else dict.fromkeys(names, 0.0)
    for name in names:
        if not is_name(name):
            parts = str(name).replace(",", " ").split()
            hint = f": write state={tuple(parts)}" if len(parts) > 1 else ""
            raise DefinitionError(
                f"{whose} has a state {shown(name)}, which is no name in lower snake case{hint}"
            )
        if name in ENGINE_ARGUMENTS or name == "x_first":
            raise DefinitionError(
                f"{whose} cannot call a state {name!r}, which the engine uses itself; choose "
                "another name"
            )
    if len(starts) < len(names):
        raise DefinitionError(f"{whose} has state={shown(state)}, which names one twice")
    return {
        name: "x"
        if isinstance(start, str) and start == "x"
        else real(f"{whose}: the start of state {name}", start, DefinitionError, finite=False)
        for name, start in starts.items()
    }


def plain_lane_states(whose: str, lane_state: LaneStates) -> dict[str, float]:
    """Return lane state as a dict of name to start."""
    try:
        starts = dict(lane_state)
    except (TypeError, ValueError):
        raise DefinitionError(
            f"{whose} has lane_state={shown(lane_state)}: give a dict of names and start values"
        ) from None
    return {
        name: real(f"{whose}: the start of lane state {name}", start, DefinitionError, finite=False)
        for name, start in starts.items()
    }


def check_names(
    whose: str, state: Iterable[str], lane_state: Iterable[str], hyper: Iterable[str]
) -> None:
    """Refuse names that the engine or a user's call means otherwise, and names used twice."""
    for name in (*lane_state, *hyper):
        if name in BOUND_BY_ENGINE:
            raise DefinitionError(
                f"{whose} cannot call lane state or a hyperparameter {name!r}, which the engine "
                "uses itself; choose another name"
            )
        if not is_name(name):
            raise DefinitionError(f"{whose}: the name {name!r} is not lower snake case")
    for name in hyper:
        if name in CALL_ARGUMENTS or name.startswith("schedule_"):
            raise DefinitionError(
                f"{whose} cannot call a hyperparameter {name!r}, which is an argument of "
                "`optbench.minimize` and its like; choose another name"
            )
    every = [*state, *lane_state, *hyper]
    for name in every:
        if every.count(name) > 1:
            raise DefinitionError(
                f"{whose} uses the name {name!r} twice among state, lane state and hyperparameters"
            )
