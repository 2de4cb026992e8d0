"""Where a chain of wrappers and a rule keeps its numbers: which row of S, L, H and U is whose.

In the arrays of a block (`memory.calls.RuleCall`) S is state, L lane state, H hyperparameters and U
what is computed once a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from optbench.define.names import ENGINE_ARGUMENTS, arguments
from optbench.define.rule_checks import TAKING_OUTPUTS
from optbench.errors import DefinitionError

if TYPE_CHECKING:
    from optbench.define.definitions import Part


HESSIAN_ROWS: dict[str, float | str] = {
    "hessian": 1.0, "hessian_direction": 0.0, "hessian_gradient": 0.0,
}  # fmt: skip
"""Rows of S where a part takes `hessian`: the estimate, which the driver overwrites, and room that
the products take (see `authors.products`). It is that of |x|^2 / 2 where nobody estimates."""
LR_SCALE = "lr_scale"
"""What a wrapper calls the output of `uniform` that multiplies the rate, as the schedule does."""
RESTART = "restart"
"""What a wrapper calls the output of `uniform` that, above 0, has the rule's state begin anew."""


def argument_names(part: Part) -> set[str]:
    """Return the names of all parameters of a part's compiled functions."""
    functions = [f for kind, f in part.functions.items() if kind != "uniform"]
    return set().union(*map(arguments, functions))


def takes_hessian(part: Part) -> bool:
    """Whether a part takes an estimate of the Hessian's diagonal."""
    return "hessian" in argument_names(part)


BEYOND_COORDINATES = {"key", "index", "count"}
"""Arguments that do not belong to a coordinate: what takes them goes window by window."""


def is_coordinatewise(part: Part) -> bool:
    """Say whether a part takes each coordinate by itself, whichever comes first."""
    return not (
        "combine" in part.functions
        or part.after
        or part.layerwise
        or BEYOND_COORDINATES & argument_names(part)
    )


def counts_columns(part: Part) -> bool:
    """Say whether it matters to a part if all columns of a block are one lane."""
    return "combine" in part.functions or "index" in argument_names(part)


class RuleLayout:
    """Where a chain of parts keeps its numbers in S, L, H and U.

    H holds the rate, f_ref, then hyperparameters; U holds the schedule, then the outputs of the
    `uniform` functions. The last row of S is x itself at the first gradient of a step, when steps
    have two or a part takes `x_old`.

    Parameters
    ----------
    parts : sequence of Part
        Wrappers, then the rule.
    uniform_counts : sequence of int
        Number of outputs of each part's `uniform`.
    flags : dict of str to bool
        Conventions that are compiled in; all other hyperparameters are rows of H.
    by_lane : bool
        Whether the lanes of a block differ in more than the rate. Flags are those of all lanes.

    Attributes
    ----------
    state, lane_state : dict of str to float or "x"
        Names of the rows of S and of L, with their values at the start.
    hyper : list of str
        Names of the rows of H.
    evaluations : int
        Gradients of a step.
    uniforms : int
        Columns of U.
    iterate : int
        Row of S that is reported, or -1 for x.
    hessian : int
        Row of S that holds an estimate of the Hessian's diagonal, -1 if no part takes `hessian`.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        uniform_counts: Sequence[int],
        flags: Mapping[str, bool],
        by_lane: bool = False,
    ):
        self.by_lane = by_lane
        self.parts = tuple(parts)
        self.uniform_counts = tuple(uniform_counts)
        self.flags = dict(flags)
        self.state: dict[str, float | str]
        self.state = {name: start for part in parts for name, start in part.state.items()}
        self.lane_state = {n: start for part in parts for n, start in part.lane_state.items()}
        self.hyper = ["lr", "f_ref"]
        self.hyper += [n for part in parts for n in part.hyper if n != "lr" and n not in flags]
        self.evaluations = max(part.evaluations for part in parts)
        if self.evaluations == 2 or any("x_old" in argument_names(part) for part in parts):
            self.state["x_first"] = "x"
        self.hessian = -1
        if any(map(takes_hessian, parts)):
            self.hessian = len(self.state)
            self.state |= HESSIAN_ROWS
        self.uniforms = 1 + sum(uniform_counts)
        self.iterate = -1
        for part in parts:
            if part.iterate is not None:
                self.iterate = list(self.state).index(part.iterate)

    @property
    def coordinatewise(self) -> bool:
        """Whether each coordinate is taken by itself, once a step, whichever comes first."""
        if any(map(self.restarts, self.parts)):
            return False
        return self.evaluations == 1 and all(map(is_coordinatewise, self.parts))

    def restarts(self, part: Part) -> bool:
        """Whether a part is a wrapper that has the rule's state begin anew."""
        return part is not self.parts[-1] and RESTART in self.split_outputs(part)[0]

    @property
    def rate_columns(self) -> list[int]:
        """Columns of U by which wrappers multiply the rate."""
        names = [(p, n) for p in self.parts for n in self.split_outputs(p)[0]]
        return [i for i, (p, n) in enumerate(names, 1) if n == LR_SCALE and p is not self.parts[-1]]

    def lane_loads(self, part: Part) -> list[str]:
        """Return the lines that name the part's lane state in the window at `lane`."""
        rows = ((name, list(self.lane_state).index(name)) for name in part.lane_state)
        return [f"{name} = load(L[{row}], lane)" for name, row in rows]

    def outputs(self, part: Part) -> list[str]:
        """Return the names of a part's uniform and combine outputs, which its update takes."""
        others = {
            *ENGINE_ARGUMENTS,
            *part.state,
            *part.lane_state,
            *part.memory,
            *part.buffers,
            "vector",
        }
        others |= {*self.hyper, *self.flags}
        names = []
        for kind in TAKING_OUTPUTS:
            function = part.functions.get(kind)
            for name in arguments(function) if function else ():
                if name not in others and name not in names:
                    names.append(name)
        return names

    def settings(self) -> Iterator[tuple[str, str, int]]:
        """Yield what lanes may differ in beside the rate: its name, its array and its row there.

        These are hyperparameters, and outputs of `uniform` under the name of their part.
        """
        for row, name in enumerate(self.hyper[2:], 2):
            yield name, "H", row
        outputs = [(part, name) for part in self.parts for name in self.split_outputs(part)[0]]
        for row, (part, name) in enumerate(outputs, 1):
            yield f"{part.name}_{name}", "U", row

    def split_outputs(self, part: Part) -> tuple[list[str], list[str]]:
        """Return (names of uniform outputs, names of combine outputs) of `part`."""
        count = self.uniform_counts[self.parts.index(part)]
        names = self.outputs(part)
        if len(names) < count:
            raise DefinitionError(
                f"{part.place}: `uniform` of {part.name} returns {count} values; its update must "
                f"name them all after its hyperparameters, but names {len(names)}"
            )
        return names[:count], names[count:]

    def sums(self, part: Part) -> list[str]:
        """Return the names of the sums: what `combine` takes that is nothing else."""
        if "measure" not in part.functions:
            return []
        others = {*ENGINE_ARGUMENTS, *part.lane_state, *self.hyper, *self.flags}
        others |= set(self.split_outputs(part)[0])
        names = arguments(part.functions["combine"])
        return [name for name in names if name not in others]
