"""Whether the functions of an update rule or a wrapper fit what is declared about it.

`check_function` looks at one function when it is declared, `check_functions` at a whole rule before
it is used: what the update may take is not known before its `uniform` and `combine` are. Both name
what the author has written; without them a mistake would end in a message of the compiler about
generated code.
"""

import difflib
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

from optbench.define.names import ENGINE_ARGUMENTS, arguments, place_of
from optbench.define.signatures import NOTHING, SCALAR, irregular, returns
from optbench.errors import DefinitionError

FunctionKind: TypeAlias = Literal["update", "uniform", "measure", "combine", "ascend", "vectors"]
TAKING_OUTPUTS: tuple[FunctionKind, ...] = ("update", "ascend", "vectors")
"""The functions whose other parameters are outputs of `uniform` and `combine`, in this order."""


class Checked(Protocol):
    """What the checks read of a rule or a wrapper, see `definitions.Part`."""

    name: str
    place: str
    matrix: bool
    after: bool

    @property
    def decorator(self) -> str:
        """The decorator that declares it."""

    @property
    def state(self) -> Mapping[str, object]:
        """Per-coordinate state."""

    @property
    def lane_state(self) -> Mapping[str, object]:
        """Per-lane state."""

    @property
    def hyper(self) -> Mapping[str, object]:
        """Hyperparameters."""

    @property
    def memory(self) -> Mapping[str, str]:
        """Arrays of each tensor that are kept."""

    @property
    def buffers(self) -> Mapping[str, str]:
        """Arrays of each tensor that are not."""

    @property
    def functions(self) -> Mapping[FunctionKind, Callable[..., Any]]:
        """The functions that are declared so far."""


def check_function(part: Checked, kind: FunctionKind, function: Callable[..., Any]) -> None:
    """Raise `DefinitionError` unless a function of a part takes and returns what it may.

    Parameters
    ----------
    part : Part
    kind : FunctionKind
    function : callable
    """
    whose = _whose(part, kind, function)
    parameter, text = irregular(function) or (None, "")
    carried = kind == "uniform"  # its parameters with a default are carried from step to step
    if parameter and not (carried and parameter.kind is parameter.POSITIONAL_OR_KEYWORD):
        hint = (
            f"declare it: @{part.decorator}({parameter.name}={parameter.default!r}), and leave the "
            "default out of the signature"
            if parameter.default is not parameter.empty
            else "name what it takes, one by one"
        )
        raise DefinitionError(f"{whose} has {text}: {hint}")
    if kind == "vectors" and not part.matrix:
        raise DefinitionError(
            f"{whose}: {part.name} is no matrix rule, and takes each coordinate by itself; "
            "declare it with matrix=True"
        )
    if kind in TAKING_OUTPUTS:
        _check_order_of_states(part, whose, function)
    if (function.__module__ or "").startswith("optbench."):
        return  # a test looks at the package's own: to read sources takes time at every start
    _check_returns(part, kind, whose, function)


def _whose(part: Checked, kind: FunctionKind, function: Callable[..., Any]) -> str:
    """Return the place and the name of a function, for messages."""
    what = part.name if kind == "update" else f"`{kind}` of {part.name}"
    return f"{place_of(function)}: {what}"


def _check_order_of_states(part: Checked, whose: str, function: Callable[..., Any]) -> None:
    """Refuse states that a function takes in another order than that in which it returns them."""
    parameters = [name for name in arguments(function) if name in part.state]
    declared = [name for name in part.state if name in parameters]
    if parameters != declared:
        raise DefinitionError(
            f"{whose} takes its states as {', '.join(parameters)}, but declares "
            f"state=({', '.join(map(repr, part.state))}), in which order the new ones are "
            "returned: write both in one order"
        )


def _check_returns(
    part: Checked, kind: FunctionKind, whose: str, function: Callable[..., Any]
) -> None:
    """Compare each ``return`` with what is expected of the function."""
    for line, count in returns(function):
        if count is None or _count_fits(part, kind, count):
            continue
        raise DefinitionError(
            f"{whose}: line {line} returns {_count_text(count)}; it must return "
            f"{_expected(part, kind)}{_undeclared_states(part, kind, count, function)}"
        )


def _count_fits(part: Checked, kind: FunctionKind, count: int) -> bool:
    """Whether a function of a part may return so many values, see `signatures.Count`."""
    if part.matrix and kind in ("update", "vectors"):
        return count == NOTHING
    if kind in ("update", "ascend"):
        return count == (1 + len(part.state) if part.state else SCALAR)
    if kind == "measure":
        return count == SCALAR or count >= 2
    if kind == "combine":
        return count >= max(1, len(part.lane_state))
    return count >= 1  # uniform


def _count_text(count: int) -> str:
    if count == NOTHING:
        return "nothing"
    if count == SCALAR:
        return "one number"
    return f"a tuple of {count}"


