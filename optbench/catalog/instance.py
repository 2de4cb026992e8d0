"""One instance of a problem: where it begins, its frame, and its value and gradient anywhere.

What surfaces and nets do differently is in `catalog.surface` and `catalog.net`.
"""

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from optbench import gate
from optbench.catalog.picture import picture
from optbench.define import markup
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.define.draws import mixed, stream_key
from optbench.errors import UserError
from optbench.kernels.driver.tasks import Placement
from optbench.kernels.memory.calls import Block

Floats: TypeAlias = NDArray[np.float64]
Keys: TypeAlias = NDArray[np.uint64]
"""Of streams of random numbers."""
Kind: TypeAlias = Literal["deterministic", "stochastic", "data", "net"]


SHOWN = 6
"""Coordinates of a point that notebooks show."""


class Functions(NamedTuple):
    """The functions of a problem, as they are written or compiled for a block of lanes.

    Attributes
    ----------
    problem : callable
        Value and gradient.
    metrics : callable or None
        Losses and accuracies.
    adjust : callable or None
        What a net does after each step.
    """

    problem: Any
    metrics: Any
    adjust: Any


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Problem(ABC):
    """A problem in one dimension and one instance.

    Attributes
    ----------
    definition : ProblemDefinition or NetDefinition
    dim : int
        Number of coordinates; for nets the padded number of parameters.
    instance : int
        0 is the problem as it is written down.
    kind : {"deterministic", "stochastic", "data", "net"}
        "stochastic" has noise, or changes with the step; "data" has mini-batches.
    placement : Placement
        What the compiled driver needs of the instance.
    start : ndarray [d] or None
        Where seed 0 starts; None for nets, which draw initial weights from every seed.
    minimum : ndarray [d] or None
    f_min : float or None
        The declared least value.
    box : (ndarray [d], ndarray [d]) or None
        Where other seeds start; it does not constrain the search. None for nets.
    """

    definition: ProblemDefinition | NetDefinition
    dim: int
    instance: int
    kind: Kind
    placement: Placement
    start: Floats | None = None
    minimum: Floats | None = None
    f_min: float | None = None
    box: tuple[Floats, Floats] | None = None

    @property
    def name(self) -> str:
        """The definition's name."""
        return self.definition.name

    @property
    def label(self) -> str:
        """The name, with what else figures and tables show of it."""
        return self.name

    @property
    def tags(self) -> tuple[str, ...]:
        """The definition's tags."""
        return self.definition.tags

    @property
    def family(self) -> str:
        """Name that problems share when only conditioning, rotation or dimension differ."""
        return self.definition.family

    @property
    def source(self) -> str:
        """The paper or book that defines the problem."""
        return self.definition.source

    @property
    @abstractmethod
    def across(self) -> bool:
        """Whether one lane fills a whole block."""

    @property
    @abstractmethod
    def has_matrices(self) -> bool:
        """Whether matrix rules can be run on it."""

    @property
    @abstractmethod
    def target(self) -> float | None:
        """The declared target; see `lanes.targets.success`."""

    @property
    @abstractmethod
    def absolute_targets(self) -> bool:
        """Whether hits are of gaps 10^2 .. 10^-8, not of shares of the initial gap."""

    @property
    @abstractmethod
    def measure(self) -> str:
        """What the second number of the metrics is: "accuracy", or a declared name."""

    @property
    @abstractmethod
    def constrained(self) -> bool:
        """Whether points are changed after each step: layer-wise rates, max-norm."""

    @property
    @abstractmethod
    def has_hessian(self) -> bool:
        """Whether products with its Hessian can be compiled: of surfaces that fill g by hand."""

    @property
    @abstractmethod
    def trained(self) -> NDArray[np.intp]:
        """Numbers of the coordinates that move; the gradient of frozen ones counts as 0."""

    @property
    @abstractmethod
    def tensor_table(self) -> NDArray[np.int64]:
        """The parameter tensors, see `tensors.tensor_table`: int64 [3 n + 1]."""

    @property
    @abstractmethod
    def written(self) -> Functions:
        """The plain functions that are compiled."""

    @abstractmethod
    def compiled(self, dtype: DTypeLike) -> Functions:
        """Return the compiled block functions."""

    def function(self, dtype: DTypeLike) -> Block:
        """Return the compiled function of value and gradient."""
        block: Block = self.compiled(dtype).problem
        return block

    @abstractmethod
    def starts(self, seeds: ArrayLike, study_seed: int = 0) -> Floats:
        """Return start points [n, d] for `seeds`; seed 0 gets the declared start.

        Of a net that is fine-tuned they are the fresh weights, see `lanes.starts`.
        """

    @property
    def examples(self) -> tuple[int, int] | None:
        """(size of the training part, size of a mini-batch) of a data problem, else None."""
        if self.kind not in ("data", "net"):
            return None
        return int(self.placement.q[0]), int(self.placement.q[5])

    def keys(self, seeds: ArrayLike, study_seed: int = 0) -> Keys:
        """Return the lanes' stream keys [n] for noise and batches."""
        return self.streams("draws", *checked_seeds(seeds, study_seed))

    def streams(self, purpose: str, seeds: NDArray[np.int64], study_seed: int) -> Keys:
        """Return one key a seed, which depends on what the draws may depend on and nothing else."""
        return mixed(stream_key(study_seed, self.family, self.dim, self.instance, purpose), seeds)

    def value(self, x: ArrayLike) -> Any:
        """Return the noise-free value at x [d] (float) or at points [n, d] (array [n])."""
        return self.value_and_grad(x)[0]

    def grad(self, x: ArrayLike) -> Floats:
        """Return the noise-free gradient at x [d] or at points [n, d], in the same shape."""
        return self.value_and_grad(x)[1]

    def value_and_grad(self, x: ArrayLike) -> tuple[Any, Floats]:
        """Return noise-free value and gradient, in float64.

        Parameters
        ----------
        x : array_like [d] or [n, d]

        Returns
        -------
        f : float or ndarray [n]
        g : ndarray, shaped like x

        Raises
        ------
        UserError
            If the last axis of x is not d long, or x is not numbers.
        """
        from optbench.kernels.cpu.launch import evaluate

        points = gate.reals(f"{self.name}: x", x)
        if points.ndim not in (1, 2) or points.shape[-1] != self.dim:
            raise UserError(
                f"{self.name}: a point has shape [{self.dim}], points [n, {self.dim}]; "
                f"got {list(points.shape)}"
            )
        function = self.function(np.float64)
        f, g = evaluate(function, self.placement, np.atleast_2d(points), self.across)
        return (float(f[0]), g[0]) if points.ndim == 1 else (f, g)

    def __repr__(self) -> str:
        return f"Problem({self.label}, instance {self.instance}, {self.kind})"

    def _repr_html_(self) -> str:
        """Return what is declared, and a picture where there are two coordinates."""
        rows = {
            "what": self._words(), "source": self.source, "tags": ", ".join(self.tags),
            "kind": self.kind, "dimension": str(self.dim), "instance": str(self.instance),
            "start": _few(self.start), "minimum": _few(self.minimum), "f_min": _few(self.f_min),
            "box": "" if self.box is None else " to ".join(map(_few, self.box)),
        }  # fmt: skip
        html = markup.paragraph(title=self.label)
        html += markup.table((), [row for row in rows.items() if row[1]])
        if self.dim == 2 and self.box is not None:
            html += picture(self.value, self.box, self.minimum)
        return html

    def _words(self) -> str:
        """Return the author's docstring."""
        function = getattr(self.definition, "function", None)
        return " ".join((inspect.getdoc(function) or "").split()) if function else ""


def _few(values: Floats | float | None) -> str:
    """Return numbers in few letters, of many coordinates the first ones; nothing of None."""
    if values is None:
        return ""
    if np.ndim(values) == 0:
        return f"{values:.6g}"
    some = ", ".join(f"{value:.4g}" for value in np.asarray(values)[:SHOWN])
    return f"[{some}{', ...' if np.size(values) > SHOWN else ''}]"


def checked_seeds(seeds: ArrayLike, study_seed: int) -> tuple[NDArray[np.int64], int]:
    """Return seeds [n] and the study's seed as whole numbers; refuse what is none."""
    return gate.wholes("seed", seeds), gate.whole("study seed", study_seed)
