"""Making the instances of a definition.

Instance 0 is the problem as it is written down. The others keep what makes a problem easy or hard
and change what an optimizer must not profit from: surfaces are shifted, with start, box and
minimum, by up to a tenth of the box (so that no minimum sits at 0), rotated about the minimum where
the definition says so, and scaled about it; noisy problems draw their constants anew; data problems
draw their training and validation part anew; a definition may make its own. Problems whose author
lets instances differ, by constants or data, are not scaled besides. The draws depend on the family,
dimension and instance alone, so that a rotated problem and its axis-aligned twin are paired.
"""

import contextlib
import copyreg
import functools
import inspect
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

from optbench import gate
from optbench.catalog import geometry, slopes, stages, transfer
from optbench.catalog.author_facts import author_errors, finite_numbers
from optbench.catalog.instance import Floats, Kind, Problem
from optbench.catalog.net import NetInstance, Pretraining
from optbench.catalog.surface import SurfaceInstance
from optbench.define import generator
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.errors import DefinitionError, SettingError, UserError
from optbench.kernels.driver.tasks import Placement
from optbench.kernels.memory import capacity
from optbench.kernels.sizes import DRAWN, room_size, spare_size
from optbench.perturbations import linear
from optbench.rules import compose


def make(definition: object, dim: int | None = None, instance: int | None = None) -> Problem:
    """Make an instance of a definition, or fetch it; see `finding.problem`."""
    if not isinstance(definition, (ProblemDefinition, NetDefinition)):
        raise SettingError(_no_definition(definition))
    instance = 0 if instance is None else gate.whole(f"{definition.name}: instance", instance)
    if dim is not None:
        dim = gate.whole(f"{definition.name}: dim", dim, low=1)
    stamp = _data_stamp(definition)
    if isinstance(definition, ProblemDefinition):
        return _surface(definition, _dimension(definition, dim), instance, stamp)
    net = _net(definition, instance, stamp)
    if dim not in (None, net.dim):
        raise UserError(f"{net.name} has {net.dim} parameters; dimension {dim} was asked")
    return net


def _data_stamp(definition: ProblemDefinition | NetDefinition) -> Hashable:
    """Return what changes when the file of a definition's data does, None where there is none."""
    if definition.data is None:
        return None
    from optbench.nets import datasets

    with _naming(definition):
        return datasets.stamp(definition.data)


@contextlib.contextmanager
def _naming(definition: ProblemDefinition | NetDefinition) -> Iterator[None]:
    """Say where the definition is whose data are refused."""
    try:
        yield
    except SettingError as error:
        raise DefinitionError(f"{definition.place}: {definition.name}: {error}") from error


Recipe = tuple[Callable[..., Any], tuple[Any, ...]]


def _surface_recipe(problem: SurfaceInstance) -> Recipe:
    """Pickle a problem as what it is made of: it is made anew, its compiled code too."""
    dim = None if problem.dim == problem.definition.dim else problem.dim
    return make, (problem.definition, dim, problem.instance)


def _net_recipe(problem: NetInstance) -> Recipe:
    """See `_surface_recipe`."""
    return make, (problem.definition, None, problem.instance)


copyreg.pickle(SurfaceInstance, _surface_recipe)
copyreg.pickle(NetInstance, _net_recipe)


def _no_definition(thing: object) -> str:
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


def _dimension(definition: ProblemDefinition, dim: int | None) -> int:
    """Return a dimension in which the problem exists, by default the declared one."""
    if dim is None or dim == definition.dim:
        return int(definition.dim)
    least = int(definition.scalable)  # True is 1
    if dim not in definition.dims and not (least and dim >= least):
        only = " or ".join(map(str, definition.dims))
        dims = f"in any dimension from {least}" if least else f"in {only} only"
        raise UserError(f"{definition.name}: dimension {dim} was asked; it exists {dims}")
    return dim


