"""Whether the functions of an update rule or a wrapper fit what is declared about it.

`fits` looks at one function when it is declared, `complete` at a whole rule before it is used:
what the update may take is not known before its `uniform` and `combine` are. Both speak the rule's
own words; without them a mistake would end in a message of the compiler about generated code.
"""

import difflib
import functools

from optbench.define.names import GIVEN, arguments, place_of
from optbench.define.signatures import NOTHING, SCALAR, irregular, returns
from optbench.errors import DefinitionError


def fits(part, kind, function):
    """Raise `DefinitionError` unless a function of a part takes and returns what it may.

    Parameters
    ----------
    part : Part
    kind : {"update", "uniform", "measure", "combine", "ascend"}
    function : callable
    """
    whose = _whose(part, kind, function)
    odd = irregular(function)
    if odd and not (kind == "uniform" and odd[0].kind is odd[0].POSITIONAL_OR_KEYWORD):
        parameter, text = odd
        hint = (
            f"declare it: @{part.decorator}({parameter.name}={parameter.default!r}), and leave the "
            "default out of the signature"
            if parameter.default is not parameter.empty
            else "name what it takes, one by one"
        )
        raise DefinitionError(f"{whose} has {text}: {hint}")
    if kind in ("update", "ascend"):
        _states_in_order(part, whose, function)
    if (function.__module__ or "").startswith("optbench."):
        return  # a test looks at the package's own: to read sources takes time at every start
    _returns_fit(part, kind, whose, function)


def _whose(part, kind, function):
    what = part.name if kind == "update" else f"`{kind}` of {part.name}"
    return f"{place_of(function)}: {what}"


def _states_in_order(part, whose, function):
    """The order in which states are taken says in which they will be returned."""
    taken = [name for name in arguments(function) if name in part.state]
    declared = [name for name in part.state if name in taken]
    if taken != declared:
        raise DefinitionError(
            f"{whose} takes its states as {', '.join(taken)}, but declares "
            f"state=({', '.join(map(repr, part.state))}), in which order the new ones are "
            "returned: write both in one order"
        )


def _returns_fit(part, kind, whose, function):
    """Compare each ``return`` with what is expected of the function."""
    for line, count in returns(function):
        if count is None or _right(part, kind, count):
            continue
        raise DefinitionError(
            f"{whose}: line {line} returns {_counted(count)}; it must return "
            f"{_expected(part, kind)}"
        )


def _right(part, kind, count):
    if part.matrix and kind == "update":
        return count == NOTHING
    if kind in ("update", "ascend"):
        return count == (1 + len(part.state) if part.state else SCALAR)
    if kind == "measure":
        return count == SCALAR or count >= 2
    if kind == "combine":
        return count >= max(1, len(part.lane_state))
    return count >= 1  # uniform


def _counted(count):
    if count == NOTHING:
        return "nothing"
    if count == SCALAR:
        return "one number"
    return f"a tuple of {count}"


def _expected(part, kind):
    """Say what a function of a part returns."""
    if part.matrix and kind == "update":
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


@functools.lru_cache(maxsize=1024)
def complete(part, outputs):
    """Raise `DefinitionError` unless the functions of a part fit each other.

    Parameters
    ----------
    part : Part
    outputs : int
        How many values its `uniform` returns.
    """
    if "combine" not in part.functions and "measure" in part.functions:
        raise DefinitionError(
            f"{part.place}: {part.name} has `measure` without `combine`, which takes its sums"
        )
    extra = _extra(part)
    combined = extra[outputs:]
    if len(extra) < outputs:
        raise DefinitionError(
            f"{part.place}: `uniform` of {part.name} returns {outputs} values; its update must "
            f"name them all after its hyperparameters, but names {len(extra)}"
        )
    if combined and "combine" not in part.functions:
        raise DefinitionError(_unknown(part, "update", combined[0], extra[:outputs]))
    if "combine" in part.functions:
        _combine_fits(part, combined)
    _others_fit(part, extra[:outputs])


def known_names(part):
    """Return the names that every function of a part may take."""
    own = (*part.state, *part.lane_state, *part.memory, *part.buffers, *part.hyper)
    return {*GIVEN, *own, "lr"} | ({"vector"} if part.matrix else set())


def _extra(part):
    """Names that the update and `ascend` take which are nothing else: outputs, in order."""
    known = known_names(part)
    functions = [part.functions[kind] for kind in ("update", "ascend") if kind in part.functions]
    names = dict.fromkeys(name for function in functions for name in arguments(function))
    return [name for name in names if name not in known]


def _combine_fits(part, combined):
    function = part.functions["combine"]
    whose = _whose(part, "combine", function)
    counts = {count for _, count in returns(function)} - {None}
    wanted = len(part.lane_state) + len(combined)
    if counts and counts != {wanted}:
        lanes = f"{len(part.lane_state)} lane states and " if part.lane_state else ""
        names = f" ({', '.join(combined)})" if combined else ""
        raise DefinitionError(
            f"{whose} returns {_counted(max(counts))}, but there are {lanes}{len(combined)} "
            f"outputs that the update names{names}"
        )


def _others_fit(part, uniform):
    """Look at the parameters of `measure` and `combine`."""
    known = known_names(part) | set(uniform)
    if "combine" not in part.functions:
        return
    combine = part.functions["combine"]
    sums = [name for name in arguments(combine) if name not in known]
    if "measure" not in part.functions:
        if sums:
            raise DefinitionError(_unknown(part, "combine", sums[0], uniform))
        return
    measure = part.functions["measure"]
    for name in arguments(measure):
        if name not in known:
            raise DefinitionError(_unknown(part, "measure", name, uniform))
    counts = {max(count, 1) for _, count in returns(measure) if count}
    counts |= {1 for _, count in returns(measure) if count == SCALAR}
    if len(counts) == 1 and counts != {len(sums)}:
        raise DefinitionError(
            f"{_whose(part, 'combine', combine)} takes {len(sums)} sums ({', '.join(sums)}), but "
            f"`measure` has {counts.pop()} terms: name each sum, first of all"
        )


def _unknown(part, kind, name, uniform):
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
