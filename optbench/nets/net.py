"""`Net`: a net of layers to work with from Python, on the engine's own kernels."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench import gate
from optbench.define.draws import stream_key
from optbench.nets import evaluation, watching
from optbench.nets.any_net import Watched
from optbench.nets.architecture import check_batch
from optbench.nets.evaluation import BatchStatistics
from optbench.nets.layered import LayeredSettings
from optbench.nets.tape import modes
from optbench.nets.tape.initial import initial
from optbench.nets.tape.integers import integers, laid_out
from optbench.nets.tape.values import Value
from optbench.nets.training import Training

PREDICTED = 4096
"""Examples that `Net.predict` runs at once where nothing ties them together."""


class Net(LayeredSettings):
    """A net of layers, and a loss.

    Parameters are one vector ``params[P]``, in which every tensor is padded with zeros to a
    multiple of 64; `unflatten` shows them layer by layer, as torch has them.

    Parameters
    ----------
    layers : sequence of Layer
        See `optbench.nets.layers`. The last value is of shape (n_out,), or for cross_entropy (time,
        n_out): then a label at every step is wanted, and the loss is the mean over all of them.
    input : int or sequence of int
        Shape of one example: n or (n,); (height, width, channels) of images, (time, features) of
        sequences, (time,) of tokens. A row of X holds its numbers in that order.
    loss : str or function
        See `optbench.nets.MLP`.
    dtype : {"float64", "float32"}
    lengths : bool
        Whether a row of X has one more number at its end: the number of valid time steps.
    l1, l2, label_smoothing, ghost_batch, bn_eval, decay_biases
        See `optbench.nets.MLP`.

    Raises
    ------
    SettingError
        If an argument is not allowed, or a layer does not take what comes: the message says which
        layer, what came and what was expected. It is a ValueError.
    """

    def integers(
        self,
        head: Sequence[int] | NDArray[np.int64],
        training: Training | None = None,
        at_once: int = 0,
        statistics: Literal["population", "running"] | None = None,
    ) -> NDArray[np.int64]:
        """Return the integers of the kernels, given the six of the data; see `tape.integers`."""
        return integers(self, head, at_once=at_once, statistics=statistics, training=training)

    def init(self, seed: int, scheme: str = "torch", gain: float = 1.0) -> NDArray[Any]:
        """Return random initial ``params[P]``.

        Parameters
        ----------
        seed : int
        scheme : str
            "torch": each tensor as torch starts it, see the layers. Or a scheme of `MLP.init`, by
            which weights are drawn; biases are then 0.
        gain : float
            Factor of the weights.
        """
        return self.init_from(stream_key("net", gate.whole("seed", seed)), scheme, gain)

    def init_from(
        self, key: int | np.uint64, scheme: str = "torch", gain: float = 1.0
    ) -> NDArray[Any]:
        """Return `init` for the key of a random stream."""
        return initial(self.placed, self.dim, key, scheme=scheme, gain=gain, dtype=self.dtype)

    def unflatten(self, params: NDArray[Any]) -> list[dict[str, NDArray[Any]]]:
        """Return the tensors of every layer as torch has them: {name: view of `params`}.

        Those of layers inside of layers are called ``1.weight``; shared ones are with every layer
        that has them.
        """
        params = np.asarray(params)
        self.check_params(params)
        shown: list[dict[str, NDArray[Any]]] = [{} for _ in self.layers]
        for layer, name, key in self.probe.names:
            placed = self.probe.placed[key]
            tensor = placed.tensor
            view = params[placed.place : placed.place + tensor.size].reshape(tensor.shape)
            shown[layer - 1][name] = view.transpose(tensor.axes) if tensor.axes else view
        return shown

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

        The parameters are those of `MLP.loss_and_grad`; X is [n, numbers of an example], or has the
        shape of examples, [n, *input].
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

    def flat(self, X: ArrayLike) -> NDArray[Any]:
        """Return examples as rows: of shape [n, *input] they may come without lengths alone."""
        array = np.asarray(X)
        if not self.lengths and array.shape[1:] == self.input and array.ndim > 2:
            return array.reshape(len(array), -1)
        return array

    def predict(
        self, params: ArrayLike, X: ArrayLike, statistics: BatchStatistics | None = None
    ) -> NDArray[Any]:
        """Return the outputs [n, n_out] or [n, time, n_out]: probabilities for cross-entropies.

        The parameters are those of `loss_and_grad`.
        """
        X = evaluation.features(self, self.flat(X))
        tied_together = self.batch_normalised and statistics is None
        step = len(X) if tied_together else PREDICTED
        return np.concatenate(
            [self.outputs(params, X[i : i + step], statistics)[-1] for i in range(0, len(X), step)]
        )

    def watched(self, params: ArrayLike, X: ArrayLike) -> list[Watched]:
        """Return what there is to see of each layer, in evaluation; see `watching`."""
        run = evaluation.forward(self, params, self.flat(X))
        tape, point = laid_out(self, run.q[:6], run.rows).tape, np.asarray(params)
        return watching.watched(tape, run, point)

    def weights(self, params: NDArray[Any]) -> list[NDArray[Any]]:
        """Return all weights of each layer of `watched`, one after the other."""
        return watching.weights(self.probe, params)

    def outputs(
        self, params: ArrayLike, X: ArrayLike, statistics: BatchStatistics | None = None
    ) -> list[NDArray[Any]]:
        """Return the outputs [n, *shape] of every layer in evaluation, the last as `predict`.

        Those of a layer that the next one takes over (a dense layer before an activation) are the
        next one's.
        """
        run = evaluation.forward(self, params, self.flat(X), statistics)
        return run.values(self.planned_at(run.q, run.rows))

    def planned_at(self, q: NDArray[np.int64], rows: int) -> list[Value]:
        """Return the values that the layers give, in `work` of integers for so many examples."""
        return laid_out(self, q[:6], rows).tape.outputs

    def statistics(self, params: ArrayLike, X: ArrayLike) -> BatchStatistics:
        """Return [(mean, var)] of what enters each batch normalisation for X, in order.

        See `MLP.statistics`.
        """
        return evaluation.forward(self, params, self.flat(X)).statistics()
