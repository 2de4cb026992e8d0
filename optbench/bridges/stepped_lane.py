"""A lane that others train: they write its gradient and its point, and have it take a step.

The arrays are those of `lanes.fed_lane`; here they are written in place, there is no last step, and
settings may change on the way.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from optbench.errors import SettingError
from optbench.kernels.authors.tensors import kept_size
from optbench.kernels.compiling.explain import locating_author_errors
from optbench.kernels.memory.calls import RuleCall, invoker
from optbench.kernels.memory.floating import flushed
from optbench.lanes.fed_lane import FedLane, Reals, Shapes
from optbench.rules.compose import Optimizer

FIRST_STEPS = 64
"""Rows of the first table of step scalars; it doubles when a run goes beyond."""


class SteppedLane(FedLane):
    """The arrays of a rule on tensors that somebody else trains.

    Parameters
    ----------
    optimizer : Optimizer
    shapes : list of tuple of int
        Of the tensors.
    seed : int
    dtype : {"float64", "float32"}
    budget : int, optional
        Steps of the whole run, which schedules need.
    surface : bool
        Whether all coordinates are one lane of a surface, not the tensors of a net.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        shapes: Shapes,
        *,
        seed: int = 0,
        dtype: str = "float64",
        budget: int | None = None,
        surface: bool = False,
    ) -> None:
        self.optimizer, self.budget, self.shapes = optimizer, budget, shapes
        sizes = [int(np.prod(shape)) for shape in shapes]
        super().__init__(
            optimizer, np.zeros(sum(sizes)), count=0, shapes=None if surface else shapes,
            seed=seed, dtype=dtype, budget=budget,
        )  # fmt: skip
        ends = np.cumsum(sizes)
        self._places = [
            self.places.flat[end - size : end] for size, end in zip(sizes, ends, strict=True)
        ]
        self._invoke = invoker(RuleCall, self.dtype)
        self._use_table(optimizer, min(FIRST_STEPS, budget or FIRST_STEPS), budget)

    def parts(self, array: Reals) -> list[Reals]:
        """Return the part of each tensor of an array like x, [size]: a view, to read and write."""
        flat = array.reshape(-1)
        if not self.across:
            return [
                flat[places[0] : places[-1] + 1 : self.places.columns] for places in self._places
            ]
        return [flat[places[0] : places[-1] + 1] for places in self._places]

    def memories(self) -> list[Reals]:
        """Return the part of each tensor of what a matrix rule keeps: views."""
        kept = [
            kept_size(self.optimizer.rule, int(np.prod(shape)), shape[0] if len(shape) > 1 else 0)
            for shape in self.shapes
        ]
        ends = np.cumsum(kept)
        return [self.memory[end - n : end] for n, end in zip(kept, ends, strict=True)]

    def start_at_x(self) -> None:
        """Have the states that begin as a copy of x do so, now that x is written."""
        for row, start in enumerate(self.layout.state.values()):
            if start == "x":
                self.S[row] = self.x

    def use(self, optimizer: Optimizer) -> None:
        """Take other values of the settings from the next step on.

        Raises
        ------
        SettingError
            If one of them is compiled in.
        """
        for name, on in optimizer.flags.items():
            if on != self.layout.flags.get(name):
                raise SettingError(
                    f"{optimizer.name}: {name} cannot change in the middle of a run, since it is "
                    "compiled in: begin with a new optimizer"
                )
        values: Mapping[str, Any] = optimizer.values
        for row, name in enumerate(self.layout.hyper[2:], 2):
            self.H[row] = values[name]
        self.optimizer = optimizer
        self._use_table(optimizer, len(self.uniform), self.budget)

    def set_rate(self, lr: float) -> None:
        """Use another learning rate from the next step on."""
        self.H[0] = lr

    def take(self, f: float) -> None:
        """Consume the gradient in `g` at the value f: x becomes where the next one is taken."""
        step, phase = divmod(self.evaluations, self.layout.evaluations)
        if step >= len(self.uniform):
            self._grow(step)
        self.f[:] = f
        with flushed(), locating_author_errors():
            self._invoke(
                self.rule.address, self._words.ctypes.data, (step, phase, int(self.across))
            )
        self.evaluations += 1

    def reported(self) -> Reals:
        """Return the array that is reported: x, or an average of it."""
        row = self._row_of("reported", self.evaluations)
        return self.x if row < 0 else self.S[row]

    def _grow(self, step: int) -> None:
        if self.budget is not None and step >= self.budget:
            raise SettingError(
                f"{self.optimizer.label} was given steps = {self.budget}, on which its schedule "
                f"depends, and this is step {step + 1}: give as many as will be taken"
            )
        length = len(self.uniform)
        while length <= step:
            length *= 2
        self._use_table(self.optimizer, min(length, self.budget or length), self.budget)
