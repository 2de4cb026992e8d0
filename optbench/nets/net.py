"""`Net`: a net of layers to work with from Python, on the engine's own kernels."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench import gate
from optbench.define.draws import stream_key
from optbench.nets import evaluation, watching
from optbench.nets.any_net import Watched
from optbench.nets.evaluated import Evaluated
from optbench.nets.evaluation import BatchStatistics
from optbench.nets.layered import LayeredSettings
from optbench.nets.tape.initial import initial
from optbench.nets.tape.integers import tape_of


class Net(LayeredSettings, Evaluated):
    """A net of layers, and a loss.

    Parameters are one vector ``params[P]``, in which every tensor is padded with zeros to a
    multiple of 64; `unflatten` shows them layer by layer, as torch has them.

    Parameters
    ----------
    layers : sequence of Layer
        See `optbench.nets.layers`. The last value is of shape (n_out,), or for cross_entropy (time,
        n_out): then a label at every step is wanted, and the loss is the mean over all of them.
        Where lengths are known steps after an example's end count for nothing, whatever label is
        given there.
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

    def flat(self, X: ArrayLike) -> NDArray[Any]:
        """Return examples as rows: of shape ``[n, *input]`` they may come without lengths alone."""
        array = np.asarray(X)
        if not self.lengths and array.shape[1:] == self.input and array.ndim > 2:
            return array.reshape(len(array), -1)
        return array

    def watched(self, params: ArrayLike, X: ArrayLike) -> list[Watched]:
        """Return what there is to see of each layer, in evaluation; see `watching`."""
        run = evaluation.forward(self, params, self.flat(X))
        return watching.watched(tape_of(self, run.q, run.rows), run, np.asarray(params))

    def weights(self, params: NDArray[Any]) -> list[NDArray[Any]]:
        """Return all weights of each layer of `watched`, one after the other."""
        return watching.weights(self.probe, params)

    def outputs(
        self, params: ArrayLike, X: ArrayLike, statistics: BatchStatistics | None = None
    ) -> list[NDArray[Any]]:
        """Return the outputs ``[n, *shape]`` of every layer in evaluation, the last as `predict`.

        Those of a layer that the next one takes over (a dense layer before an activation) are the
        next one's.
        """
        run = evaluation.forward(self, params, self.flat(X), statistics)
        return run.values(tape_of(self, run.q, run.rows).outputs)
