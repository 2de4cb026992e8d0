"""A rule as a `torch.optim.Optimizer`; see `as_torch`.

Each param group is a lane of its own, whose tensors keep their shapes. What has to be kept lies in
`state`, as torch's own optimizers have it, in tensors that are views of the lane's arrays; a lane
that is not there (after `load_state_dict`, a copy, `add_param_group`) is made from it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from optbench import gate
from optbench.bridges import requirements
from optbench.bridges.stepped_lane import SteppedLane
from optbench.errors import SettingError, UserError
from optbench.rules import schedules
from optbench.rules.compose import Optimizer
from optbench.rules.wrappers_before import WRAPPERS

try:
    import torch
except ModuleNotFoundError as _error:
    if _error.name != "torch":
        raise
    raise UserError("as_torch needs torch, which is not installed: pip install torch") from None

DTYPES = {torch.float32: "float32", torch.float64: "float64"}
QUERY, MEMORY, LANE_STATE, STEP = "query point", "matrix memory", "lane state", "steps taken"
"""Entries of `state` that are no state of the rule's (whose names have no blanks): where x is under
the reported point; what a matrix rule keeps; the lane's numbers, at its first tensor; steps."""


@dataclass
class _Lane:
    """A lane and the parameters that it moves, with views of what it has of each."""

    lane: SteppedLane
    group: int
    params: list[torch.Tensor]
    x: list[torch.Tensor]
    g: list[torch.Tensor]
    settings: dict[str, Any]


