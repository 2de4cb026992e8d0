"""Losses that authors write: functions of one output and its answer, by number.

Each function has a number of this process, which stands in `q`; what tells one problem from another
is the function itself.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeAlias, cast

import numpy as np

from optbench.errors import SettingError
from optbench.kernels.authors.losses import check_loss, loss_block
from optbench.kernels.memory.operations import FIRST_LOSS, LOSSES, PLAIN, table
from optbench.nets import losses
from optbench.nets.checks import check_choice

Loss: TypeAlias = str | Callable[[float, float], float]

_NUMBERS: dict[Callable[..., Any], int] = {}


def checked(loss: Loss) -> Loss:
    """Return a loss, or refuse what is neither a name nor a function of two numbers."""
    if isinstance(loss, str) or not callable(loss):
        check_choice("loss", loss, tuple(losses.LOSSES))
    else:
        check_loss(loss)
    return loss


def name_of(loss: Loss) -> str:
    """Return what a loss is called."""
    return loss if isinstance(loss, str) else cast("FunctionType", loss).__name__


def number_of(loss: Loss) -> int:
    """Return the number of a loss: of a function, one of this process.

    Raises
    ------
    SettingError
        If a process has had too many functions.
    """
    if isinstance(loss, str):
        return losses.LOSSES[loss]
    if loss not in _NUMBERS and len(_NUMBERS) >= LOSSES:
        raise SettingError(
            f"more than {LOSSES} functions have been losses in this process: declare a loss once, "
            "outside of loops"
        )
    return _NUMBERS.setdefault(loss, FIRST_LOSS + len(_NUMBERS))


def load(loss: Loss, dtype: str) -> None:
    """Compile a loss that is a function, and let kernels of a dtype find it by its number."""
    if isinstance(loss, str):
        return
    number, addresses = number_of(loss), table(np.dtype(dtype))
    if not addresses[number]:
        addresses[number] = loss_block(cast("FunctionType", loss), dtype).address


def load_plain(loss: Loss) -> None:
    """Let plain Python run a loss that is a function: its slopes come from the compiled one."""
    if isinstance(loss, str):
        return
    function = cast("FunctionType", loss)

    def run(z: Any, slopes: Any, values: Any, y: Any) -> None:
        answers = np.zeros(z.shape[1], z.dtype)
        answers[: len(y)] = y
        loss_block(function, z.dtype.name)(z, slopes, values, answers, z.shape[1])

    PLAIN[number_of(loss)] = run
