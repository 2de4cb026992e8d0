"""What `MLP` and `Net` do alike from Python: the loss with its gradient, outputs, statistics."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.nets import evaluation
from optbench.nets.any_net import AnyNet
from optbench.nets.architecture import check_batch
from optbench.nets.evaluation import BatchStatistics
from optbench.nets.tape import modes
from optbench.nets.tape.integers import integers
from optbench.nets.tape.planned_net import PlannedNet
from optbench.nets.training import Training

PREDICTED = 4096
"""Examples that `predict` runs at once where nothing ties them together."""


class Evaluated(AnyNet, PlannedNet, Protocol):
    """A net to work with; its settings come from a base before this one."""

    def outputs(
        self, params: ArrayLike, X: ArrayLike, statistics: BatchStatistics | None = None
    ) -> list[NDArray[Any]]:
        """Return the outputs of every layer in evaluation, the last as `predict`."""

    def flat(self, X: ArrayLike) -> ArrayLike:
        """Return examples as rows, where they may come in another shape."""
        return X

    def integers(
        self,
        head: Sequence[int] | NDArray[np.int64],
        training: Training | None = None,
        at_once: int = 0,
        statistics: Literal["population", "running"] | None = None,
    ) -> NDArray[np.int64]:
        """Return the integers of the kernels, given the six of the data; see `tape.integers`."""
        return integers(self, head, at_once=at_once, statistics=statistics, training=training)

    def loss_and_grad(
        self,
        params: ArrayLike,
        X: ArrayLike,
        y: ArrayLike,
        training: bool = True,
        key: int = 0,
        statistics: BatchStatistics | None = None,
    ) -> tuple[float, NDArray[Any]]:
        """Return the loss over the examples, penalties included, and its gradient ``grad[P]``.

        Parameters
        ----------
        params : array [P]
        X : array [n, numbers of an example]
            Of a `Net` without lengths also in the shape of examples, [n, *input].
        y : array
            Class labels [n] for cross_entropy, [n, time] of a `Net` with outputs at every step;
            else the outputs to learn [n, n_out] ([n] will do if there is one).
        training : bool
            Whether units are dropped and batch normalisation uses the statistics of the
            (ghost) batch. In evaluation it uses `statistics`.
        key : int
            What the dropout masks are drawn from.
        statistics : list, optional
            Of batch normalisation, as `statistics` gives them; by default those of X.
        """
        X = evaluation.features(self, self.flat(X))
        if training and self.batch_normalised:
            check_batch(len(X), self.ghost_batch)
        mode = modes.ONE_BATCH if training else modes.ALL
        if statistics is not None and not training:
            mode = modes.FIXED
        Y = evaluation.answers(self, y, len(X))
        run = evaluation.run(self, params, X, Y, mode=mode, key=key, statistics=statistics)
        return run.loss, run.grad

    def predict(
        self, params: ArrayLike, X: ArrayLike, statistics: BatchStatistics | None = None
    ) -> NDArray[Any]:
        """Return the outputs [n, n_out]: probabilities for (binary) cross-entropy.

        Those of a `Net` with outputs at every step are [n, time, n_out].

        Parameters
        ----------
        params : array [P]
        X : array
            See `loss_and_grad`.
        statistics : list, optional
            Of batch normalisation, as `statistics` gives them; by default those of X.
        """
        X = evaluation.features(self, self.flat(X))
        tied_together = self.batch_normalised and statistics is None
        step = len(X) if tied_together else PREDICTED
        return np.concatenate(
            [self.outputs(params, X[i : i + step], statistics)[-1] for i in range(0, len(X), step)]
        )

    def statistics(self, params: ArrayLike, X: ArrayLike) -> BatchStatistics:
        """Return [(mean[n_out], var[n_out])] of what enters each batch normalisation for X.

        Layers are in order; the variance is the biased one. With the training examples as X these
        are the population statistics that `predict` should be given.
        """
        return evaluation.forward(self, params, self.flat(X)).statistics()
