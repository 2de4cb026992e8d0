"""Matrix rules, which of them share their parts with others, and how they replay."""

from functools import cache

import optbench

from .references.matrices import CASES, SHAPES, inputs
from .references.orthogonal import ROWS as ORTHOGONAL
from .references.preconditioned import ROWS as PRECONDITIONED

RULES = [name for name, rule in optbench.optimizers().items() if rule.matrix]
DESCENDANTS = {row.rule for row in (ORTHOGONAL | PRECONDITIONED).values()}
"""Rules that share their parts with others: what compiles much is for `make conformance`."""


@cache
def replayed(case_id):
    """Return points and state of a case over its thousand gradients."""
    case = next(case for case in CASES if case.id == case_id)
    gradients, start = inputs()
    return optbench.replay(
        case.rule, gradients, start, shape=SHAPES, return_state=True, **case.settings
    )
