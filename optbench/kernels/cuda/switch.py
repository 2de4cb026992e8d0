"""One kernel for many pairs: it switches over up to 8 problems and 8 rules by number.

Compiling it costs about as much as compiling a few pairs. Its lanes have room for the largest of
its problems. A switch that does not compile stands back: then each pair has a kernel of its own,
and only the pair at fault is refused.
"""

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.cuda.compiling import compiled
from optbench.kernels.cuda.surface import Fixed, Work, kernel, rolled
from optbench.kernels.driver.tasks import Program

MOST = 8
"""Problems of a switch, and rules."""
LEAST_ROOM = 16


@dataclass(frozen=True)
class Compiled:
    """A kernel for a pair.

    Attributes
    ----------
    launcher : object
        What `cuda.compiling.compiled` returned.
    work : Work
        The pair's numbers.
    states, lane_states : int
        Rows of state that its lanes have.
    rolled : bool
        See `cuda.typing.kernels_of`.
    """

    launcher: Any
    work: Work
    states: int
    lane_states: int
    rolled: bool


def layout_key(layout: RuleLayout) -> tuple[Any, ...]:
    """Return what makes two rules with their wrappers the same code."""
    return layout.parts, layout.uniform_counts, tuple(layout.flags.items())


def room(d: int) -> int:
    """Return the coordinates that a switch's lanes have room for: powers of two."""
    return max(LEAST_ROOM, 1 << (d - 1).bit_length())


def kind(fixed: Fixed, dtype: np.dtype, d: int) -> tuple[Fixed, np.dtype, int]:
    """Return what the pairs of a switch have in common."""
    return replace(fixed, work=0), dtype, room(d)


class Switch:
    """Problems and rules that share a kernel, which is made when it is first asked for.

    Parameters
    ----------
    members : sequence of (Program, Fixed)
        Pairs of one `kind`.
    d : int
        Coordinates of one of them.
    """

    def __init__(self, members: Sequence[tuple[Program, Fixed]], d: int) -> None:
        programs = [program for program, _ in members]
        self.problems = {(p.problem, p.metrics): None for p in programs}
        self.layouts = {layout_key(p.layout): p.layout for p in programs}
        self.dtype, self.rows = programs[0].dtype, room(d)
        work = max(fixed.work for _, fixed in members)
        self.fixed = replace(members[0][1], work=work)
        self.failed = False
        self._lock = threading.Lock()

    @functools.cached_property
    def _launcher(self) -> Any:
        problems, metrics = zip(*self.problems, strict=True)
        layouts = list(self.layouts.values())
        switch = kernel(
            problems, metrics, layouts, self.dtype, self.rows, self.fixed, sized=False
        )  # fmt: skip
        return compiled(switch)

    def compiled(self, program: Program, fixed: Fixed, d: int) -> Compiled | None:
        """Return the `Compiled` of a pair, or None where the switch does not serve it."""
        problem, rule = (program.problem, program.metrics), layout_key(program.layout)
        belongs = problem in self.problems and rule in self.layouts
        same = kind(fixed, program.dtype, d) == kind(self.fixed, self.dtype, self.rows)
        if self.failed or not belongs or not same or fixed.work > self.fixed.work:
            return None
        numbers = Work(list(self.problems).index(problem), list(self.layouts).index(rule))
        layouts = self.layouts.values()
        with self._lock:
            return Compiled(
                launcher=self._launcher,
                work=numbers,
                states=max(len(layout.state) for layout in layouts),
                lane_states=max(len(layout.lane_state) for layout in layouts),
                rolled=True,
            )


@functools.lru_cache(maxsize=256)
def _pair(
    problem: Callable[..., Any],
    metrics: Callable[..., Any] | None,
    key: tuple[Any, ...],
    dtype: np.dtype,
    rows: int,
    fixed: Fixed,
) -> Any:
    parts, counts, flags = key
    layout = RuleLayout(parts, counts, dict(flags))
    return compiled(kernel([problem], [metrics], [layout], dtype, rows, fixed))


def pair(program: Program, fixed: Fixed, d: int) -> Compiled:
    """Return the `Compiled` of a pair that has a kernel of its own."""
    layout = program.layout
    launcher = _pair(
        program.problem, program.metrics, layout_key(layout), program.dtype, d, fixed
    )  # fmt: skip
    return Compiled(
        launcher, Work(0, 0), len(layout.state), len(layout.lane_state), rolled(d, program.dtype)
    )
