"""What an optimizer needs of a training loop, and what no training loop can give it."""

import inspect
from typing import Any

from optbench.define.definitions import Part, Rule
from optbench.define.plugins import Folders
from optbench.errors import SettingError
from optbench.kernels.authors.rule_layout import argument_names
from optbench.rules import compose
from optbench.rules.compose import Optimizer


def composed(
    where: str, optimizer: str | Rule | Optimizer, folders: Folders, settings: dict[str, Any]
) -> Optimizer:
    """Return the optimizer that is asked for; its settings may also be keywords."""
    try:
        own = compose.optimizer(optimizer, folders).with_settings(**settings)
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from None
    if not own.compiled:
        raise SettingError(
            f"{where}: {own.name} is an optimizer of another library already; what is handed on is "
            "a rule of ours (`optbench list optimizers`)"
        )
    return own


def check_for_tensors(where: str, optimizer: Optimizer) -> None:
    """Refuse what does not work on tensors whose gradient alone is known.

    Raises
    ------
    SettingError
    """
    if optimizer.hessian_every:
        raise SettingError(
            f"{where}: {optimizer.name} takes products with the Hessian, which a training loop "
            "does not hand over; use it by optbench.as_scipy with hessp=, or by optbench.minimize"
        )
    for part in optimizer.parts:
        if part.surfaces_only:
            raise SettingError(
                f"{where}: {part.name} is for surfaces, where all coordinates are one vector; "
                "leave its settings out"
            )


def checked_steps(where: str, optimizer: Optimizer, steps: int | None) -> None:
    """Ask for the number of steps where something depends on it: schedules, shares of a run."""
    if steps is None and depends_on_steps(optimizer):
        raise SettingError(
            f"{where}: {optimizer.label} depends on the number of steps of the whole run; give "
            "steps=, for example steps=epochs * len(loader)"
        )


class _Unknown:
    """A number of steps that nobody knows: a share of 0 of it is 0, all else is refused."""

    def __mul__(self, share: float) -> float:
        if share == 0:
            return 0.0
        raise _AskedError

    __rmul__ = __mul__

    def __getattr__(self, name: str) -> Any:
        raise _AskedError


class _AskedError(Exception):
    """Somebody wants to know the number of steps."""


def depends_on_steps(optimizer: Optimizer) -> bool:
    """Whether what is done in a step depends on how many there will be."""
    return bool(optimizer.schedule) or any(
        _asks(part, optimizer) for part in optimizer.parts if "uniform" in part.functions
    )


def _asks(part: Part, optimizer: Optimizer) -> bool:
    """Whether a part's `uniform` computes with the number of steps, early or late in a run."""
    function = part.functions["uniform"]
    parameters = inspect.signature(function).parameters
    if "steps" not in parameters:
        return False
    for t in (1, 2, 1000):
        inputs = {**optimizer.values, "t": t, "steps": _Unknown()}
        try:
            function(*(inputs.get(name, each.default) for name, each in parameters.items()))
        except (_AskedError, TypeError):
            return True
    return False


def depends_on_value(optimizer: Optimizer) -> bool:
    """Whether a part looks at the value of f, not at its gradient alone."""
    return any("f" in argument_names(part) for part in optimizer.parts)