class RuleOptimizer(torch.optim.Optimizer):
    """What `as_torch` makes a class of.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters, or dicts of param groups, in which settings may be others.
    lr : float, optional
        The rule's own where it is not given.
    steps : int, optional
        Of the whole run; needed where a schedule or a setting is a share of it.
    seed : int
        Of rules and wrappers that draw.
    **settings
        Hyperparameters, settings of wrappers and of schedules.
    """

    base: ClassVar[Optimizer]

    def __init__(
        self, params: Any, lr: float | None = None, *, steps: int | None = None, seed: int = 0,
        **settings: Any,
    ) -> None:  # fmt: skip
        if lr is not None:
            settings["lr"] = lr
        self._optimizer = requirements.composed("as_torch", self.base, (), settings)
        requirements.check_for_tensors("as_torch", self._optimizer)
        self._lanes: dict[int, _Lane] = {}
        defaults: dict[str, Any] = {"lr": self._optimizer.lr, **self._optimizer.values}
        defaults |= {
            "steps": None if steps is None else gate.whole("as_torch: steps", steps, low=1),
            "seed": gate.whole("as_torch: seed", seed),
        }
        super().__init__(params, defaults)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_optimizer": self._optimizer}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._lanes = {}

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with settings of their own."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        try:
            optimizer = self._composed(group)
            requirements.checked_steps("as_torch", optimizer, group["steps"])
            group.update({name: optimizer.values[name] for name in optimizer.values})
            for p in group["params"]:
                _check_tensor(p)
        except UserError:
            self.param_groups.pop()
            raise

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where another optimizer was when `state_dict` was taken, byte for byte."""
        self._lanes = {}
        super().load_state_dict(state_dict)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss anew, with its gradients, and returns it. Rules that take two
            gradients a step or look at the loss need it.

        Returns
        -------
        The loss where there is a closure: the first of the step.
        """
        evaluations = self._optimizer.evaluations
        self._check_closure(closure)
        loss = self._evaluated(closure)
        lanes = [lane for index in range(len(self.param_groups)) if (lane := self._lane(index))]
        at = loss
        for phase in range(evaluations):
            if phase:
                at = self._evaluated(closure)
            for lane in lanes:
                self._advance(lane, 0.0 if at is None else float(at))
        return loss

    @torch.no_grad()
    def eval(self) -> None:
        """Put the reported point into the parameters, if the rule reports another than it moves.

        That is for validation and for what is kept at the end: averages, schedule-free rules.
        """
        for index in range(len(self.param_groups)):
            entry = self._lane(index) if self._is_averaging(index) else None
            if entry is None or QUERY in self.state[entry.params[0]]:
                continue
            places = entry.lane.parts(entry.lane.reported())
            for p, reported in zip(entry.params, places, strict=True):
                self.state[p][QUERY] = p.detach().clone()
                p.copy_(_shaped(reported, p))

    @torch.no_grad()
    def train(self) -> None:
        """Put back the point where gradients are taken, after `eval`."""
        for group in self.param_groups:
            for p in group["params"]:
                if QUERY in self.state.get(p, {}):
                    p.copy_(self.state[p].pop(QUERY))

    def _check_closure(self, closure: Callable[[], Any] | None) -> None:
        if closure is not None:
            return
        optimizer = self._optimizer
        if optimizer.evaluations > 1:
            why = f"takes {optimizer.evaluations} gradients a step"
        elif requirements.depends_on_value(optimizer):
            why = "looks at the loss"
        else:
            return
        raise SettingError(
            f"as_torch: {optimizer.label} {why}: call step(closure), where closure() zeroes the "
            "gradients, computes the loss, calls loss.backward() and returns the loss"
        )

    def _evaluated(self, closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            return None
        with torch.enable_grad():
            return closure()

    def _composed(self, group: dict[str, Any]) -> Optimizer:
        """Return the optimizer of a group: its settings, if they differ, in place of the common."""
        own = {
            name: value for name, value in group.items()
            if name in _settings() | self._optimizer.hyper.keys()
            and name != "lr" and value != self._optimizer.values.get(name)
        }  # fmt: skip
        return self._optimizer.with_settings(**own)

    def _is_averaging(self, index: int) -> bool:
        started = any(p in self.state for p in self.param_groups[index]["params"])
        return started and self._composed(self.param_groups[index]).iterate is not None

    def _lane(self, index: int) -> _Lane | None:
        """Return the lane of a group as its settings are now; None where nothing has a gradient."""
        group = self.param_groups[index]
        entry = self._lanes.get(index)
        if entry is None:
            params = [p for p in group["params"] if p.grad is not None or p in self.state]
            if not params:
                return None
            entry = self._lanes[index] = self._begun(index, params)
        settings = {name: group[name] for name in entry.settings}
        if settings != entry.settings:
            entry.lane.use(self._composed(group))
            entry.settings = settings
        return entry

    def _begun(self, index: int, params: list[torch.Tensor]) -> _Lane:
        """Return a new lane, with the state that there is."""
        group, optimizer = self.param_groups[index], self._composed(self.param_groups[index])
        dtypes = {p.dtype for p in params}
        if len(dtypes) > 1:
            raise SettingError(
                f"as_torch: param group {index} mixes {', '.join(sorted(map(str, dtypes)))}: give "
                "each dtype a group of its own"
            )
        lane = SteppedLane(
            optimizer, [tuple(p.shape) for p in params], seed=group["seed"] + index,
            dtype=DTYPES[dtypes.pop()], budget=group["steps"],
        )  # fmt: skip
        x, g = (
            [_shaped(part, p) for part, p in zip(lane.parts(array), params, strict=True)]
            for array in (lane.x, lane.g)
        )
        for view, p in zip(x, params, strict=True):
            view.copy_(self.state.get(p, {}).get(QUERY, p.detach()))
        lane.start_at_x()
        for p, views in zip(params, _views(lane, params), strict=True):
            for name, view in views.items():
                if name in self.state[p]:
                    view.copy_(self.state[p][name])
            self.state[p].update(views)
            lane.evaluations = lane.layout.evaluations * int(self.state[p].setdefault(STEP, 0))
        names = [name for name in group if name in optimizer.values]
        return _Lane(lane, index, params, x, g, {name: group[name] for name in names})

    def _advance(self, entry: _Lane, value: float) -> None:
        """Hand the gradients over, have the rule take them, and fetch the new point."""
        group = self.param_groups[entry.group]
        if QUERY in self.state[entry.params[0]]:
            raise SettingError(
                "as_torch: the reported point is in the parameters since eval(); call train() first"
            )
        for p in group["params"]:
            if (p.grad is not None) != (p in self.state):
                raise SettingError(_comes_and_goes(p))
        for p, x, g in zip(entry.params, entry.x, entry.g, strict=True):
            x.copy_(p.detach())
            g.copy_(p.grad)
        entry.lane.set_rate(float(group["lr"]))
        entry.lane.take(value)
        for p, x in zip(entry.params, entry.x, strict=True):
            p.copy_(x)
            self.state[p][STEP] = entry.lane.evaluations // entry.lane.layout.evaluations


def _views(lane: SteppedLane, params: list[torch.Tensor]) -> Iterator[dict[str, torch.Tensor]]:
    """Yield what is kept of each tensor, by name: views of the lane's arrays."""
    states = [lane.parts(lane.S[row]) for row in range(len(lane.layout.state))]
    for i, (p, memory) in enumerate(zip(params, lane.memories(), strict=True)):
        views = {
            name: _shaped(state[i], p)
            for name, state in zip(lane.layout.state, states, strict=True)
        }
        if memory.size:
            views[MEMORY] = torch.from_numpy(memory)
        if i == 0 and lane.layout.lane_state:
            views[LANE_STATE] = torch.from_numpy(lane.L)
        yield views


def _shaped(part: np.ndarray[Any, Any], p: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(part).view(p.shape)


def _settings() -> set[str]:
    """Return the names of all settings of wrappers and schedules."""
    return {name for wrapper in WRAPPERS for name in wrapper.hyper} | set(
        schedules.settings_of_all()
    )


def _check_tensor(p: torch.Tensor) -> None:
    """Refuse parameters that the engine has no arrays for."""
    if p.dtype not in DTYPES:
        raise SettingError(
            f"as_torch: a parameter of shape {list(p.shape)} is {p.dtype}; rules run in float32 "
            "and float64: keep the parameters in one of these (autocast does), or give others to "
            "another optimizer"
        )
    if p.layout != torch.strided:
        raise SettingError(f"as_torch: a parameter is {p.layout}; rules run on dense tensors")


def _comes_and_goes(p: torch.Tensor) -> str:
    """Say why a parameter cannot take part in a step, or be left out of it."""
    now, before = ("no", "one") if p.grad is None else ("a", "none")
    return (
        f"as_torch: a parameter of shape {list(p.shape)} has {now} gradient in this step, but had "
        f"{before} in the first: all tensors of a group take each step together; give it a group, "
        "or an optimizer, of its own"
    )
