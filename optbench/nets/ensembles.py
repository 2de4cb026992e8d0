"""Ensembles: the mean prediction of several nets, such as the lanes of one run."""

import functools
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench import gate
from optbench.errors import SettingError
from optbench.kernels.status import PARTS
from optbench.nets.author_losses import Loss
from optbench.nets.data import TRAIN
from optbench.nets.losses import LOSSES, element_loss
from optbench.nets.net_problem import NetProblem
from optbench.nets.packing import ANSWERS, FEATURES


class Placement(Protocol):
    """Where an instance keeps its data, see `packing`."""

    @property
    def p(self) -> NDArray[np.float64]:
        """Data."""

    @property
    def q(self) -> NDArray[np.int64]:
        """Integers."""


class Problem(Protocol):
    """What `ensemble` needs of an instance of a problem."""

    @property
    def name(self) -> str:
        """Name of the problem."""

    @property
    def kind(self) -> str:
        """The kind of problem; nets are of the kind "net"."""

    @property
    def net(self) -> NetProblem:
        """The net, if it is one."""

    @property
    def placement(self) -> Placement:
        """Where its data are."""


def ensemble(problem: Problem, members: ArrayLike) -> NDArray[np.float64]:
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
    if problem.kind != "net":
        raise SettingError(f"{problem.name} is no net; ensembles average the predictions of nets")
    net, p, q = problem.net.net, problem.placement.p, problem.placement.q
    counts, k, m = q[:PARTS], int(q[FEATURES]), int(q[ANSWERS])
    n, ends = int(counts.sum()), np.cumsum(counts)
    X, Y = p[: n * k].reshape(n, k), p[n * k : n * (k + m)].reshape(n, m)
    members = np.atleast_2d(gate.reals("members", members))
    if not members.size:
        raise SettingError("an ensemble needs at least one member")
    mean = np.zeros((n, net.n_out))
    for params in members:
        training = X[: counts[TRAIN]]
        statistics = net.statistics(params, training) if net.batch_normalised else None
        mean += net.predict(params, X, statistics) / len(members)
    losses, right = _scores(net.loss, mean, Y)
    parts = zip(ends - counts, ends, strict=True)
    return np.array([v[a:b].mean() for a, b in parts for v in (losses, right)])


def _scores(
    loss: Loss, predictions: NDArray[np.float64], Y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the losses of all examples, and whether they are classified rightly (1, 0 or NaN)."""
    if loss == "cross_entropy":
        labels = Y[:, 0].astype(int)
        probabilities = predictions[np.arange(len(Y)), labels]
        return -np.log(probabilities), (predictions.argmax(axis=1) == labels).astype(float)
    if loss == "binary_cross_entropy":
        probabilities = np.where(Y > 0.5, predictions, 1.0 - predictions)
        right = ((predictions > 0.5) == (Y > 0.5)).all(axis=1)
        return -np.log(probabilities).mean(axis=1), right.astype(float)
    element = functools.partial(element_loss, LOSSES[loss]) if isinstance(loss, str) else loss
    return np.vectorize(element)(predictions, Y).mean(axis=1), np.full(len(Y), np.nan)
