"""Writes the source of a rule's block function: a rule and its wrappers as one flat function.

Authors' arguments are bound by name, so that no call or tuple remains at run time. The source is
written over Vecs; it works lane by lane when the Vecs have one lane.

Usually a block holds one setting: hyperparameters other than the rate are numbers. A layout that is
`by_lane` has them, and what `uniform` returns, in windows like the rate. If a part measures (sums
over coordinates), there are two ways through the block. Usually each window of W lanes is finished
by itself. With ``across`` set all columns are one lane of one setting, so every pass runs over all
windows, sums are totalled over their lanes, and lane state is the same in every column. Around a
matrix rule all passes run over all windows, and what measures is there in both ways.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from optbench.kernels.authors.binding import bound
from optbench.kernels.authors.restarting import restart_lines
from optbench.kernels.authors.rule_layout import RuleLayout, argument_names, counts_columns
from optbench.kernels.authors.tensors import tensor_lines
from optbench.kernels.memory.calls import RuleCall

if TYPE_CHECKING:
    from optbench.define.definitions import Part

FINITE = "not any_lane(_farthest * 0.0 != 0.0)"
NARROW, NARROW_BY_LANE = 2, 1
"""Windows of a block that goes window by window: two by lane are 5 % slower that way at d = 2."""


def rule_source(layout: RuleLayout, width: int, over: str = "range") -> str:
    """Return the source of ``block(call, t, phase, across)``; see `memory.calls.RuleCall`.

    Parameters
    ----------
    layout : RuleLayout
    width : int
        Lanes of a Vec.
    over : str
        The function that makes the range of a loop over rows: a thread's share of them, where
        threads share a lane.
    """
    return _Writer(layout, width, over).source()


class _Writer:
    """The lines of one block function; methods that return nothing write some."""

    def __init__(self, layout: RuleLayout, width: int, over: str):
        self.layout, self.width, self.over = layout, width, over
        self.states = list(layout.state)
        self.lane_states = list(layout.lane_state)
        self.lines: list[str] = []
        # The part that writes the new x.
        self.mover = ([part for part in layout.parts if part.after] or layout.parts)[-1]
        self.scaled: list[int] = []
        """Rows of L that multiply the rate, in passes after the part's combine."""

    def put(self, depth: int, text: str) -> None:
        """Write a line."""
        self.lines.append("    " * depth + text)

    def source(self) -> str:
        """Return the source of the whole function."""
        self.head()
        parts = self.layout.parts
        if parts[-1].matrix:
            self.chain(1, across=True)
        elif not self.layout.by_lane and any(
            "measure" in p.functions or "index" in argument_names(p) for p in parts
        ):
            self.put(1, "if across:")
            self.chain(2, across=True)
            self.put(2, "return True")
            self.scaled = []
            self.put(1, "else:")
            self.windows(2)
            self.chain(3, across=False)
        elif self.layout.coordinatewise:
            self.rows()
        else:
            self.windows(1)
            self.chain(2, across=False)
        if parts[-1].matrix:
            self.coordinates(1, ["_farthest = farther(_farthest, ys[i])"], across=True)
        self.put(1, f"return {FINITE}")
        return "\n".join(self.lines) + "\n"

    def head(self) -> None:
        """Write what comes before all passes: hyperparameters, flags and outputs of `uniform`."""
        self.put(0, "def block(call, t, phase, across):")
        self.put(1, f"{', '.join(RuleCall._fields)} = fetch(call)")
        self.put(1, "tensors = tensor_table.shape[0] // 3")
        self.put(1, "low, high = tensor_table[0], tensor_table[tensors]")
        self.put(1, "f_ref = H[1, 0]")
        for name, on in self.layout.flags.items():
            self.put(1, f"{name} = {on}")
        self.put(1, "_farthest = zero()")
        if self.layout.by_lane:
            steps = [f"_step{row} = t * moving[{row}]" for row in range(self.layout.uniforms)]
            self.put(1, "; ".join(steps))  # a line that never changes stays near
            return
        self.put(1, "_schedule = U[t, 0, 0]")
        for name, array, row in self.layout.settings():
            place = f"t, {row}, 0" if array == "U" else f"{row}, 0"
            self.put(1, f"{name} = {array}[{place}]")

    def rows(self) -> None:
        """Write all parts for rules that take each coordinate by itself, in the better order.

        In a wide block rows run along it, two at a time: the inner loop is the long one, and a rate
        is read once for both. In a narrow one what differs by lane stays in registers.
        """
        narrow = NARROW_BY_LANE if self.layout.by_lane else NARROW
        self.put(1, f"if x.shape[1] > {narrow * self.width}:")
        pairs = ("range(low, high - 1, 2)", (0, 1)), ("range(high - (high - low) % 2, high)", (0,))
        shared = ((f"{self.over}(low, high)", (0,)),)  # a thread's rows need not be neighbours
        for rows, places in pairs if self.over == "range" and self.width > 1 else shared:
            self.put(2, f"for _row in {rows}:")
            self.put(3, f"for lane in range(0, x.shape[1], {self.width}):")
            self.bind(4)
            for ahead in places:
                self.put(4, f"i = _row + {ahead}")
                for part in self.layout.parts:
                    for line in self.update(part, "update", across=False):
                        self.put(4, line)
        self.put(1, "else:")
        self.windows(2)
        self.chain(3, across=False)

    def chain(self, depth: int, across: bool) -> None:
        """Write all parts; outside of `across` the window is already bound."""
        ascending = [part for part in self.layout.parts if "ascend" in part.functions]
        after = [part for part in self.layout.parts if part.after]
        before = [part for part in self.layout.parts if part not in (*ascending, *after)]
        if ascending:
            self.put(depth, "if phase == 0:")
            self.part(depth + 1, ascending[0], "ascend", across)
            self.put(depth, "else:")
            depth += 1
            row = self.states.index("x_first")
            self.coordinates(depth, [f"xs[i] = _s{row}[i]"], across)
        elif "x_first" in self.states:
            self.put(depth, "if phase == 0:")
            row = self.states.index("x_first")
            self.coordinates(depth + 1, [f"_s{row}[i] = xs[i]"], across)
        for part in before:
            self.part(depth, part, "update", across)
            if self.layout.restarts(part):
                self.restart(depth, part, across)
        if after and self.layout.evaluations == 2 and not ascending:
            self.put(depth, "if phase == 1:")
            depth += 1
        for part in after:
            self.part(depth, part, "update", across)

    def part(self, depth: int, part: Part, kind: str, across: bool) -> None:
        """Measure, combine and update: per tensor where the part says so, else in one go."""
        if part.matrix:
            self.coordinates(depth, ["ys[i] = xs[i]"], across)
            for deeper, text in tensor_lines(part, self.layout, self.states, self.scaled):
                self.put(depth + deeper, text)
            return
        if across and self.layout.parts[-1].matrix and counts_columns(part):
            self.put(depth, "if not across:")
            self.windows(depth + 1)
            self.part(depth + 2, part, kind, across=False)
            self.put(depth, "else:")
            depth += 1
        if part.layerwise:
            self.put(depth, "for tensor in range(tensors):")
            self.put(depth + 1, "low, high = tensor_table[tensor], tensor_table[tensor + 1]")
            self.step(depth + 1, part, kind, across)
            self.put(depth, "low, high = tensor_table[0], tensor_table[tensors]")
        else:
            self.step(depth, part, kind, across)

    def step(self, depth: int, part: Part, kind: str, across: bool) -> None:
        """Measure, combine and update from row `low` to row `high`."""
        self.combine(depth, part, across)
        if "lr_scale" in part.lane_state:
            if across:
                self.scaled.append(self.lane_states.index("lr_scale"))
            else:
                self.put(depth, "lr = lr * lr_scale")
        self.coordinates(depth, self.update(part, kind, across), across)

    def restart(self, depth: int, part: Part, across: bool) -> None:
        """Have the rule's state and lane state begin anew where `part` says so."""
        due, body, lanes = restart_lines(self.layout, part, self.states, self.lane_states)
        if not self.layout.by_lane:
            self.put(depth, f"if {due} > 0.0:")
        self.coordinates(depth + (not self.layout.by_lane), body, across, before=lanes)

    def windows(self, depth: int) -> None:
        """Open the loop over windows and bind one."""
        self.put(depth, f"for lane in range(0, x.shape[1], {self.width}):")
        self.bind(depth + 1)

    def bind(self, depth: int) -> None:
        """Name what the window at `lane` holds."""
        self.put(depth, "xs, ys, gs = rows(x, lane), rows(y, lane), rows(g, lane)")
        for row in range(len(self.states)):
            self.put(depth, f"_s{row} = rows(S[{row}], lane)")
        if self.layout.by_lane:
            for name, array, row in self.layout.settings():
                place = f"_step{row}, {row}" if array == "U" else row
                self.put(depth, f"{name} = load_setting({array}[{place}], lane)")
            self.put(depth, "lr = load(H[0], lane) * load(U[_step0, 0], lane)")
        else:
            self.put(depth, "lr = load(H[0], lane) * _schedule")
        for row in self.scaled:
            self.put(depth, f"lr = lr * load(L[{row}], lane)")
        if any("base_lr" in argument_names(part) for part in self.layout.parts):
            self.put(depth, "base_lr = load(H[0], lane)")

    def coordinates(
        self, depth: int, body: Sequence[str], across: bool, before: Sequence[str] = ()
    ) -> None:
        """Write a pass over coordinates, in this window or in all; `before` is once a window."""
        if across:
            self.windows(depth)
            depth += 1
        for line in before:
            self.put(depth, line)
        self.put(depth, f"for i in {self.over}(low, high):")
        for line in body:
            self.put(depth + 1, line)

    def combine(self, depth: int, part: Part, across: bool) -> None:
        """Write the sums and the per-lane function of a part."""
        if "combine" not in part.functions:
            return
        names = [f"{part.name}_{name}" for name in self.layout.sums(part)]
        if names:
            for name in names:
                self.put(depth, f"{name} = zero()")
            terms = ", ".join(f"{name}_term" for name in names)
            body = [f"{terms} = {self.call(part, 'measure')}"]
            body += [f"{n} = {n} + {n}_term" for n in names]
            self.coordinates(depth, body, across, before=self.layout.lane_loads(part))
            if across:
                for name in names:
                    self.put(depth, f"{name} = total({name})")
        if across:
            self.put(depth, "lane = 0")
        self.put(depth, "f_lane = load(f, lane)")
        for line in self.layout.lane_loads(part):
            self.put(depth, line)
        outputs = [f"{part.name}_{name}" for name in self.layout.split_outputs(part)[1]]
        results = [*part.lane_state, *outputs]
        comma = "," if len(results) == 1 else ""
        call = self.call(part, "combine", self.layout.sums(part))
        self.put(depth, f"{', '.join(results)}{comma} = {call}")
        if part.lane_state and across:
            self.put(depth, f"for lane in range(0, x.shape[1], {self.width}):")
            depth += 1
        for name in part.lane_state:
            self.put(depth, f"store(L[{self.lane_states.index(name)}], lane, {name})")

    def update(self, part: Part, kind: str, across: bool) -> list[str]:
        """Return the lines that update one coordinate."""
        body = []
        if kind == "ascend":
            body.append(f"_s{self.states.index('x_first')}[i] = xs[i]")
        wraps = kind == "update" and part is not self.layout.parts[-1] and not part.after
        targets, after = ["gs[i]" if wraps else "ys[i]" if kind == "update" else "xs[i]"], []
        if kind == "update" and part is self.mover and not across:
            after = ["ys[i] = _moved", "_farthest = farther(_farthest, _moved)"]
            targets = ["_moved"]
        targets += [f"_s{self.states.index(name)}[i]" for name in part.state]
        return [*body, f"{', '.join(targets)} = {self.call(part, kind, across=across)}", *after]

    def call(self, part: Part, kind: str, sums: Sequence[str] = (), across: bool = False) -> str:
        """Return the call of one of a part's functions, its arguments bound by name."""
        arguments = [
            bound(name, part, kind, self.layout, sums, across)
            for name in inspect.signature(part.functions[kind]).parameters
        ]
        return f"{part.name}_{kind}({', '.join(arguments)})"
