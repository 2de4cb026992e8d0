"""What lanes need compiled, as units: each is compiled by itself, and reached by address.

Those of nets alone are in `net_units`, which is imported with the first net.
"""

import functools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import DTypeLike

from optbench.catalog.instance import Problem
from optbench.catalog.net import NetInstance
from optbench.catalog.surface import SurfaceInstance
from optbench.kernels.authors import blocks
from optbench.kernels.authors.products import product_candidate
from optbench.kernels.cpu.driver import driver, is_general
from optbench.kernels.cpu.feed import feeder
from optbench.kernels.sizes import WIDTHS
from optbench.lanes.pool import Unit
from optbench.lanes.runnable import Runnable
from optbench.rules.compose import Optimizer
from optbench.rules.step_tables import compile_loops

SECONDS = {
    "driver of lanes": 3.5, "driver of surfaces": 2.7, "driver of products": 4.0, "feeder": 0.3,
    "function": 0.25, "part": 0.3, "matrix": 2.0, "loops": 0.2,
}  # fmt: skip
"""About what units take, in seconds of one processor; "part" is a rule or a wrapper."""


def units_of(
    problem: Problem, optimizer: Runnable, dtype: DTypeLike, by_lane: bool = False
) -> Iterator[Unit]:
    """Yield what lanes of an optimizer on a problem need on the CPU.

    Parameters
    ----------
    problem : Problem
    optimizer : Optimizer or Solver
    dtype : {"float64", "float32"}
    by_lane : bool
        Whether lanes differ in more than the rate.
    """
    if not isinstance(optimizer, Optimizer):
        yield from gradient_units(problem, np.float64)
        return
    yield driver_unit(dtype, needs_general(problem, optimizer), bool(optimizer.hessian_every))
    yield from problem_units(problem, dtype)
    yield from rule_units(optimizer, dtype, by_lane and not problem.across)
    if optimizer.hessian_every and isinstance(problem, SurfaceInstance) and problem.has_hessian:
        yield product_unit(problem, dtype)
    if by_lane and any("uniform" in part.functions for part in optimizer.parts):
        loops = functools.partial(compile_loops, optimizer.parts)
        name = f"step scalars of {optimizer.name}"
        yield Unit(name, SECONDS["loops"], ("loops", optimizer.parts), loops)


def needs_general(problem: Problem, optimizer: Optimizer) -> bool:
    """Say whether lanes of an optimizer on a problem need the general driver of lanes."""
    metrics = problem.across or problem.written.metrics is not None
    exact = problem.kind == "deterministic"
    general: bool = is_general(optimizer.layout(), exact, problem.across, metrics)
    return general


def driver_unit(dtype: DTypeLike, general: bool, products: bool = False) -> Unit:
    """Return a driver of a dtype: the general one, that with products, or that of surfaces."""
    real = np.dtype(dtype)
    which = "products" if products else "lanes" if general else "surfaces"
    name, key = f"the driver of {which} ({real})", ("driver", real, general, products)
    return Unit(name, SECONDS[f"driver of {which}"], key, lambda: driver(real, general, products))


def product_unit(problem: SurfaceInstance, dtype: DTypeLike) -> Unit:
    """Return the products with a surface's Hessian."""
    candidate = product_candidate(problem.written.problem, np.dtype(dtype), problem.dim)
    name = f"the Hessian of {problem.label} ({np.dtype(dtype)})"
    return Unit(name, SECONDS["function"], candidate, lambda: candidate.compiled)


def without_spare(units: Iterable[Unit]) -> list[Unit]:
    """Return units without the drivers of surfaces that general ones do the work of.

    To compile both costs more than the little that the small one saves at each step.
    """
    units = list(units)
    spare = {
        driver_unit(dtype, False).key
        for dtype in WIDTHS
        if any(unit.key == driver_unit(dtype, True).key for unit in units)
    }
    return [unit for unit in units if unit.key not in spare]


def feeder_unit(dtype: DTypeLike) -> Unit:
    """Return what feeds gradients to rules in a dtype."""
    real = np.dtype(dtype)
    name = f"the feeder of gradients ({real})"
    return Unit(name, SECONDS["feeder"], ("feeder", real), lambda: feeder(real))


def gradient_units(problem: Problem, dtype: DTypeLike) -> Iterator[Unit]:
    """Yield the function of value and gradient of a problem, and what it calls by address."""
    if isinstance(problem, NetInstance):
        from optbench.lanes import net_units

        yield net_units.kernel_unit("problem", dtype)
        yield from net_units.operation_units(problem.net.operations, dtype)
        return
    function = problem.written.problem
    candidate = blocks.problem_candidate(function, dtype, problem.dim)
    name = f"{problem.label} ({np.dtype(dtype)})"
    yield Unit(name, SECONDS["function"], candidate, lambda: candidate.compiled)


def problem_units(problem: Problem, dtype: DTypeLike) -> Iterator[Unit]:
    """Yield all functions of a problem that lanes need."""
    yield from gradient_units(problem, dtype)
    if isinstance(problem, NetInstance):
        from optbench.lanes import net_units

        yield net_units.kernel_unit("metrics", dtype)
        if problem.net.training.adjusts:
            yield net_units.kernel_unit("adjust", dtype)
    elif metrics := problem.written.metrics:
        name = f"metrics of {problem.name} ({np.dtype(dtype)})"
        make = functools.partial(blocks.metrics_block, metrics, np.dtype(dtype))
        yield Unit(name, SECONDS["function"], ("metrics", metrics, np.dtype(dtype)), make)


def rule_units(optimizer: Optimizer, dtype: DTypeLike, by_lane: bool = False) -> Iterator[Unit]:
    """Yield the update rule of an optimizer with its wrappers, a unit for equal layouts."""
    if not optimizer.compiled:
        return
    layout, real = optimizer.layout(), np.dtype(dtype)
    seconds = SECONDS["part"] * len(layout.parts)
    if optimizer.rule.matrix:
        seconds += SECONDS["matrix"]
    key = blocks.rule_candidate(layout, real), by_lane
    make = functools.partial(blocks.rule_for, layout, real, by_lane)
    yield Unit(f"{optimizer.label} ({real})", seconds, key, make)
