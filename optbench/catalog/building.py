"""Making the instances of a definition.

An instance number keeps what makes a problem easy or hard and changes what an optimizer must not
profit from: surfaces are shifted, with start, box and minimum, by up to a tenth of the box (so that
no minimum sits at 0), and rotated about the minimum where the definition says so; noisy problems
draw their constants anew; data problems split their data anew; a definition may make its own. The
draws depend on the family, dimension and instance alone, so that a rotated problem and its
axis-aligned twin are paired.
"""

import contextlib
import copyreg
import functools
import inspect

import numpy as np

from optbench import gate
from optbench.catalog import transfer
from optbench.catalog.instance import Problem
from optbench.catalog.own_instances import author_errors, numbers, own_instance
from optbench.define import generator
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.errors import DefinitionError, SettingError, UserError
from optbench.kernels.driver.tasks import Placement
from optbench.kernels.memory import capacity
from optbench.kernels.sizes import spare_size
from optbench.rules import compose

SHIFT = 0.1
"""Largest shift of a coordinate, as a share of the width of its box."""


def make(definition, dim=None, instance=None):
    """Make an instance of a definition, or fetch it; see `catalog.problem`."""
    net = isinstance(definition, NetDefinition)
    if not net and not isinstance(definition, ProblemDefinition):
        raise SettingError(_no_definition(definition))
    if instance is not None:
        instance = gate.whole(f"{definition.name}: instance", instance, low=1)
    if dim is not None:
        dim = gate.whole(f"{definition.name}: dim", dim, low=1)
    stamp = None
    if definition.data is not None:
        from optbench.nets import datasets

        with _placed(definition):
            stamp = datasets.stamp(definition.data)
    if not net:
        return _made(definition, _dimension(definition, dim), instance, stamp)
    problem = _made(definition, None, instance, stamp)
    if dim not in (None, problem.dim):
        raise UserError(f"{problem.name} has {problem.dim} parameters; dimension {dim} was asked")
    return problem


@contextlib.contextmanager
def _placed(definition):
    """Say where the definition is whose data are refused."""
    try:
        yield
    except SettingError as error:
        raise DefinitionError(f"{definition.place}: {definition.name}: {error}") from error


def _reduced(problem):
    """Pickle a problem as what it is made of: it is made anew, its compiled code too."""
    natural = isinstance(problem.definition, NetDefinition) or problem.dim == problem.definition.dim
    return make, (problem.definition, None if natural else problem.dim, problem.instance)


copyreg.pickle(Problem, _reduced)


@functools.lru_cache(maxsize=512)
def _made(definition, dim, instance, stamp=None):
    """Make an instance from what `make` has normalised: one thing has one key.

    `stamp` changes when a file of data does, so that none is served old.
    """
    if isinstance(definition, NetDefinition):
        return _net_problem(definition, instance)
    numbers = dim * (8 + definition.scratch + 3 * dim * definition.rotated)
    capacity.check_memory(f"{definition.name} with dim = {dim}", 8 * numbers, "dim")
    return _surface(definition, dim, instance)


def _no_definition(thing):
    """Say what is wrong with something that is no definition."""
    if inspect.isfunction(thing):
        return (
            f"the function {thing.__name__} is no problem yet: decorate it with "
            "@optbench.define.problem(start=...)"
        )
    if isinstance(thing, Problem):
        return f"{thing.label} is an instance already; give its name for another one"
    return (
        "a problem is a name, or what the decorator `optbench.define.problem` or "
        f"`optbench.define.net` returned; got {gate.shown(thing)}"
    )


def _dimension(definition, dim):
    if dim is None or dim == definition.dim:
        return int(definition.dim)
    least = int(definition.scalable)  # True is 1
    if dim not in definition.dims and not (least and dim >= least):
        only = " or ".join(map(str, definition.dims))
        known = f"in any dimension from {least}" if least else f"in {only} only"
        raise UserError(f"{definition.name}: dimension {dim} was asked; it exists {known}")
    return dim


