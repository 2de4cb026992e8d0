"""A guest made: its class called with parameters and settings, its factory with settings.

It may refuse them: a momentum of 2, tensors that are no matrices. It says so when it is made, which
is before lanes run.
"""

import functools
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.errors import UserCodeError, UserError
from optbench.rules.guests.finding import failed
from optbench.rules.guests.rule import GuestRule

PLAIN_SHAPES = ((2, 2),)
"""Of parameters that settings are tried on: every optimizer takes matrices."""


def made_of_torch(rule: GuestRule, parameters: Sequence[Any], values: Mapping[str, Any]) -> Any:
    """Return the torch optimizer of some parameters, ready to step.

    Raises
    ------
    UserError
        If it raises, or is no `torch.optim.Optimizer`.
    """
    torch: Any = importlib.import_module("torch")
    try:
        optimizer = rule.made(values, list(parameters))
        if callable(train := getattr(optimizer, "train", None)):
            train()  # optimizers that average tell training from evaluation so
    except Exception as error:
        raise failed(rule.name, _cannot_be_made(rule, values), error, rule.file) from error
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise _no_optimizer(rule, optimizer, "a torch.optim.Optimizer")
    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if list(map(id, held)) != list(map(id, parameters)):
        raise UserCodeError(
            f"{rule.name}: its param_groups do not hold the parameters that it was given, in their "
            f"order ({rule.place})"
        )
    return optimizer


def made_of_optax(rule: GuestRule, values: Mapping[str, Any]) -> Any:
    """Return optax's transformation, whose `update` takes the value of f too.

    Raises
    ------
    UserError
        If the factory raises, or returns something else.
    """
    optax: Any = importlib.import_module("optax")
    try:
        transformation = rule.made(values)
    except Exception as error:
        raise failed(rule.name, _cannot_be_made(rule, values), error, rule.file) from error
    if not isinstance(transformation, optax.GradientTransformation):
        raise _no_optimizer(rule, transformation, "an optax.GradientTransformation")
    return optax.with_extra_args_support(transformation)


def _cannot_be_made(rule: GuestRule, values: Mapping[str, Any]) -> str:
    """Say what was tried: the arguments that are not the default ones."""
    defaults = rule.set_arguments({name: allowed.default for name, allowed in rule.hyper.items()})
    changed = [
        f"{name}={value if isinstance(value, (int, float, tuple)) else '...'}"
        for name, value in rule.set_arguments(values).items()
        if not isinstance(value, (int, float, tuple)) or value != defaults.get(name)
    ]
    return f"cannot be made with {', '.join(changed)}" if changed else "cannot be made"


def _no_optimizer(rule: GuestRule, thing: object, expected: str) -> UserError:
    made = "returns nothing" if thing is None else f"returns a {type(thing).__name__}"
    return UserCodeError(f"{rule.name}: {made}; expected {expected} ({rule.place})")


def check_made(
    rule: GuestRule, values: Mapping[str, Any], shapes: Sequence[tuple[int, ...]] = PLAIN_SHAPES
) -> None:
    """Raise the guest's own `UserError` if it refuses settings, or tensors of some shapes."""
    _check_made(rule, set_values(values), tuple(shapes))


def set_values(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return the values that are set, as a key: what is not a number equals nothing."""
    return tuple((name, value) for name, value in values.items() if value == value)


@functools.lru_cache(maxsize=1024)
def _check_made(
    rule: GuestRule, values: tuple[tuple[str, Any], ...], shapes: tuple[tuple[int, ...], ...]
) -> None:
    if rule.library == "optax":
        made_of_optax(rule, dict(values))
        return
    torch: Any = importlib.import_module("torch")
    parameters = [torch.nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in shapes]
    made_of_torch(rule, parameters, dict(values))


def tensor_shapes(table: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of the tensors of a table: see `kernels.authors.tensors.tensor_table`."""
    tensors = len(table) // 3
    sizes, heights = table[tensors + 1 : 2 * tensors + 1], table[2 * tensors + 1 :]
    return tuple(
        (height, size // height) if height else (size,)
        for size, height in zip(sizes.tolist(), heights.tolist(), strict=True)
    )


def refusal(rule: GuestRule, values: Mapping[str, Any], table: NDArray[np.int64]) -> str | None:
    """Say why a guest refuses the tensors of a problem, None if it takes them."""
    try:
        check_made(rule, values, tensor_shapes(table))
    except UserError as error:
        return str(error)
    return None
