"""Schedules: factors of the learning rate that depend on the step and the budget alone.

A schedule is a plain function of k, the steps taken before this one (0, 1, ..., torch's
``last_epoch``), of `steps`, their number, and of its own parameters, whose settings are written
with the prefix ``schedule_``. It is switched on by ``schedule=<name>``; ``warmup`` puts a linear
rise before any of them, which then sees the steps that are left. Lengths are shares of the budget,
so that a setting means the same in studies of any length. Conventions and defaults are those of
`torch.optim.lr_scheduler` where it has the schedule.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from optbench.define.ranges import Choice, Range

PREFIX = "schedule_"
WARMUP = Range(0.0, 0.0, 1.0, open_high=True)
FINAL = Range(0.0, 0.0)

F = TypeVar("F", bound=Callable[..., float])


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A declared schedule.

    Attributes
    ----------
    name, source : str
    function : callable
        ``function(k, steps, parameters...) -> factor``.
    hyper : dict of str to Range
        The parameters by the names of their settings.
    warmup : Range
        The share of the budget that the rise before it takes.
    """

    name: str
    function: Callable[..., float]
    hyper: dict[str, Range]
    warmup: Range
    source: str


SCHEDULES: dict[str, Schedule] = {}
"""Every schedule by name, in order of complexity."""


def schedule(source: str, warmup: Range = WARMUP, **hyper: Range) -> Callable[[F], F]:
    """Declare a schedule: a function of k, steps and, by name, its parameters."""

    def decorate(function: F) -> F:
        name = function.__name__
        SCHEDULES[name] = Schedule(
            name=name,
            function=function,
            hyper={PREFIX + key: allowed for key, allowed in hyper.items()},
            warmup=warmup,
            source=source,
        )
        return function

    return decorate


@schedule("the rate as it is")
def constant(k: int, steps: int) -> float:
    """Keep the rate."""
    return 1.0


@schedule(
    "torch.optim.lr_scheduler.StepLR; the period is a share of the budget",
    period=Range(0.3, 0.0, 1.0, open_low=True),
    gamma=Range(0.1, 0.0, 1.0, open_low=True),
)
def step(k: int, steps: int, period: float, gamma: float) -> float:
    """Multiply the rate by gamma after every period."""
    return gamma ** (k // max(1, round(period * steps)))


@schedule(
    "torch.optim.lr_scheduler.ExponentialLR (which has no default)",
    gamma=Range(0.999, 0.0, 1.0, open_low=True),
)
def exponential(k: int, steps: int, gamma: float) -> float:
    """Multiply the rate by gamma after every step."""
    return gamma**k


@schedule("Robbins and Monro 1951; Bottou 2012, sec. 5.2", decay=Range(1.0, 0.0))
def inverse(k: int, steps: int, decay: float) -> float:
    """1 / (1 + decay k): with decay = 1 the rate falls as 1/t."""
    return 1.0 / (1.0 + decay * k)


@schedule("Zinkevich 2003, thm. 1", decay=Range(1.0, 0.0))
def inverse_sqrt(k: int, steps: int, decay: float) -> float:
    """1 / sqrt(1 + decay k): with decay = 1 the rate falls as 1/sqrt(t)."""
    return 1.0 / math.sqrt(1.0 + decay * k)


@schedule("torch.optim.lr_scheduler.LinearLR(start_factor=1, end_factor=final)", final=FINAL)
def linear(k: int, steps: int, final: float) -> float:
    """Go from 1 to `final` on a line, which is reached after the last step."""
    return 1.0 + (final - 1.0) * k / steps


@schedule("torch.optim.lr_scheduler.PolynomialLR", power=Range(1.0, 0.0))
def polynomial(k: int, steps: int, power: float) -> float:
    """(1 - k / steps) to a power."""
    share: float = (1.0 - k / steps) ** power
    return share


@schedule("Chen, Wolfe and Kyrillidis 2022, eq. 2 (REX)")
def rex(k: int, steps: int) -> float:
    """Fall slowly at first and fast at the end: a reflected exponential."""
    left = 1.0 - k / steps
    return left / (0.5 + 0.5 * left)


@schedule(
    "Loshchilov and Hutter 2017, eq. 5; torch.optim.lr_scheduler.CosineAnnealingLR(T_max=steps)",
    final=FINAL,
)
def cosine(k: float, steps: float, final: float) -> float:
    """Go from 1 to `final` on half a cosine."""
    return final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * k / steps))


