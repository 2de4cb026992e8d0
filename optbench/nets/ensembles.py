"""Ensembles: the mean prediction of several nets, such as the lanes of one run."""

import numpy as np

from optbench import gate
from optbench.errors import SettingError
from optbench.nets.losses import LOSSES, element_loss
from optbench.nets.packing import TARGETS

PARTS = 3


def ensemble(problem, members):
    """Return loss and accuracy of the mean prediction on the parts of the data.

    Parameters
    ----------
    problem : Problem
        An instance of a net: the one that the members were trained on, or their test part is none.
    members : array [k, P]
        Parameters, such as ``minimize(...).x``.

    Returns
    -------
    array [6]
        Loss and accuracy on the training, validation and test part, in the order of
        ``minimize(...).records.metrics``. The loss is that of the mean probabilities (or outputs),
        without penalties and label smoothing; the accuracy of a regression is NaN.

    Raises
    ------
    SettingError
        If the problem is no net.

    Notes
    -----
    With batch normalisation each member has the statistics of all training examples.
    """
    if problem.net is None:
        raise SettingError(f"{problem.name} is no net; ensembles average the predictions of nets")
    net, p, q = problem.net.net, problem.placement.p, problem.placement.q
    counts, k, m = q[:PARTS], int(q[3]), int(q[TARGETS])
    n, ends = int(counts.sum()), np.cumsum(counts)
    X, Y = p[: n * k].reshape(n, k), p[n * k : n * (k + m)].reshape(n, m)
    members = np.atleast_2d(gate.reals("members", members))
    if not members.size:
        raise SettingError("an ensemble needs at least one member")
    mean = np.zeros((n, net.sizes[-1]))
    for params in members:
        known = net.statistics(params, X[: counts[0]]) if net.batch_normalised else None
        mean += net.predict(params, X, known) / len(members)
    losses, right = _judged(net.loss, mean, Y)
    spans = zip(ends - counts, ends, strict=True)
    return np.array([v[a:b].mean() for a, b in spans for v in (losses, right)])


def _judged(loss, guesses, Y):
    """Return the losses of all examples, and whether they are classified rightly (1, 0 or NaN)."""
    if loss == "cross_entropy":
        labels = Y[:, 0].astype(int)
        likely = guesses[np.arange(len(Y)), labels]
        return -np.log(likely), (guesses.argmax(axis=1) == labels).astype(float)
    if loss == "binary_cross_entropy":
        likely = np.where(Y > 0.5, guesses, 1.0 - guesses)
        right = ((guesses > 0.5) == (Y > 0.5)).all(axis=1)
        return -np.log(likely).mean(axis=1), right.astype(float)
    each = np.vectorize(lambda z, y: element_loss(LOSSES[loss], z, y))
    return each(guesses, Y).mean(axis=1), np.full(len(Y), np.nan)
