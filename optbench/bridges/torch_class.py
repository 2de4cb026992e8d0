"""`as_torch`: a rule as a class of optimizers for torch."""

import copyreg
from typing import TYPE_CHECKING, Any, cast

from optbench.bridges import requirements
from optbench.define.definitions import Rule
from optbench.define.plugins import Folders
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
    return _class_of(base)


class _RuleClass(type):
    """What such classes are: no module holds them by name, so they are pickled as their rule."""

    base: Optimizer


def _class_of(base: Optimizer) -> "type[torch.optim.Optimizer]":
    from optbench.bridges.torch_optimizer import RuleOptimizer

    members = {"base": base, "__doc__": base.source}
    return cast("type[RuleOptimizer]", _RuleClass(base.name, (RuleOptimizer,), members))


def _by_rule(own: _RuleClass) -> tuple[Any, tuple[Optimizer]]:
    return _class_of, (own.base,)


copyreg.pickle(_RuleClass, _by_rule)
