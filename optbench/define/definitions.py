"""What a declaration holds: ranges, problems, nets, and the parts of optimizers.

Authors make these with the decorators of `define`; the rest of the package reads them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar

import numpy as np

from optbench.define.names import arguments
from optbench.define.perturbations import Applied
from optbench.define.ranges import Flag, Range
from optbench.define.rule_checks import FunctionKind, check_function
from optbench.define.tensor_shapes import tensor_shapes

Definition: TypeAlias = "ProblemDefinition | NetDefinition | Part"
D = TypeVar("D", bound="ProblemDefinition | NetDefinition | Part")
F = TypeVar("F", bound=Callable[..., Any])

Coordinates: TypeAlias = float | Sequence[float]
"""A number for every coordinate, or a number a coordinate."""
Point: TypeAlias = Coordinates | Callable[[int], Coordinates]
"""Coordinates, or a function of the dimension that returns them."""
Targets: TypeAlias = Literal["relative", "absolute"]
Shapes: TypeAlias = "tuple[tuple[int, ...], ...] | Callable[[int], Any]"
"""Of the tensors that x consists of, or a function of the dimension that returns them."""

DECLARATIONS: ContextVar[list[Definition] | None] = ContextVar("declarations", default=None)
"""A list of every definition that is declared while a file of them is imported."""


def register(definition: D) -> D:
    """Return a new definition, and list it for whoever imports the file that declares it."""
    if (declarations := DECLARATIONS.get()) is not None:
        declarations.append(definition)
    return definition


class Levels(Protocol):
    """The levels that a problem is one of: a `ladders.Ladder`."""

    name: str
    values: tuple[float, ...]

    @property
    def levels(self) -> range:
        """1, 2, ..."""

    @property
    def first(self) -> "ProblemDefinition | NetDefinition":
        """The problem at level 1 under the ladder's own name."""

    def rung(self, level: int) -> "ProblemDefinition | NetDefinition":
        """Return the problem at a level."""


