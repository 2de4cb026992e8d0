"""Which problems an optimizer is for: a rule may need layers, noise, a gradient of a kind."""

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optbench.define.definitions import Part
from optbench.kernels.authors.rule_layout import takes_hessian


class ProblemFacts(Protocol):
    """What decides whether an optimizer is run on a problem."""

    @property
    def name(self) -> str:
        """The problem's name, for messages."""

    @property
    def kind(self) -> str:
        """One of "deterministic", "stochastic", "data" and "net"."""

    @property
    def tags(self) -> Collection[str]:
        """Of the vocabulary in `define.tags`."""

    @property
    def constrained(self) -> bool:
        """Whether points are changed after each step: layer-wise rates, max-norm."""

    @property
    def has_matrices(self) -> bool:
        """Whether its coordinates make up matrices."""

    @property
    def tensor_table(self) -> NDArray[np.int64]:
        """The tensors that its coordinates make up, see `kernels.authors.tensors`."""

    @property
    def has_hessian(self) -> bool:
        """Whether products with its Hessian can be compiled."""


def lacking(parts: Sequence[Part], iterate: str | None, problem: ProblemFacts) -> str | None:
    """Say what a problem lacks for an optimizer to be run on it, or None.

    Parameters
    ----------
    parts : sequence of Part
        Wrappers, then the rule.
    iterate : str or None
        Name of the part that reports another point than it moves.
    problem : ProblemFacts
    """
    rule = parts[-1]
    if "no_gradient" in problem.tags:
        return f"{problem.name} is piecewise constant: its gradient is 0 wherever it exists"
    if rule.matrix and not problem.has_matrices:
        return f"{rule.name} sees whole matrices; {problem.name} has none"
    if rule.stochastic_only and problem.kind == "deterministic":
        return f"{rule.name} is mini-batch descent; {problem.name} has no noise"
    if rule.full_batch and problem.kind == "stochastic":
        return f"{rule.name} needs a full batch; the noise of {problem.name} has none"
    if any(map(takes_hessian, parts)) and not problem.has_hessian:
        return (
            f"{rule.name} takes products with the Hessian; {problem.name} has none: they come from "
            "surfaces whose code fills g, and that are not perturbed but by a rotation"
        )
    for_surfaces = [part.name for part in parts if part.surfaces_only]
    if for_surfaces and problem.kind == "net":
        return f"{for_surfaces[0]} is for surfaces; {problem.name} is a net"
    if iterate and problem.kind == "net" and problem.constrained:
        return (
            f"{iterate} reports another point than it moves; the rates and max_norm of "
            f"{problem.name} change the point that a rule moves"
        )
    return None