def _expected(part: Checked, kind: FunctionKind) -> str:
    """Say what a function of a part returns."""
    if part.matrix and kind in ("update", "vectors"):
        return "nothing: a matrix rule changes x and its state in place"
    if kind in ("update", "ascend"):
        wraps = part.decorator == "wrapper" and not part.after and kind == "update"
        values = ["g" if wraps else "x", *part.state]
        new = f"the new {', '.join(values)}"
        return f"{new}: `return {', '.join(f'new_{value}' for value in values)}`"
    if kind == "measure":
        return "its term, or its terms as a tuple"
    if kind == "combine":
        lanes = "".join(f"{name}, " for name in part.lane_state)
        return f"a tuple: the new lane state, then outputs: `return ({lanes}output,)`"
    return "a tuple of outputs: `return (output,)`"


def _undeclared_states(
    part: Checked, kind: FunctionKind, count: int, function: Callable[..., Any]
) -> str:
    """Return how to declare what seems to be state: taken, undeclared, and returned after x."""
    missing = count - 1 - len(part.state)
    common = _common_names(part)
    names = [name for name in arguments(function) if name not in common][: max(0, missing)]
    if part.matrix or kind != "update" or not names:
        return ""
    states = ", ".join(map(repr, [*part.state, *names]))
    return f". If {', '.join(names)} is state, declare it: @{part.decorator}(state=({states},))"


@functools.lru_cache(maxsize=1024)
def check_functions(part: Checked, uniform_count: int) -> None:
    """Raise `DefinitionError` unless the functions of a part fit each other.

    Parameters
    ----------
    part : Part
    uniform_count : int
        How many values its `uniform` returns.
    """
    if "combine" not in part.functions and "measure" in part.functions:
        raise DefinitionError(
            f"{part.place}: {part.name} has `measure` without `combine`, which takes its sums"
        )
    outputs = _outputs(part)
    uniform, combined = outputs[:uniform_count], outputs[uniform_count:]
    if len(uniform) < uniform_count:
        raise DefinitionError(
            f"{part.place}: `uniform` of {part.name} returns {uniform_count} values; its update "
            f"must name them all after its hyperparameters, but names {len(outputs)}"
        )
    if combined and "combine" not in part.functions:
        raise DefinitionError(_unknown(part, "update", combined[0], uniform))
    if "combine" in part.functions:
        _check_combine(part, combined)
        _check_sums(part, uniform)


def _common_names(part: Checked) -> set[str]:
    """Return the names that every function of a part may take."""
    own = (*part.state, *part.lane_state, *part.memory, *part.buffers, *part.hyper)
    return {*ENGINE_ARGUMENTS, *own, "lr"} | ({"vector"} if part.matrix else set())


def _outputs(part: Checked) -> list[str]:
    """Return the names that functions have for outputs: what is nothing else."""
    common = _common_names(part)
    functions = [part.functions[kind] for kind in TAKING_OUTPUTS if kind in part.functions]
    names = dict.fromkeys(name for function in functions for name in arguments(function))
    return [name for name in names if name not in common]


def _check_combine(part: Checked, combined: list[str]) -> None:
    """Compare what `combine` returns with the outputs that the update names."""
    function = part.functions["combine"]
    whose = _whose(part, "combine", function)
    counts = {count for _, count in returns(function) if count is not None}
    if counts and counts != {len(part.lane_state) + len(combined)}:
        lanes = f"{len(part.lane_state)} lane states and " if part.lane_state else ""
        names = f" ({', '.join(combined)})" if combined else ""
        raise DefinitionError(
            f"{whose} returns {_count_text(max(counts))}, but there are {lanes}{len(combined)} "
            f"outputs that the update names{names}"
        )


def _check_sums(part: Checked, uniform: list[str]) -> None:
    """Compare the terms of `measure` with the sums that `combine` takes."""
    common = _common_names(part) | set(uniform)
    combine = part.functions["combine"]
    sums = [name for name in arguments(combine) if name not in common]
    if "measure" not in part.functions:
        if sums:
            raise DefinitionError(_unknown(part, "combine", sums[0], uniform))
        return
    measure = part.functions["measure"]
    for name in arguments(measure):
        if name not in common:
            raise DefinitionError(_unknown(part, "measure", name, uniform))
    counts = {max(count, 1) for _, count in returns(measure) if count}
    if len(counts) == 1 and counts != {len(sums)}:
        raise DefinitionError(
            f"{_whose(part, 'combine', combine)} takes {len(sums)} sums ({', '.join(sums)}), but "
            f"`measure` has {counts.pop()} terms: name each sum, first of all"
        )


def _unknown(part: Checked, kind: FunctionKind, name: str, uniform: Iterable[str]) -> str:
    """Say that a function takes a name that means nothing."""
    own = [*part.state, *part.lane_state, *part.hyper, *uniform]
    near = difflib.get_close_matches(name, [*own, "x", "g", "f"], n=1)
    hint = f": did you mean {near[0]}?" if near else ""
    if name == "t":
        hint = ": what depends on the step t is an output of @" + f"{part.name}.uniform"
    sums = " nor a sum of `measure`" if kind == "combine" else ""
    return (
        f"{_whose(part, kind, part.functions[kind])} takes {name!r}, which is neither x, g or f, "
        f"its state ({', '.join([*part.state, *part.lane_state]) or 'none'}), a hyperparameter "
        f"({', '.join(part.hyper) or 'none'}) nor an output of its `uniform` or "
        f"`combine`{sums}{hint}"
    )
