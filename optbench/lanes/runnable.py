"""What studies and `simulate` ask of an optimizer, be it an update rule or a solver."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from optbench.catalog.instance import Problem
from optbench.define.definitions import Part

CPU_ALONE = "products with the Hessian are compiled for the CPU alone"
"""Why rules that take them do not run on a device."""
NOT_COMPILED = "its steps are not compiled, and run on the CPU alone"
"""Why solvers and guests do not run on a device."""


class Runnable(Protocol):
    """An optimizer that lanes can be run with: `rules.compose.Optimizer`, or `solvers.Solver`."""

    def __hash__(self) -> int:
        """What follows from it alone is kept for all its cells."""

    @property
    def name(self) -> str:
        """The name without settings."""

    @property
    def label(self) -> str:
        """Name and settings, as they can be written on the command line."""

    @property
    def source(self) -> str:
        """The paper and equation that define it."""

    @property
    def unit(self) -> str:
        """What an evaluation is: "gradients" (with the value), or "values" alone."""

    @property
    def evaluations(self) -> int:
        """Evaluations a step."""

    @property
    def hessian_every(self) -> int:
        """Steps from one product with the Hessian to the next; 0 where none is asked for."""

    @property
    def full_batch(self) -> bool:
        """Whether a step looks at all examples of a data problem."""

    @property
    def has_rate(self) -> bool:
        """Whether it has a learning rate, which can be tuned."""

    @property
    def fixed_rate(self) -> float | None:
        """The learning rate that was set with the other settings, None where it is to be tuned."""

    @property
    def compiled(self) -> bool:
        """Whether its lanes are compiled, so that they may run on a device."""

    @property
    def step_seconds(self) -> float:
        """What a step of a lane takes beside compiled code, about: 0 but for Python's."""

    @property
    def parts(self) -> Sequence[Part]:
        """The parts that are compiled, the rule last; none of a solver."""

    @property
    def values(self) -> Mapping[str, Any]:
        """What determines its numbers beside the parts and the rate: the hyperparameters."""

    @property
    def schedule(self) -> Sequence[tuple[str, Any]]:
        """Settings of the schedule as (name, value); none where the rate is constant."""

    def wants(self, problem: Problem) -> str | None:
        """Say why it is not run on `problem`, or None."""


def evaluations_of(optimizer: Runnable) -> float:
    """Return what a step costs in evaluations: its gradients, and its products with the Hessian.

    A product counts as a gradient; of those that are not taken at every step it is the mean.
    """
    every = optimizer.hessian_every
    return optimizer.evaluations + 1.0 / every if every else optimizer.evaluations
