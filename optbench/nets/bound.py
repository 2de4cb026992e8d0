"""The plain kernels of nets of some operations, for targets that find none by address.

There a walk calls its operations through a chain of ifs over those that the nets have.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from optbench.kernels.authors.sources import generated
from optbench.kernels.compiling.supplied import with_globals
from optbench.kernels.memory.operations import MOST
from optbench.nets import batches, early_stopping, losses, network, objective
from optbench.nets.tape import walk
from optbench.nets.tape.operations import NUMBERS, operation

_ARGUMENTS = "number, params, grads, q, work, key, r, rows, mode, t, first"
_FORWARD = "params, q, work, r, rows, mode, t, key"
_BACKWARD = "params, grads, q, work, r, rows, mode, t, key, first"


class Kernels(NamedTuple):
    """The kernels of `network` as plain functions."""

    problem: Callable[..., Any]
    metrics: Callable[..., Any]
    adjust: Callable[..., Any]


@functools.cache
def written(operations: tuple[str, ...]) -> Kernels:
    """Return the kernels of nets that have these operations, the same ones every time."""
    chain = {"run_operation": chain_of(operations)}
    ways = {
        "run_forward": with_globals(walk.run_forward, chain),
        "run_backward": with_globals(walk.run_backward, chain),
    }
    names = {
        "fill": with_globals(objective.fill, ways),
        "run_backward": ways["run_backward"],
        "gather": with_globals(batches.gather, chain),
        "loss_gradient": with_globals(losses.loss_gradient, {"author_loss": no_author_loss}),
    }
    metrics = with_globals(objective.metrics, names)
    ends = with_globals(early_stopping.ends, {"metrics": metrics})
    adjust = with_globals(network.adjust, {"ends": ends})
    return Kernels(with_globals(objective.problem, names), metrics, adjust)


def chain_of(operations: tuple[str, ...]) -> Callable[..., None]:
    """Return what stands for `run_operation`: it knows these operations alone."""
    lines, scope = [f"def block({_ARGUMENTS}):"], dict[str, Any]()
    for name in operations:
        forward, backward = operation(NUMBERS[name])
        scope[f"{name}_forward"], scope[f"{name}_backward"] = forward, backward
        lines += [f"    if number == {NUMBERS[name]}:", f"        {name}_forward({_FORWARD})"]
        lines += [
            f"    if number == {NUMBERS[name] + MOST}:", f"        {name}_backward({_BACKWARD})"
        ]  # fmt: skip
    chain: Callable[..., None] = generated("\n".join([*lines, "    return None", ""]), scope)
    return chain


def no_author_loss(kind, Z, flat, losses, Y, weight):
    """Stand for `losses.author_loss` where no net has one: nobody calls it."""
    return weight
