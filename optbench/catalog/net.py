"""An instance of a declared net: its data, its initial weights, its compiled kernels.

What surfaces and nets have in common asks which of both a problem is, so nothing of the nets' own
is imported here: their kernels come from `net_kernels` when a net needs them.
"""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from optbench.catalog.instance import Floats, Functions, Keys, Problem, checked_seeds
from optbench.define.definitions import NetDefinition
from optbench.define.draws import mixed, stream_key
from optbench.kernels.authors.tensors import tensor_table
from optbench.kernels.memory.calls import Block
from optbench.rules.compose import Optimizer

if TYPE_CHECKING:
    from optbench.nets.net_problem import NetProblem


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class NetInstance(Problem):
    """An instance of a `NetDefinition`; see `Problem`.

    Attributes
    ----------
    net : nets.net_problem.NetProblem
    pretraining : Pretraining or None
        What the net is fine-tuned from.
    """

    definition: NetDefinition
    net: "NetProblem"
    pretraining: "Pretraining | None" = None

    across = True
    has_matrices = True
    absolute_targets = False
    measure = "accuracy"

    @property
    def target(self) -> float:
        """The declared training loss."""
        return self.definition.loss_target

    @property
    def constrained(self) -> bool:
        """Whether points are changed after each step: layer-wise rates, max-norm."""
        return self.net.training.constrains

    has_hessian = False
    """Products with the Hessian of a net would need every operation forward over reverse."""

    @property
    def trained(self) -> NDArray[np.intp]:
        """Numbers of the parameters of layers whose rate is not 0."""
        if not self.net.training.rates:
            return np.arange(self.dim)
        rates = self.net.training.row_rates(self.net.net)
        return np.flatnonzero(np.repeat(rates, self.dim // len(rates)))

    @functools.cached_property
    def tensor_table(self) -> NDArray[np.int64]:
        """The parameter tensors, see `tensors.tensor_table`: int64 [3 n + 1]."""
        table: NDArray[np.int64] = tensor_table(
            [shape for _, _, shape in self.net.net.tensors], self.net.net.row_offsets
        )
        return table

    @property
    def written(self) -> Functions:
        """The plain kernels of nets with its operations; `adjust` if this one needs it."""
        from optbench.catalog import net_kernels

        return net_kernels.written(self.net, self.name)

    def compiled(self, dtype: DTypeLike) -> Functions:
        """Return the compiled kernels."""
        from optbench.catalog import net_kernels

        return net_kernels.compiled(self.net, dtype)

    def function(self, dtype: DTypeLike) -> Block:
        """Return the compiled function of value and gradient, without the other kernels."""
        from optbench.catalog import net_kernels

        return net_kernels.function(self.net, dtype)

    def streams(self, purpose: str, seeds: NDArray[np.int64], study_seed: int) -> Keys:
        """Return one key a seed, whatever the number of parameters.

        It follows from the layers, in which members of a family may differ; where the shapes of
        tensors agree they have the same initial weights, see `initialisers.initial`.
        """
        return mixed(stream_key(study_seed, self.family, self.instance, purpose), seeds)

    def starts(self, seeds: ArrayLike, study_seed: int = 0) -> Floats:
        """Return fresh weights [n, P]; those of fine-tuned nets are in `lanes.starts`."""
        keys = self.streams("weights", *checked_seeds(seeds, study_seed))
        return np.stack([self.net.init(key) for key in keys])


@dataclass(frozen=True, eq=False)
class Pretraining:
    """What is trained beforehand.

    Attributes
    ----------
    problem : NetInstance
        Another net, in the same instance: no example of the validation or test part is met.
    optimizer : Optimizer
    """

    problem: NetInstance
    optimizer: Optimizer
