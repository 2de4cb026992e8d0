"""`as_torch`: a rule as a class of optimizers for torch."""

from typing import TYPE_CHECKING, Any

from optbench.bridges import requirements
from optbench.define.definitions import Rule
from optbench.define.plugins import Folders
from optbench.errors import UserError
from optbench.rules.compose import Optimizer

if TYPE_CHECKING:
    import torch


def as_torch(
    optimizer: str | Rule | Optimizer, *, folders: Folders = (), **settings: Any
) -> "type[torch.optim.Optimizer]":
    """Return a rule as a class of torch's optimizers.

    Objects of it are made as torch's own are, ``as_torch("adam")(model.parameters(), lr=1e-3)``,
    with param groups, `state_dict` and torch's schedulers of ``lr``. A group is a lane: norms that
    a rule or a wrapper takes of all coordinates (``clip_norm``, SAM's) are those of a group. Rules
    that look at the loss, or take two gradients a step, need ``step(closure)``. `eval()` and
    `train()` go to the reported point and back, where a rule reports another than it moves.

    Parameters
    ----------
    optimizer : str, Rule or Optimizer
        A name ("adam"), a name with settings ("adam[beta1=0.8,clip_norm=1]") or an object.
    folders : path or sequence of path
        Folders with rules of the user's own.
    **settings : float or str
        Defaults of the class: hyperparameters, settings of wrappers and of schedules.

    Raises
    ------
    UserError
        If a name or a setting is wrong, torch is missing, or the rule needs more than gradients.
    """
    base = requirements.composed("as_torch", optimizer, folders, settings)
    requirements.check_for_tensors("as_torch", base)
    try:
        from optbench.bridges.torch_optimizer import class_of
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UserError("as_torch needs torch, which is not installed: pip install torch") from None
    return class_of(base)
