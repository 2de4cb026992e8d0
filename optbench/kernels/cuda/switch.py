"""One kernel for many pairs: it switches over up to 8 problems and 8 rules by number.

Compiling it costs about as much as compiling a few pairs. Its lanes have room for the largest of
its problems. A switch that does not compile stands back: then each pair has a kernel of its own,
and only the pair at fault is refused. Loads of several pairs that come while another launch runs
go together.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from optbench.kernels.authors.rule_layout import RuleLayout
from optbench.kernels.cuda import running
from optbench.kernels.cuda.built import Kernel
from optbench.kernels.cuda.chunk import chunk_groups
from optbench.kernels.cuda.gathering import Gathering
from optbench.kernels.cuda.load import Load, Piece
from optbench.kernels.cuda.onelane import TURNED
from optbench.kernels.cuda.surface import Fixed, kernel, rolled
from optbench.kernels.driver.tasks import Program

MOST = 8
"""Problems of a switch, and rules."""
LEAST_ROOM = 16


@dataclass(frozen=True)
class Compiled:
    """A kernel for pairs of surfaces and rules; see `running.Prepared`.

    Attributes
    ----------
    kernel : built.Kernel
    states, lane_states : int
        Rows of state that its lanes have.
    turned : bool
        Whether it turns points.
    """

    kernel: Kernel
    states: int
    lane_states: int
    turned: bool

    def groups(self, pieces: Sequence[Piece], width: int) -> Sequence[NamedTuple]:
        """Return the arrays of a chunk whose blocks have so many lanes."""
        return chunk_groups(pieces, width, self.states, self.lane_states, self.turned)

    def start(self, groups: Sequence[NamedTuple], blocks: int, width: int, queue: Any) -> None:
        """Put the kernel into a queue: a thread a lane."""
        self.kernel.start(groups, blocks, width, queue)

    def bytes_per_lane(self, load: Load) -> int:
        """Return what a lane takes of an arena."""
        return load.bytes_per_lane()


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
        self._gathering = Gathering()

    @functools.cached_property
    def _kernel(self) -> Kernel:
        problems, metrics = zip(*self.problems, strict=True)
        layouts = list(self.layouts.values())
        switch = kernel(
            problems, metrics, layouts, self.dtype, self.rows, self.fixed, sized=False
        )  # fmt: skip
        return Kernel(switch, self.dtype, rolled=True)

    def serves(self, load: Load, fixed: Fixed) -> bool:
        """Say whether lanes of a pair, of which so much is fixed, can run in the kernel."""
        program, d = load.program, load.task.start.shape[1]
        belongs = self._problem(program) in self.problems and self._rule(program) in self.layouts
        same = kind(fixed, program.dtype, d) == kind(self.fixed, self.dtype, self.rows)
        return not self.failed and belongs and same and fixed.work <= self.fixed.work

    def launched(self, load: Load, fixed: Fixed) -> bool:
        """Run a load, together with those that come while others run; say whether it was.

        Raises
        ------
        UnfitError
            If the kernel does not compile, whoever of the pairs it is that does not.
        """
        if not self.serves(load, fixed):
            return False
        own = replace(
            load, problem=list(self.problems).index(self._problem(load.program)),
            rule=list(self.layouts).index(self._rule(load.program)),
        )  # fmt: skip
        self._gathering.run(own.likeness(), own, self._run)
        return True

    def _run(self, loads: Sequence[Load]) -> None:
        running.run(loads, self.prepared)

    @functools.cached_property
    def prepared(self) -> Compiled:
        """The kernel, with the room that its lanes have."""
        layouts = self.layouts.values()
        states = max(len(layout.state) for layout in layouts)
        lane_states = max(len(layout.lane_state) for layout in layouts)
        return Compiled(self._kernel, states, lane_states, self.fixed.frame == TURNED)

    @staticmethod
    def _problem(program: Program) -> tuple[Any, Any]:
        return program.problem, program.metrics

    @staticmethod
    def _rule(program: Program) -> tuple[Any, ...]:
        return layout_key(program.layout)


@functools.lru_cache(maxsize=256)
def _pair(
    problem: Callable[..., Any],
    metrics: Callable[..., Any] | None,
    key: tuple[Any, ...],
    dtype: np.dtype,
    rows: int,
    fixed: Fixed,
) -> Kernel:
    parts, counts, flags = key
    layout = RuleLayout(parts, counts, dict(flags))
    function = kernel([problem], [metrics], [layout], dtype, rows, fixed)
    return Kernel(function, dtype, rolled(rows, dtype))


def pair(program: Program, fixed: Fixed, d: int) -> Compiled:
    """Return the `Compiled` of a pair that has a kernel of its own."""
    layout = program.layout
    own = _pair(
        program.problem, program.metrics, layout_key(layout), program.dtype, d, fixed
    )  # fmt: skip
    return Compiled(own, len(layout.state), len(layout.lane_state), fixed.frame == TURNED)