@schedule(
    "Loshchilov and Hutter 2017, eq. 5; torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    period=Range(0.25, 0.0, 1.0, open_low=True),
    growth=Range(1.0, 1.0),
    final=FINAL,
)
def cosine_restarts(k: int, steps: int, period: float, growth: float, final: float) -> float:
    """Half cosines that start anew after a period, which grows by a factor each time."""
    length: float = max(1, round(period * steps))
    since: float = k
    while since >= length:
        since -= length
        length *= growth
    return cosine(since, length, final)


@schedule(
    "Hu et al. 2024, sec. 4; Hägele et al. 2024, eq. 1 (linear cooldown)",
    warmup=Range(0.05, 0.0, 1.0, open_high=True),
    cooldown=Range(0.2, 0.0, 1.0),
    final=FINAL,
)
def wsd(k: int, steps: int, cooldown: float, final: float) -> float:
    """Warm up, stay, and go to `final` on a line in the last share of what is left."""
    falling = round(cooldown * steps)
    beyond = k - (steps - falling)
    return 1.0 if beyond <= 0 else 1.0 + (final - 1.0) * beyond / falling


@schedule(
    "Smith and Topin 2018; torch.optim.lr_scheduler.OneCycleLR(cycle_momentum=False)",
    pct_start=Range(0.3, 0.0, 1.0, open_high=True),
    div_factor=Range(25.0, 1.0),
    final_div_factor=Range(1e4, 1.0),
)
def one_cycle(
    k: int, steps: int, pct_start: float, div_factor: float, final_div_factor: float
) -> float:
    """Rise from 1 / div_factor to 1 and fall far below the start, both on half a cosine."""
    first = 1.0 / div_factor
    rise, last = pct_start * steps - 1.0, steps - 1.0
    if rise > 0.0 and k <= rise:
        return 1.0 + (first - 1.0) * 0.5 * (1.0 + math.cos(math.pi * k / rise))
    rise = max(rise, 0.0)
    if last <= rise:
        return 1.0
    return cosine(k - rise, last - rise, first / final_div_factor)


CHOICE = Choice("constant", tuple(SCHEDULES))


def ranges(settings: Mapping[str, Any]) -> dict[str, Range | Choice]:
    """Return the ranges of the schedule that `settings` name, by setting; {} without one.

    `settings` that give ``warmup`` alone mean a rise before a constant rate.
    """
    if "schedule" not in settings and "warmup" not in settings:
        return {}
    name = settings.get("schedule", CHOICE.default)
    named = SCHEDULES.get(name) if isinstance(name, str) else None  # a wrong one is told elsewhere
    if named is None:
        return {"schedule": CHOICE}
    return {"schedule": CHOICE, "warmup": named.warmup, **named.hyper}


def settings_of_all() -> list[str]:
    """Return the names of all settings of schedules."""
    names = [name for each in SCHEDULES.values() for name in each.hyper]
    return list(dict.fromkeys(["schedule", "warmup", *names]))


@functools.lru_cache(maxsize=256)
def factors(settings: tuple[tuple[str, Any], ...], steps: int) -> NDArray[np.float64]:
    """Return what multiplies the rate in each step, float64 [steps].

    Parameters
    ----------
    settings : tuple of (str, float or str)
        ``schedule``, ``warmup`` and the schedule's own parameters; () for a constant rate.
    steps : int
        The budget.
    """
    if not settings:
        return np.ones(steps)
    values = dict(settings)
    named = SCHEDULES[values["schedule"]]
    parameters = {name.removeprefix(PREFIX): values[name] for name in named.hyper}
    rise = min(round(values["warmup"] * steps), steps - 1)
    # The rise starts above 0 and meets the schedule's first value without repeating it.
    rising = [(k + 1) / (rise + 1) for k in range(rise)]
    after = [named.function(k, steps - rise, **parameters) for k in range(steps - rise)]
    first = after[0]
    return np.array([first * share for share in rising] + after, dtype=np.float64)
