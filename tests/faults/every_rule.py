"""Every rule and wrapper of the catalog, by a text that `optbench.optimizer` takes."""

import optbench

RULES = optbench.optimizers()
WRAPPED = [
    "gd[sam_rho=0.5]", "gd[noise_eta=0.01]", "gd[centralise=true]", "gd[clip_value=1]",
    "gd[clip_norm=1]", "gd[l2=0.1]", "gd[l1=0.1]", "gd[plateau_factor=0.5]", "gd[cautious=true]",
    "gd[decay=0.1]", "gd[l1_prox=0.1]", "gd[lookahead_steps=2]", "gd[ema=0.9]", "gd[tail=0.5]",
]  # fmt: skip
EVERY = [*RULES, *WRAPPED]


def shape_of(spec):
    """Return the shape that a matrix rule needs."""
    return [(2, 3)] if optbench.optimizer(spec).rule.matrix else None