@functools.lru_cache(maxsize=16384)  # all instances of a study of the whole catalog
def _surface(
    definition: ProblemDefinition, dim: int, instance: int, stamp: Hashable = None
) -> SurfaceInstance:
    """Make an instance from what `make` has normalised: one thing has one key.

    `stamp` changes when a file of data does, so that none is served old.
    """
    turns = any(one.perturbation is linear.rotate for one in definition.perturbations)
    numbers = dim * (8 + definition.scratch + 3 * dim * (definition.rotated or turns))
    capacity.check_memory(f"{definition.name} with dim = {dim}", 8 * numbers, "dim")
    points = geometry.declared_points(definition, dim)
    kind: Kind = "stochastic" if definition.stochastic else "deterministic"
    constants, motion = geometry.Constants(), geometry.Motion()
    p = _drawn_constants(definition, dim, instance)
    if definition.data is not None:
        kind, constants = "data", _data_constants(definition, instance)
    elif definition.instance_function is not None:
        points, constants = geometry.own_instance(definition, points, instance or 1)
        kind = "data" if len(constants.q) else kind
    authors = points
    own = definition.data is not None or definition.instance_function is not None
    if instance and not own:
        canonical = _drawn_constants(definition, dim, 0)
        varies = p is not None and canonical is not None and not np.array_equal(p, canonical)
        points, motion = geometry.placed(definition, points, instance, scaled=not varies)
    elif definition.rotated and not own:
        motion = geometry.rotated_in_place(definition, points)
    p = constants.p if p is None else p
    room = stages.room_of(
        definition, authors, instance, lambda: _slope(definition.base or definition, dim, stamp)
    )
    memory = 8 * room_size(0, room.kept, DRAWN)
    capacity.check_memory(f"{definition.name} with dim = {dim}", memory, "dim or stale")
    known = stages.has_minimum(definition)
    if (far := stages.start_scale(definition)) != 1.0:
        points = points.moved(np.zeros(dim), far)
    return SurfaceInstance(
        definition=definition,
        dim=dim,
        instance=instance,
        kind=kind,
        start=points.start,
        minimum=points.minimum if known else None,
        f_min=points.f_min if known else None,
        second_level=points.second_level if known else None,
        box=points.box,
        placement=Placement(
            p=np.concatenate([p, room.p]) if room.p.size else p,
            q=constants.q,
            work_size=spare_size((definition.scratch + room.spare) * dim),
            kept=room.kept,
            shift=motion.shift,
            centre=motion.centre,
            rotation=motion.rotation,
            scale=motion.scale,
        ),
    )


def _slope(base: ProblemDefinition, dim: int, stamp: Hashable) -> float:
    """Return the unit of noise on a problem."""
    slope: float = slopes.at_start(_surface(base, dim, 0, stamp))
    return slope


def _data_constants(definition: ProblemDefinition, instance: int) -> geometry.Constants:
    """Return the packed data of a data problem, split for an instance."""
    from optbench.nets import data, datasets

    assert definition.data is not None
    with _naming(definition):
        split = data.split(definition.data, instance)
        classes = datasets.load(definition.data).classes
        return geometry.Constants(*data.pack(split, classes, definition.batch))


def _drawn_constants(definition: ProblemDefinition, dim: int, instance: int) -> Floats | None:
    """Return the constants that the definition draws for an instance, None where it draws none."""
    if definition.constants_function is None:
        return None
    rng = generator(definition.family, dim, instance, "constants")
    whose = f"{definition.place}: the constants of {definition.name}"
    with author_errors(whose):
        constants = definition.constants_function(rng, dim)
    return finite_numbers(whose, constants)


@functools.lru_cache(maxsize=512)
def _net(definition: NetDefinition, instance: int, stamp: Hashable = None) -> NetInstance:
    """Make an instance of a net; see `_surface`."""
    from optbench.nets.net_problem import build

    net = build(definition, np.float64, instance)
    problem = NetInstance(
        definition=definition,
        dim=net.net.dim,
        instance=instance,
        kind="net",
        placement=Placement(p=net.p, q=net.q, work_size=net.work_size, drawn=net.drawn),
        net=net,
        pretraining=_pretraining(definition, instance),
    )
    transfer.check(problem)
    return problem


def _pretraining(definition: NetDefinition, instance: int) -> Pretraining | None:
    """Return what a net is fine-tuned from, or None."""
    declared = definition.pretrained
    if declared is None:
        return None
    try:
        source = _net(declared.net, instance, _data_stamp(declared.net))
        optimizer = compose.optimizer(declared.optimizer).with_settings(lr=declared.lr)
    except UserError as error:
        raise DefinitionError(
            f"{definition.place}: net {definition.name}: pretrained: {error}"
        ) from error
    return Pretraining(source, optimizer)