@dataclass(eq=False, kw_only=True)
class ProblemDefinition:
    """A declared problem; calling it calls the author's plain Python function.

    See `problem` for what the fields mean. One that is perturbed has the `base` that it was made
    from, the settings that were given, and the perturbations that change something.
    """

    function: Callable[..., float]
    name: str
    start: Point
    minimum: Point | None
    f_min: float | Callable[[int], float] | None
    box: tuple[Point, Point] | None
    tags: tuple[str, ...]
    source: str
    family: str
    dim: int
    scalable: bool | int
    dims: tuple[int, ...]
    rotated: bool
    data: str | None
    batch: int
    target: float | None
    targets: Targets = "relative"
    scratch: int = 0
    shape: Shapes = ()
    constants_function: Callable[[np.random.Generator, int], Sequence[float]] | None = None
    instance_function: Callable[[int, int], Mapping[str, Any]] | None = None
    metrics_function: Callable[..., tuple[float, float]] | None = None
    measure: str = "accuracy"
    solver_function: Callable[..., Any] | None = None
    place: str = ""
    ladder: Levels | None = None
    level: int = 0
    base: "ProblemDefinition | None" = None
    given: tuple[tuple[str, float], ...] = ()
    perturbations: tuple[Applied, ...] = ()

    def __call__(self, *args: Any) -> float:
        """Call the author's function as it was written."""
        return self.function(*args)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the author's arguments, in order."""
        return arguments(self.function)

    def shapes(self, dim: int) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of the tensors that x consists of; a vector if none are declared.

        Raises
        ------
        DefinitionError
            If they do not have `dim` numbers.
        """
        declared = self.shape(dim) if callable(self.shape) else self.shape
        return tensor_shapes(f"{self.place}: {self.name}", declared, dim) or ((dim,),)

    @property
    def stochastic(self) -> bool:
        """Whether gradients depend on more than x: on random draws or on the step."""
        unsteady = any(applied.unsteady for applied in self.perturbations)
        return unsteady or not {"key", "stream", "t"}.isdisjoint(self.arguments)

    def constants(self, function: F) -> F:
        """Decorate ``f(rng, dim) -> sequence of float``: the instance constants, handed in as `p`.

        `rng` is a `numpy.random.Generator` that depends on problem and instance alone.
        """
        self.constants_function = function
        return function

    def instance(self, function: F) -> F:
        """Decorate ``f(dim, instance) -> dict``: a problem whose instances are its own.

        The dict has `p` (a sequence of float, handed in), `minimum` ([dim] or None) and `f_min`.
        They take the place of the declared ones, and instances are not shifted or rotated
        otherwise. It may also have `start` ([dim]; the box moves along), `second_level` (what the
        lowest local minimum that is not global lies above f_min: lanes that end below it are in the
        global basin), and `q`: it is a data problem then, on data of its own, and the first six
        integers are those that `problem` names. Of the numbers 1, 2, ... that `f` gets, 1 is also
        instance 0.
        """
        self.instance_function = function
        return function

    def metrics(self, function: F) -> F:
        """Decorate ``f(x, p, q, part) -> (objective, accuracy)`` on part 0, 1, 2 of the data.

        The parts are training, validation and test.
        """
        self.metrics_function = function
        return function

    def second_measure(self, name: str) -> Callable[[F], F]:
        """Decorate metrics like `metrics` does, whose second number is not the accuracy.

        Tables show it under `name`, a word like "duality_gap", for the training part.
        """
        self.measure = name
        return self.metrics

    def solver(self, function: F) -> F:
        """Decorate ``f(p, q) -> x [dim]``: finds the minimiser of a data problem.

        It is called when the reference value is needed; without it convex data problems are
        solved by L-BFGS and Newton steps.
        """
        self.solver_function = function
        return function


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """How the parameters that a net starts from were trained.

    Attributes
    ----------
    net : NetDefinition
    optimizer : str
    lr : float
    steps : int
    head : {"fresh", "kept"}
        "fresh" if the last layer is drawn anew, "kept" if it is handed over too.
    """

    net: "NetDefinition"
    optimizer: str
    lr: float
    steps: int
    head: Literal["fresh", "kept"] = "fresh"


@dataclass(frozen=True, kw_only=True)
class NetDefinition:
    """A small neural network and the data it is trained on, declared by `net`.

    `options` and `training` are (name, value) pairs, hashable, of `NET_OPTIONS` (of a net of
    layers: `LAYERED_OPTIONS`) and `TRAINING_OPTIONS` in `net_options`. Either `sizes` and
    `activation` are given, or `layers` and `input`.
    """

    name: str
    data: str
    sizes: tuple[int, ...]
    activation: str | tuple[str, ...]
    loss: str | Callable[[float, float], float]
    batch: int
    loss_target: float
    error_target: float | None
    source: str
    tags: tuple[str, ...]
    family: str
    init: str = "he_normal"
    gain: float = 1.0
    options: tuple[tuple[str, Any], ...] = ()
    place: str = ""
    scaling: str | None = None
    training: tuple[tuple[str, Any], ...] = ()
    classes: tuple[int | str, ...] = ()
    pretrained: Pretraining | None = None
    layers: tuple[Any, ...] = ()
    input: tuple[int, ...] = ()
    ladder: Levels | None = field(default=None, compare=False, repr=False)
    level: int = 0
    stochastic: bool = field(default=True, init=False)


@dataclass(eq=False, kw_only=True)
class Part:
    """An update rule or a wrapper: functions of one lane and their state.

    See `optimizer` for what the functions take and return.
    """

    name: str
    state: dict[str, float | Literal["x"]]
    lane_state: dict[str, float]
    hyper: dict[str, Range | Flag]
    source: str
    evaluations: int
    iterate: str | None
    layerwise: bool
    place: str
    full_batch: bool = False
    stochastic_only: bool = False
    after: bool = False
    surfaces_only: bool = False
    matrix: bool = False
    memory: dict[str, str] = field(default_factory=dict)
    buffers: dict[str, str] = field(default_factory=dict)
    functions: dict[FunctionKind, Callable[..., Any]] = field(default_factory=dict)

    decorator: ClassVar[Literal["optimizer", "wrapper"]] = "optimizer"

    def add_function(self, kind: FunctionKind, function: F) -> F:
        """Add one of the functions, or raise `DefinitionError` if it does not fit; return it."""
        check_function(self, kind, function)
        self.functions[kind] = function
        return function

    def uniform(self, function: F) -> F:
        """Decorate the part that depends on the step alone; see `optimizer`."""
        return self.add_function("uniform", function)

    def measure(self, function: F) -> F:
        """Decorate the per-coordinate terms that are summed; see `optimizer`."""
        return self.add_function("measure", function)

    def combine(self, function: F) -> F:
        """Decorate the per-lane part; see `optimizer`."""
        return self.add_function("combine", function)

    def ascend(self, function: F) -> F:
        """Decorate the move to the point of the second gradient; see `wrapper`."""
        return self.add_function("ascend", function)

    def vectors(self, function: F) -> F:
        """Decorate what a matrix rule does with a vector instead of its update; see `optimizer`."""
        return self.add_function("vectors", function)

    def __call__(self, *args: Any) -> Any:
        """Call the author's update as it was written."""
        return self.functions["update"](*args)


class Rule(Part):
    """An update rule, declared by `optimizer`."""


class Wrapper(Part):
    """Something that modifies any update rule, declared by `wrapper`."""

    decorator = "wrapper"
