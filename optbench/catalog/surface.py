"""An instance of a problem that is a function of its coordinates: a surface, noisy or of data."""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from optbench.catalog import stages
from optbench.catalog.instance import Floats, Functions, Problem, checked_seeds
from optbench.define.definitions import ProblemDefinition
from optbench.define.draws import uniforms
from optbench.kernels.authors import blocks
from optbench.kernels.authors.products import product_block
from optbench.kernels.authors.tensors import tensor_table
from optbench.kernels.memory.calls import Block


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SurfaceInstance(Problem):
    """An instance of a `ProblemDefinition`; see `Problem`.

    Attributes
    ----------
    second_level : float or None
        What the lowest local minimum that is not global lies above f_min, where that is declared.
    """

    definition: ProblemDefinition
    start: Floats
    box: tuple[Floats, Floats]
    second_level: float | None = None

    across = False
    constrained = False

    @property
    def label(self) -> str:
        """Name and dimension, as figures and tables show it."""
        return f"{self.name} (d={self.dim})"

    @property
    def target(self) -> float | None:
        """The declared share of the gap at the start, or gap where targets are absolute."""
        return self.definition.target

    @property
    def absolute_targets(self) -> bool:
        """Whether hits are of gaps 10^2 .. 10^-8, not of shares of the initial gap."""
        return self.definition.targets == "absolute"

    @property
    def measure(self) -> str:
        """What the second number of the metrics is: "accuracy", or a declared name."""
        return self.definition.measure

    @property
    def has_hessian(self) -> bool:
        """Whether the author fills g, of which products with the Hessian are derivatives.

        Of perturbations those alone are in them that are no code, but a part of the frame.
        """
        own = self.definition
        return "g" in own.arguments and stages.function_of(own) is own.function

    @property
    def trained(self) -> NDArray[np.intp]:
        """All coordinates."""
        return np.arange(self.dim)

    @functools.cached_property
    def tensor_table(self) -> NDArray[np.int64]:
        """The declared tensors, one coordinate a row: see `tensors.tensor_table`."""
        shapes = self.definition.shapes(self.dim)
        rows = np.cumsum([0, *map(math.prod, shapes)])
        table: NDArray[np.int64] = tensor_table(shapes, rows.tolist())
        return table

    @property
    def has_matrices(self) -> bool:
        """Whether a declared tensor is a matrix."""
        return any(len(shape) == 2 for shape in self.definition.shapes(self.dim))

    @property
    def written(self) -> Functions:
        """The author's functions, that of the problem with its perturbations."""
        function = stages.function_of(self.definition)
        return Functions(function, self.definition.metrics_function, None)

    def compiled(self, dtype: DTypeLike) -> Functions:
        """Return the compiled block functions."""
        return _compiled(self.written, np.dtype(dtype), self.dim)

    def products(self, dtype: DTypeLike) -> Block:
        """Return the compiled product of the Hessian with a direction."""
        return product_block(self.definition.function, np.dtype(dtype), self.dim)

    def starts(self, seeds: ArrayLike, study_seed: int = 0) -> Floats:
        """Return start points [n, d], uniform in the box; seed 0 gets the declared start."""
        numbers, study_seed = checked_seeds(seeds, study_seed)
        low, high = self.box
        keys = self.streams("start", numbers, study_seed)
        points: Floats = low + (high - low) * uniforms(keys, self.dim)
        points[numbers == 0] = self.start
        return points


@functools.lru_cache(maxsize=1024)
def _compiled(written: Functions, dtype: "np.dtype[Any]", dim: int) -> Functions:
    """Return the compiled block functions of an author's."""
    function, metrics, _ = written
    return Functions(
        blocks.problem_block(function, dtype, dim),
        metrics and blocks.metrics_block(metrics, dtype),
        None,
    )
