"""Tensors of torch as views of a lane's arrays, and what a lane keeps of each parameter."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from optbench.bridges.stepped_lane import SteppedLane
from optbench.errors import SettingError, UserError

try:
    import torch as torch
except ModuleNotFoundError as _error:
    if _error.name != "torch":
        raise
    raise UserError("as_torch needs torch, which is not installed: pip install torch") from None

DTYPES = {torch.float32: "float32", torch.float64: "float64"}
QUERY, MEMORY, LANE_STATE, STEP = "lane.query", "lane.memory", "lane.state", "lane.step"
"""Entries of `state` that are no state of the rule's: where x is while the reported point is in the
parameters; what a matrix rule keeps; numbers of the whole lane, at its first tensor; the steps. No
state can have such a name."""


def kept_views(lane: SteppedLane, params: list[torch.Tensor]) -> Iterator[dict[str, torch.Tensor]]:
    """Yield what is kept of each tensor, by name: views of the lane's arrays."""
    states = [lane.parts(lane.S[row]) for row in range(len(lane.layout.state))]
    for i, (p, memory) in enumerate(zip(params, lane.memories(), strict=True)):
        views = {
            name: shaped(state[i], p) for name, state in zip(lane.layout.state, states, strict=True)
        }
        if memory.size:
            views[MEMORY] = torch.from_numpy(memory)
        if i == 0 and lane.layout.lane_state:
            views[LANE_STATE] = torch.from_numpy(lane.L)
        yield views


def shaped(part: np.ndarray[Any, Any], p: torch.Tensor) -> torch.Tensor:
    """Return a view of a part of an array in the shape of a parameter."""
    return torch.from_numpy(part).view(p.shape)


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
