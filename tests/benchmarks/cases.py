"""A case: contenders that do the same work, timed in turns, and the ratio that is asked of them."""

import gc
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

median = statistics.median


@dataclass
class Row:
    """What a case gave.

    Attributes
    ----------
    part, name : str
    samples : dict of str to list of float
        Times by contender, ours first.
    unit : {"ns", "ms", "s", "MB"}
        Of the samples: nanoseconds a lane-step, milliseconds, seconds, or megabytes.
    ratio : float or None
    required : float or None
        The least ratio, or the largest one if `at_most`.
    unjudged : str
        Why the ratio is not judged.
    group : str
        The group in pytest-benchmark's files.
    note : str
        What else is to be said, shown beside the others' times.
    before : float or None
        The median that this row is compared with, from an earlier run.
    """

    part: str
    name: str
    samples: dict
    unit: str = "ns"
    ratio: float | None = None
    required: float | None = None
    at_most: bool = False
    unjudged: str = ""
    group: str = "reach"
    note: str = ""
    before: float | None = None
    worse: bool = False

    @property
    def ours(self):
        """Our median, NaN for a row that only sums up others."""
        return median(next(iter(self.samples.values()))) if self.samples else math.nan

    @property
    def missed(self):
        """Whether the required ratio was judged and not reached."""
        if self.required is None or self.unjudged:
            return False
        reached = self.ratio <= self.required if self.at_most else self.ratio >= self.required
        return not reached

    @property
    def verdict(self):
        """One word or reason for the table."""
        if self.unjudged:
            return f"not judged: {self.unjudged}"
        return "" if self.required is None else "MISSED" if self.missed else "met"


@dataclass(frozen=True)
class Case:
    """What to time, and what is asked.

    Attributes
    ----------
    build : callable
        Returns contenders by name, ours first: functions that run once and return a time. All that
        must not be timed (compiling, checks) happens in `build` and in the first, dropped turn.
    ratio : callable
        Takes the samples, returns the ratio.
    required : float, callable or None
        What is asked of the ratio; a callable takes the samples.
    judged : callable
        Takes the samples, returns why the ratio cannot be judged, or "".
    """

    part: str
    name: str
    build: Callable
    ratio: Callable
    required: float | Callable | None = None
    at_most: bool = False
    repeats: int = 5
    unit: str = "ns"
    judged: Callable = field(default=lambda samples: "")
    warm: bool = True

    def row(self):
        """Measure the case."""
        contenders = self.build()
        samples = take_turns(contenders, self.repeats, self.warm)
        required = self.required(samples) if callable(self.required) else self.required
        return Row(
            self.part, self.name, samples, self.unit, self.ratio(samples), required,
            self.at_most, self.judged(samples),
        )  # fmt: skip


def take_turns(contenders, repeats, warm=True):
    """Call every contender once a repeat, so that slow phases of the machine hit all of them."""
    if warm:
        for run in contenders.values():
            run()
    samples = {name: [] for name in contenders}
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeats):
            for name, run in contenders.items():
                samples[name].append(run())
    finally:
        gc.enable()
    return samples


def timed(run, units, clock=time.process_time):
    """Turn `run` into a contender: nanoseconds a unit.

    They are processor time, which other work on the machine disturbs least, unless another clock is
    named: what several threads do takes ``time.perf_counter``.
    """

    def contender():
        began = clock()
        run()
        return (clock() - began) / units * 1e9

    return contender


def measured(cases, only=None):
    """Yield the rows of cases, or of those whose names are in `only`."""
    for case in cases:
        if only is None or case.name in only:
            yield case.row()


def best_peer(statistic=median):
    """Ratio: the best other contender's time divided by ours."""

    def ratio(samples):
        ours, *others = [statistic(values) for values in samples.values()]
        return min(others) / ours

    return ratio


def ours_over(statistic=median):
    """Ratio: our time divided by the other contender's (for what must not cost more)."""
    faster = best_peer(statistic)
    return lambda samples: 1 / faster(samples)


def own_time(samples):
    """Ratio: our median itself, for what is asked in seconds."""
    return median(next(iter(samples.values())))
