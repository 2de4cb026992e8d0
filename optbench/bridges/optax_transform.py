"""`as_optax`: a rule as a gradient transformation for JAX."""

from typing import TYPE_CHECKING, Any

from optbench import gate
from optbench.bridges import requirements
from optbench.define.definitions import Rule
from optbench.define.plugins import Folders
from optbench.rules.compose import Optimizer

if TYPE_CHECKING:
    import optax


def as_optax(
    optimizer: str | Rule | Optimizer, lr: Any = None, *, steps: int | None = None, seed: int = 0,
    folders: Folders = (), **settings: Any,
) -> "optax.GradientTransformationExtraArgs":  # fmt: skip
    """Return a rule as a gradient transformation of optax, rate and sign included.

    ``update(grads, state, params)`` wants the parameters, and ``value=loss`` for rules that look at
    it. A call consumes one gradient: SAM's odd calls go to the point of the second one, its even
    ones take the step. ``state.reported(params)`` is the point that the rule reports. The rule runs
    on the host, in `jax.pure_callback`, inside of `jit` and `scan` too.

    Parameters
    ----------
    optimizer : str, Rule or Optimizer
        A name ("adam"), a name with settings ("adam[beta1=0.8,clip_norm=1]") or an object.
    lr : float or callable, optional
        The learning rate, or one of optax's schedules; the rule's own by default.
    steps : int, optional
        Of the whole run; needed where a schedule of ours or a setting is a share of it.
    seed : int
        Of rules and wrappers that draw.
    folders : path or sequence of path
        Folders with rules of the user's own.
    **settings : float or str
        Hyperparameters, settings of wrappers and of schedules.

    Raises
    ------
    UserError
        If a name or a setting is wrong, JAX or optax is missing, or the rule needs more than
        gradients.
    """
    base = requirements.composed("as_optax", optimizer, folders, settings)
    requirements.check_for_tensors("as_optax", base)
    requirements.checked_steps("as_optax", base, steps)
    from optbench.bridges.jax_transform import Transform

    whole = None if steps is None else gate.whole("as_optax: steps", steps, low=1)
    rate = base.lr if lr is None else lr
    return Transform(base, rate, whole, gate.whole("as_optax: seed", seed)).pair()
