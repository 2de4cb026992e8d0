"""What the parameters of a part's functions are bound to in the source of a rule's block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from optbench.define.names import ENGINE_ARGUMENTS
from optbench.errors import DefinitionError
from optbench.kernels.authors.rule_layout import RuleLayout

if TYPE_CHECKING:
    from optbench.define.definitions import Part


def bound(
    name: str, part: Part, kind: str, layout: RuleLayout, sums: Sequence[str], across: bool
) -> str:
    """Return what a parameter of one of a part's functions is bound to.

    Parameters
    ----------
    name : str
        The parameter.
    part : Part
    kind : str
        Which of its functions.
    layout : RuleLayout
    sums : sequence of str
        What the function takes of sums over coordinates.
    across : bool
        Whether all columns are one lane.

    Raises
    ------
    DefinitionError
        If the name means nothing.
    """
    states = list(layout.state)
    if name in ("x", "g"):
        return "ys[i]" if name == "x" and part.after else f"{name}s[i]"
    if name == "f":
        return "f_lane"
    if name == "x_old":
        return f"_s{states.index('x_first')}[i]"
    if name == "hessian":
        return f"_s{layout.hessian}[i]"
    if name == "key":  # inverted: the block's problem draws from the key itself
        index = "tensor" if part.layerwise else "0"
        return f"mix(mix(~key[0], t), {index})"
    if name == "index":
        return "(i - low) * x.shape[1] + lane" if across else "i - low"
    if name == "count":
        if part.layerwise:
            return "number(tensor_table[tensors + 1 + tensor])"
        return "number(numbers_of(tensor_table))"
    if name in part.state:
        return f"_s{states.index(name)}[i]"
    if name in layout.outputs(part) or name in sums:
        return f"{part.name}_{name}"
    if name in layout.hyper or name in layout.flags or name in part.lane_state:
        return name
    if name in ("phase", "base_lr"):
        return name
    raise DefinitionError(
        f"{part.place}: `{kind}` of {part.name} takes {name!r}, which is neither "
        f"{', '.join(ENGINE_ARGUMENTS)}, state, a hyperparameter nor an output named by update"
    )
