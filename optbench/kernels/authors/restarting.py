"""A rule that begins anew in the middle of a run: its states take the values that they start with.

A wrapper has it do so in the steps in which the output `restart` of its `uniform` is above 0.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from types import FunctionType
from typing import TYPE_CHECKING

from optbench.define.primitives import where
from optbench.kernels.authors.rule_layout import RESTART, RuleLayout

if TYPE_CHECKING:
    from optbench.define.definitions import Part


def restart_functions(layout: RuleLayout) -> dict[str, FunctionType]:
    """Return what `restart_lines` call, by name: none if no wrapper restarts the rule."""
    if not any(map(layout.restarts, layout.parts)):
        return {}
    rule = layout.parts[-1]
    starts = {**rule.state, **rule.lane_state}
    return {f"{name}_restarted": _restarting(start) for name, start in starts.items()}


@functools.cache
def _restarting(start: float | str) -> FunctionType:
    """Return what gives a state its start where that is due: a number, or "x" for x."""
    if start == "x":
        return lambda due, state, x: where(due > 0.0, x, state)
    return lambda due, state, x: where(due > 0.0, start, state)


def restart_lines(
    layout: RuleLayout, part: Part, states: Sequence[str], lane_states: Sequence[str]
) -> tuple[str, list[str], list[str]]:
    """Return the name of what says that a restart is due, and lines that restart the rule.

    Parameters
    ----------
    layout : RuleLayout
    part : Part
        The wrapper that restarts it.
    states, lane_states : sequence of str
        Names of the rows of S and of L.

    Returns
    -------
    due : str
    coordinate, lanes : list of str
        Lines for each coordinate, and those for each window of lanes.
    """
    rule, due = layout.parts[-1], f"{part.name}_{RESTART}"
    coordinate, lanes = [], []
    for name in rule.state:
        place = f"_s{states.index(name)}[i]"
        coordinate.append(f"{place} = {name}_restarted({due}, {place}, xs[i])")
    for name in rule.lane_state:
        line = f"L[{lane_states.index(name)}]"
        lanes.append(f"store({line}, lane, {name}_restarted({due}, load({line}, lane), 0.0))")
    return due, coordinate or ["pass"], lanes
