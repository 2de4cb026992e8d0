"""What a declaration holds: ranges, problems, nets, and the parts of optimizers.

Authors make these with the decorators of `define`; the rest of the package reads them.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field

from optbench.define.names import arguments
from optbench.define.rule_checks import fits

DECLARED = ContextVar("declared", default=None)
"""A list that keeps every definition which is declared, while a file of them is imported."""


def keep(definition):
    """Return a new definition, and keep it for whoever imports the file that declares it."""
    if (declared := DECLARED.get()) is not None:
        declared.append(definition)
    return definition


@dataclass(eq=False)
class ProblemDefinition:
    """A declared problem; calling it calls the author's plain Python function."""

    function: object
    name: str
    start: object
    minimum: object
    f_min: object
    box: tuple
    tags: tuple
    source: str
    family: str
    dim: int
    scalable: bool | int
    dims: tuple
    rotated: bool
    data: str | None
    batch: int
    target: float | None
    targets: str = "relative"
    scratch: int = 0
    constants_function: object = None
    instance_function: object = None
    metrics_function: object = None
    measure: str = "accuracy"
    solver_function: object = None
    place: str = ""

    def __call__(self, *args):
        """Call the author's function as it was written."""
        return self.function(*args)

    @property
    def arguments(self):
        """Names of the author's arguments, in order."""
        return arguments(self.function)

    @property
    def stochastic(self):
        """Whether gradients depend on more than x: on random draws or on the step."""
        return not {"key", "stream", "t"}.isdisjoint(self.arguments)

    def constants(self, function):
        """Decorate ``f(rng, dim) -> sequence of float``: the instance constants, handed in as `p`.

        `rng` is a `numpy.random.Generator` that depends on problem and instance alone.
        """
        self.constants_function = function
        return function

    def instance(self, function):
        """Decorate ``f(dim, instance) -> dict``: a problem whose instances are its own.

        The dict has `p` (a sequence of float, handed in), `minimum` ([dim] or None) and `f_min`.
        They take the place of the declared ones, and instances are not shifted or rotated
        otherwise. It may also have `start` ([dim]; the box moves along), and `q`: it is a data
        problem then, on data of its own, and the first six integers are those that `problem`
        names. Without a number, instance 1 is meant.
        """
        self.instance_function = function
        return function

    def metrics(self, function):
        """Decorate ``f(x, p, q, part) -> (objective, accuracy)`` on part 0, 1, 2 of the data.

        The parts are training, validation and test.
        """
        self.metrics_function = function
        return function

    def second_measure(self, name):
        """Decorate metrics like `metrics` does, whose second number is not the accuracy.

        Tables show it under `name`, a word like "duality_gap", for the training part.
        """
        self.measure = name
        return self.metrics

    def solver(self, function):
        """Decorate ``f(p, q) -> x [dim]``: finds the minimiser of a data problem.

        It is called when the reference value is asked for; without it convex data problems are
        solved by L-BFGS and Newton steps.
        """
        self.solver_function = function
        return function


@dataclass(frozen=True)
class Pretraining:
    """How the parameters that a net starts from were trained.

    Attributes
    ----------
    net : NetDefinition
    optimizer : str
    lr : float
    steps : int
    head : str
        "fresh" if the last layer is drawn anew, "kept" if it is handed over too.
    """

    net: object
    optimizer: str
    lr: float
    steps: int
    head: str = "fresh"


@dataclass(frozen=True)
class NetDefinition:
    """A small neural network and the data it is trained on, declared by `net`.

    `options` and `training` are (name, value) pairs of `NET_OPTIONS` and `TRAINING_OPTIONS`,
    hashable.
    """

    name: str
    data: str
    sizes: tuple
    activation: str
    loss: str
    batch: int
    loss_target: float
    error_target: float | None
    source: str
    tags: tuple
    family: str
    init: str = "he_normal"
    gain: float = 1.0
    options: tuple = ()
    place: str = ""
    scaling: str | None = None
    training: tuple = ()
    classes: tuple = ()
    pretrained: Pretraining | None = None
    stochastic: bool = field(default=True, init=False)


NET_OPTIONS = (
    "batch_norm", "bn_eval", "decay_biases", "dropout", "ghost_batch", "l1", "l2",
    "label_smoothing", "layer_norm", "residual", "shared", "tied",
)  # fmt: skip
"""Arguments of `optbench.nets.MLP` that a net may be declared with, besides the main ones."""

TRAINING_OPTIONS = ("augment", "image", "max_norm", "mixup", "rates", "shuffle", "stopping")
"""Arguments of `optbench.nets.training.Training` that a net may be declared with."""


@dataclass(eq=False)
class Part:
    """An update rule or a wrapper: up to four functions of one lane and their state.

    See `optimizer` for what the functions take and return.
    """

    name: str
    state: dict
    lane_state: dict
    hyper: dict
    source: str
    evaluations: int
    iterate: str | None
    full_batch: bool
    stochastic_only: bool
    layerwise: bool
    place: str
    after: bool = False
    surfaces_only: bool = False
    matrix: bool = False
    memory: dict = field(default_factory=dict)
    buffers: dict = field(default_factory=dict)
    functions: dict = field(default_factory=dict)

    decorator = "optimizer"

    def _register(self, kind, function):
        fits(self, kind, function)
        self.functions[kind] = function
        return function

    def uniform(self, function):
        """Decorate the part that depends on the step alone; see `optimizer`."""
        return self._register("uniform", function)

    def measure(self, function):
        """Decorate the per-coordinate terms that are summed; see `optimizer`."""
        return self._register("measure", function)

    def combine(self, function):
        """Decorate the per-lane part; see `optimizer`."""
        return self._register("combine", function)

    def ascend(self, function):
        """Decorate the move to the point of the second gradient; see `wrapper`."""
        return self._register("ascend", function)

    def __call__(self, *args):
        """Call the author's update as it was written."""
        return self.functions["update"](*args)


class Rule(Part):
    """An update rule, declared by `optimizer`."""


class Wrapper(Part):
    """Something that modifies any update rule, declared by `wrapper`."""

    decorator = "wrapper"
