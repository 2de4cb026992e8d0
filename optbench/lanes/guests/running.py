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

BEGINNINGS = {"torch": torch_lanes.begin, "optax": optax_lanes.begin}


def python_rule(optimizer: Optimizer, dtype: DTypeLike) -> PythonRule:
    """Return what the driver calls for a guest."""
    assert isinstance(optimizer.rule, GuestRule)
    begin = BEGINNINGS[optimizer.rule.library]
    return PythonRule(np.dtype(dtype), functools.partial(begin, optimizer))


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
def launching(optimizer: Optimizer, program: Program) -> Iterator[Program]:
    """Return a program for one launch.

    Raises
    ------
    UserError
        Once it is over, if the guest raised something.
    """
    rule = program.rule
    assert isinstance(rule, PythonRule) and isinstance(optimizer.rule, GuestRule)
    own = rule.fresh()
    with contextlib.ExitStack() as stack:
        if optimizer.rule.library == "torch":
            stack.enter_context(torch_lanes.one_torch_thread())
        yield replace(program, rule=own)
    own.raise_first()