def _spread(value, dim):
    """Turn a number, a (repeated) sequence or a function of `dim` into an array [dim]."""
    value = value(dim) if callable(value) else value
    return np.resize(np.asarray(value, dtype=np.float64), dim)


def _declared_points(definition, dim):
    """Return (start, minimum or None, box, f_min or None) as they are declared for a dimension."""
    with author_errors(f"{definition.place}: {definition.name} in dimension {dim}"):
        start = _spread(definition.start, dim)
        minimum = None if definition.minimum is None else _spread(definition.minimum, dim)
        if definition.box is None:
            box = start - 1.0, start + 1.0
        else:
            box = tuple(_spread(side, dim) for side in definition.box)
        f_min = definition.f_min(dim) if callable(definition.f_min) else definition.f_min
    return start, minimum, box, f_min


def _surface(definition, dim, instance):
    start, minimum, box, f_min = _declared_points(definition, dim)
    kind = "stochastic" if definition.stochastic else "deterministic"
    p, q = np.zeros(0), np.zeros(0, np.int64)
    shift = centre = rotation = None
    if definition.data is not None:
        from optbench.nets import data

        kind = "data"
        with _placed(definition):
            split = data.split(definition.data, instance)
            p, q = data.pack(split, data.load(definition.data).classes, definition.batch)
    elif definition.instance_function is not None:
        own = own_instance(definition, dim, instance or 1)
        p, q, minimum, f_min = (own[fact] for fact in ("p", "q", "minimum", "f_min"))
        kind = "data" if len(q) else kind
        moved = own.get("start", start) - start
        start, box = start + moved, (box[0] + moved, box[1] + moved)
    elif instance is not None:
        rng = generator(definition.family, dim, instance, "frame")
        shift = SHIFT * (box[1] - box[0]) * rng.uniform(-1.0, 1.0, dim)
        if definition.rotated:
            centre = _centre(minimum, box)
            rotation = _random_rotation(rng, dim)
        start, box = start + shift, (box[0] + shift, box[1] + shift)
        minimum = minimum if minimum is None else minimum + shift
    elif definition.rotated:
        centre, shift = _centre(minimum, box), np.zeros(dim)
        rotation = _random_rotation(generator(definition.family, dim, 0, "frame"), dim)
    if definition.constants_function is not None:
        rng = generator(definition.family, dim, instance, "constants")
        whose = f"{definition.place}: the constants of {definition.name}"
        with author_errors(whose):
            constants = definition.constants_function(rng, dim)
        p = numbers(whose, constants)
    placement = Placement(p, q, spare_size(definition.scratch * dim), shift, centre, rotation)
    return Problem(
        definition, definition.name, dim, instance, kind, start, minimum, f_min, box, placement
    )


def _centre(minimum, box):
    """Return what an instance is rotated about: the minimum, or the middle of the box."""
    return 0.5 * (box[0] + box[1]) if minimum is None else minimum


def _random_rotation(rng, dim):
    """Draw an orthogonal matrix from the Haar measure (Mezzadri 2007)."""
    q, r = np.linalg.qr(rng.standard_normal((dim, dim)))
    return q * np.sign(np.diag(r))


def _pretraining(definition, instance):
    """Return the `transfer.Source` of a net that is fine-tuned, or None."""
    declared = definition.pretrained
    if declared is None:
        return None
    try:
        source = make(declared.net, None, instance)
        optimizer = compose.optimizer(declared.optimizer).with_settings(lr=declared.lr)
    except UserError as error:
        raise DefinitionError(
            f"{definition.place}: net {definition.name}: pretrained: {error}"
        ) from error
    return transfer.Source(source, optimizer)


def _net_problem(definition, instance):
    from optbench.nets.net_problem import build

    built = build(definition, np.float64, instance)
    placement = Placement(built.p, built.q, built.work_size)
    problem = Problem(
        definition,
        definition.name,
        built.net.dim,
        instance,
        "net",
        None,
        None,
        None,
        None,
        placement,
        built,
        _pretraining(definition, instance),
    )
    if definition.pretrained is not None:
        transfer.check(problem)
    return problem
