"""A launch of a guest's lanes: the compiled driver, and a rule that is Python."""

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import DTypeLike

from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.cpu.python_rule import PythonRule
from optbench.kernels.driver.tasks import Program
from optbench.lanes.guests import optax_lanes, torch_lanes
from optbench.rules.compose import Optimizer
from optbench.rules.guests.rule import GuestRule


def python_rule(optimizer: Optimizer, dtype: DTypeLike) -> PythonRule:
    """Return what the driver calls for a guest."""
    rule, real = optimizer.rule, np.dtype(dtype)
    assert isinstance(rule, GuestRule)
    optimizer.check_complete()
    if rule.library == "optax":
        return PythonRule(real, functools.partial(optax_lanes.begin, optimizer))
    around = functools.partial(torch_lanes.torch_in, real)
    return PythonRule(real, functools.partial(torch_lanes.begin, optimizer), around)


def how_lanes_run(optimizer: Optimizer) -> str:
    """Say how many lanes a guest steps at once on surfaces, in float64."""
    assert isinstance(optimizer.rule, GuestRule)
    if optimizer.rule.library == "optax":
        return "all lanes of a block at once"
    if torch_lanes.joins(optimizer.rule, optimizer.values, np.dtype(np.float64)):
        return "all lanes of a setting at once"
    return "a lane at a time"


def layout_of(optimizer: Optimizer) -> RuleLayout:
    """Return the layout of a guest: the lanes of a block may differ in all settings but flags."""
    own = optimizer.layout()
    return RuleLayout(own.parts, own.uniform_counts, own.flags, by_lane=True)


@contextlib.contextmanager
def launching(program: Program) -> Iterator[Program]:
    """Return a program of a guest for one launch.

    Raises
    ------
    UserError
        Once it is over, if the guest raised something.
    """
    assert isinstance(program.rule, PythonRule)
    own = program.rule.fresh()
    with own.watched():
        yield replace(program, rule=own)
