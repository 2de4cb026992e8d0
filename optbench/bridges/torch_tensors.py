"""Tensors of torch and the arrays of a lane: what is kept of each, and what is refused."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from optbench.bridges.stepped_lane import SteppedLane
from optbench.errors import SettingError
from optbench.rules import schedules
from optbench.rules.wrappers_before import WRAPPERS

DTYPES = {torch.float32: "float32", torch.float64: "float64"}
QUERY, MEMORY, LANE_STATE, STEP = "lane.query", "lane.memory", "lane.state", "lane.step"
"""Entries of `state` that are no state of the rule's, whose names have no dot: where x is while the
reported point is in the parameters; what a matrix rule keeps; numbers of the whole lane, at its
first tensor; the steps."""


def views(lane: SteppedLane, params: list[torch.Tensor]) -> Iterator[dict[str, torch.Tensor]]:
    """Yield what is kept of each tensor, by name: views of the lane's arrays."""
    states = [lane.parts(lane.S[row]) for row in range(len(lane.layout.state))]
    for i, (p, memory) in enumerate(zip(params, lane.memories(), strict=True)):
        kept = {
            name: shaped(state[i], p) for name, state in zip(lane.layout.state, states, strict=True)
        }
        if memory.size:
            kept[MEMORY] = torch.from_numpy(memory)
        if i == 0 and lane.layout.lane_state:
            kept[LANE_STATE] = torch.from_numpy(lane.L)
        yield kept


def shaped(part: np.ndarray[Any, Any], p: torch.Tensor) -> torch.Tensor:
    """Return the part of an array that belongs to p, as p is shaped: a view."""
    return torch.from_numpy(part).view(p.shape)


def settings_of_wrappers() -> set[str]:
    """Return the names of all settings of wrappers and schedules."""
    return {name for wrapper in WRAPPERS for name in wrapper.hyper} | set(
        schedules.settings_of_all()
    )


def check_tensor(p: torch.Tensor) -> None:
    """Refuse parameters that the engine has no arrays for."""
    if p.dtype not in DTYPES:
        raise SettingError(
            f"as_torch: a parameter of shape {list(p.shape)} is {p.dtype}; rules run in float32 "
            "and float64: keep the parameters in one of these (autocast does), or give others to "
            "another optimizer"
        )
    if p.layout != torch.strided:
        raise SettingError(f"as_torch: a parameter is {p.layout}; rules run on dense tensors")


def comes_and_goes(p: torch.Tensor) -> str:
    """Say why a parameter cannot take part in a step, or be left out of it."""
    now, before = ("no", "one") if p.grad is None else ("a", "none")
    return (
        f"as_torch: a parameter of shape {list(p.shape)} has {now} gradient in this step, but had "
        f"{before} in the first: all tensors of a group take each step together; give it a group, "
        "or an optimizer, of its own"
    )
