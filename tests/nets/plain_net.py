"""Running a `Net` in plain Python, on NumPy arrays: nothing is compiled."""

import numpy as np

from optbench.nets import author_losses, evaluation, objective
from optbench.nets.tape import modes


def plain_run(net, params, X, y, mode=modes.ONE_BATCH, key=0, work=None, t=0):
    """Return loss, gradient [P], work and q of a net on examples, as `objective.problem` gives."""
    author_losses.load_plain(net.loss)
    rows = evaluation.features(net, net.flat(X))
    Y = net.labelled(rows, evaluation.answers(net, y, len(rows)))
    q = net.integers([len(rows), 0, 0, net.n_in, net.n_out, 0], at_once=len(rows))
    p = np.concatenate([rows.ravel(), Y.ravel(), net.coefficients]).astype(net.dtype)
    work = np.full(q[-1], np.nan, net.dtype) if work is None else work
    work[0] = 0.0
    x = np.asarray(params, net.dtype).reshape(-1, 64)
    g, f = np.full_like(x, np.nan), np.empty(64, net.dtype)
    keys = np.full(64, key, np.uint64)
    with np.errstate(over="ignore"):  # keys wrap around
        objective.problem(x, g, f, p, q, work, keys, t, mode)
    return float(f[0]), g.ravel(), work, q


def plain_loss_and_grad(net, params, X, y, mode=modes.ONE_BATCH, key=0):
    """Return loss and gradient [P] of a net on examples."""
    return plain_run(net, params, X, y, mode, key)[:2]
