"""Hutchinson's estimate of the Hessian's diagonal, for rules that take `hessian`.

E[z * H z] is the diagonal of H where the entries of z are independent signs (Bekas, Kokiopoulou and
Saad 2007, "An estimator for the diagonal of a matrix"; Yao et al. 2021, eq. 8). The signs of a step
are drawn by the block's key, like all draws; products are those of `authors.products`.
"""

import numpy as np

from optbench.define.draws import mix
from optbench.kernels.driver.passes import into_frame, out_of_frame
from optbench.kernels.driver.target import call_problem, place
from optbench.kernels.memory.calls import ProblemCall
from optbench.kernels.simd.access import with_rows

PURPOSE = np.uint64(0x48757463)
"""Tells these draws from those of rules and wrappers, which number theirs by tensor."""
TOP = np.uint64(63)


def sign_of(draw, i):
    """Return 1 or -1: the entry of z for coordinate i."""
    return 1.0 - 2.0 * float(mix(draw, i) >> TOP)


def estimate_hessian(run, at, t):
    """Write z * H z at x_t into the rows of the state that the rule has for it.

    In a frame x is z = c + M (x - s - c), so that the product is M' (H (M v)).
    """
    surface, scratch, row = run.surface, run.scratch, run.plan.hessian
    key, x = run.lanes.key[run.block], at.x
    d, framed, turned = x.shape[0], surface.shift.shape[0] > 0, surface.matrix.shape[0] > 0
    product, direction, signs = (
        scratch.state[row], scratch.state[row + 1], scratch.state[row + 2],
    )  # fmt: skip
    draw = mix(mix(~key[0], t), PURPOSE)
    for i in range(d):
        for lane in range(x.shape[1]):
            signs[i, lane] = sign_of(draw, i)
    for i in range(d):
        if turned:
            moved = signs[0, 0] * surface.matrix[i, 0]
            for k in range(1, d):
                moved += signs[k, 0] * surface.matrix[i, k]
        else:
            moved = signs[i, 0] * surface.stretch
        for lane in range(x.shape[1]):
            direction[i, lane] = moved
    point = x
    if framed:
        into_frame(
            x, surface.shift, surface.centre, surface.matrix, surface.stretch, scratch.z, scratch.gz
        )
        point = scratch.z
    value = scratch.metrics[0]  # nobody asks for it
    call = ProblemCall(
        point, with_rows(product, 3 * d), value, surface.p, surface.q, scratch.work, key
    )
    call_problem(run.products, place(call), t, run.plan.full_batch)
    if turned:
        out_of_frame(product, surface.matrix, direction)
    for i in range(d):
        sign = sign_of(draw, i)
        for lane in range(x.shape[1]):
            back = direction[i, lane] if turned else product[i, lane] * surface.stretch
            product[i, lane] = back * sign


HESSIAN = (sign_of, estimate_hessian)
"""Callees before their callers."""


def no_estimate(run, at, t):
    """Stand for `estimate_hessian` where no rule asks for it."""
