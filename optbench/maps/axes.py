"""The axes of a map: a hyperparameter, or a coordinate of the start, from one value to another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from optbench import gate
from optbench.define.ranges import Range
from optbench.define.search_ranges import Scale, Search
from optbench.errors import SettingError
from optbench.rules import schedules
from optbench.rules.compose import Optimizer
from optbench.rules.wrappers_before import WRAPPERS

if TYPE_CHECKING:
    from optbench.catalog.instance import Problem

Floats = NDArray[np.float64]
FORM = "write NAME, or NAME=LOW:HIGH, such as lr=1e-4:1 or x[0]=-2:2"
COORDINATE = re.compile(r"x\[(\d+)\]")
ALMOST = re.compile(r"x_?(\d+)")
"""How else a coordinate of the start is written."""


@dataclass(frozen=True)
class Axis:
    """One axis of a map.

    Attributes
    ----------
    name : str
        Of a hyperparameter, or ``x[i]`` of a coordinate of the start.
    low, high : float
        The edges of the map.
    scale : {"log", "log of 1 - v", "linear"}
        What is uniform along it.
    default : float
        Where lanes are that leave it alone: the rule's default, or the declared start.
    whole : bool
        Whether only whole numbers mean something.
    """

    name: str
    low: float
    high: float
    scale: Scale
    default: float
    whole: bool = False

    @property
    def coordinate(self) -> int | None:
        """The coordinate of the start that it is, None of a hyperparameter."""
        match = COORDINATE.fullmatch(self.name)
        return int(match[1]) if match else None

    def values(self, count: int) -> Floats:
        """Return the values of pixels [count], each in the middle of its pixel."""
        shares = (np.arange(count) + 0.5) / count
        values = Search(self.low, self.high, self.scale).at(shares)
        return np.rint(values) if self.whole else values

    def share(self, value: float) -> float:
        """Return where a value lies: 0 at the low edge, 1 at the high one, outside beyond."""
        ends = np.array([self.low, self.high, value], float)
        with np.errstate(all="ignore"):
            if self.scale == "log":
                ends = np.log(ends)
            elif self.scale == "log of 1 - v":
                ends = -np.log(1.0 - ends)
            return float((ends[2] - ends[0]) / (ends[1] - ends[0]))


def with_axis(optimizer: Optimizer, problem: Problem, text: str) -> tuple[Optimizer, Axis]:
    """Return the axis that a text asks for, and the optimizer with the part that has it.

    Parameters
    ----------
    optimizer : Optimizer
    problem : Problem
    text : str
        ``lr``, ``lr=1e-4:1``, ``x[0]``; without a range it is the search range, or the box.

    Raises
    ------
    SettingError
        If there is no such hyperparameter or coordinate, it is no number, or has no such range.
    """
    name, ends = _parsed(text)
    if COORDINATE.fullmatch(name):
        return optimizer, _of_start(problem, name, ends)
    if (almost := ALMOST.fullmatch(name)) and name not in optimizer.hyper:
        raise SettingError(f"no axis {name}: a coordinate of the start is written x[{almost[1]}]")
    optimizer, allowed = _hyperparameter(optimizer, name)
    default = optimizer.lr if name == "lr" else optimizer.values[name]
    assert not isinstance(default, str)
    search = _search(optimizer, name, allowed, ends)
    axis = Axis(name, search.low, search.high, search.scale, default, allowed.whole)
    return optimizer, axis


def _parsed(text: str) -> tuple[str, tuple[float, float] | None]:
    """Return the name and the range of an axis, None where it has none."""
    name, equals, given = (part.strip() for part in text.partition("="))
    if not equals:
        return name, None
    low, colon, high = given.partition(":")
    try:
        ends = float(low), float(high)
    except ValueError:
        raise SettingError(f"the axis {gate.shown(text)} has no range: {FORM}") from None
    for end in ends:
        gate.real(f"an end of the axis {gate.shown(text)}", end)
    if not ends[0] < ends[1]:
        raise SettingError(f"the axis {gate.shown(text)} must go from a lower to a higher value")
    return name, ends


def _of_start(problem: Problem, name: str, ends: tuple[float, float] | None) -> Axis:
    """Return the axis of a coordinate of the start."""
    index = int(name[2:-1])
    if problem.kind == "net" or index >= problem.dim:
        has = "nets start at drawn weights" if problem.kind == "net" else f"d = {problem.dim}"
        raise SettingError(f"{problem.label} has no coordinate {name} of the start: {has}")
    start = float(problem.starts([0])[0, index])
    if ends is None:
        if problem.box is None:
            raise SettingError(f"{problem.label} declares no box: give a range, {name}=LOW:HIGH")
        ends = float(problem.box[0][index]), float(problem.box[1][index])
    return Axis(name, *ends, "linear", start)


def _hyperparameter(optimizer: Optimizer, name: str) -> tuple[Optimizer, Range]:
    """Return what a hyperparameter may be, and the optimizer with the wrapper that has it."""
    if name not in optimizer.hyper:
        of_wrappers = {own: each for part in WRAPPERS for own, each in part.hyper.items()}
        others = {**of_wrappers, "warmup": schedules.WARMUP, "schedule": schedules.CHOICE}
        # What is none is refused by its name, with what there is.
        value = others[name].default if name in others else 0.0
        optimizer = optimizer.with_settings(**{name: value})
    allowed = optimizer.hyper[name]
    if not isinstance(allowed, Range):
        raise SettingError(f"{optimizer.name}: {name} is {allowed}; an axis needs a number")
    return optimizer, allowed


def _search(
    optimizer: Optimizer, name: str, allowed: Range, ends: tuple[float, float] | None
) -> Search:
    """Return the range of an axis on a scale on which it can be drawn."""
    search = allowed.search
    if ends is None:
        if search is None:
            raise SettingError(
                f"{optimizer.name}: {name} has no search range: give one, {name}=LOW:HIGH "
                f"(it may be in {allowed})"
            )
        ends = search.low, search.high
    low, high = ends
    scale: Scale = search.scale if search else "linear"
    if scale == "log with 0":
        scale = "log"
    if (scale == "log" and low <= 0) or (scale == "log of 1 - v" and high >= 1):
        scale = "linear"
    return Search(low, high, scale)
