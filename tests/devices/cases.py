"""Every rule and every problem, as the CUDA tests take them."""

from optbench.catalog import finding
from optbench.define.definitions import NetDefinition
from optbench.kernels.authors.rule_layout import takes_hessian
from optbench.rules import registry
from optbench.rules.wrappers_before import WRAPPERS

SURFACES = ("sphere", "rosenbrock", "noisy_quadratic")
RULES = ("gd", "adam", "gd[clip_norm=1]")


def problems():
    """Return the names of all surfaces."""
    known = finding.problems()
    return [
        name
        for name, found in known.items()
        if not isinstance(found, NetDefinition) and "g" in found.arguments
    ]


def rules():
    """Return the names of all rules, and of one rule with each wrapper."""
    alone = [name for name, rule in registry.optimizers().items() if not _for_the_cpu(rule)]
    wrapped = []
    for part in WRAPPERS:
        name, allowed = next((n, a) for n, a in part.hyper.items() if n != "lr")
        wrapped.append(f"gd[{name}={allowed.default:g}]")
    return alone + wrapped


def _for_the_cpu(rule):
    return rule.matrix or takes_hessian(rule)
