"""`MLP`: a multilayer perceptron to work with from Python, on the engine's own kernels."""

import functools
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench import gate
from optbench.define.draws import stream_key
from optbench.nets import evaluation, packing
from optbench.nets.activations import lower_slope
from optbench.nets.any_net import Watched
from optbench.nets.evaluated import Evaluated
from optbench.nets.evaluation import BatchStatistics
from optbench.nets.initialisers import initial
from optbench.nets.net_settings import NetSettings
from optbench.nets.perceptron import PerceptronTape
from optbench.nets.tape.integers import tape_of


class MLP(NetSettings, Evaluated):
    """A multilayer perceptron: dense layers with all that may follow them, and a loss.

    A hidden layer computes ``h = A @ W + b``, normalises h if it has a norm, applies the
    activation, drops units in training, and adds A if the net is residual. Parameters are one
    vector ``params[P]``, in which every tensor is padded with zeros to a multiple of 64;
    `unflatten` shows weights and biases layer by layer, `extras` the other ones.

    Parameters
    ----------
    sizes : sequence of int
        Units of every layer, input and output included.
    activation : str or sequence of str
        Of all hidden layers, or of each: linear, relu, leaky_relu (slope 0.01), prelu (a learnt
        slope a layer, 0.25 at first), sigmoid, tanh, elu, gelu (by erf), silu, softplus.
    loss : str or function
        cross_entropy (softmax, class labels), averaged over the examples; or, averaged over all
        elements, mse, mae, huber (quadratic up to 1), binary_cross_entropy (sigmoid), or a function
        ``loss(z, y)`` of one output and its answer, differentiated by dual numbers.
    batch_norm : bool or sequence of bool
        Which hidden layers are normalised over the batch.
    dropout : float or sequence of float
        Probability to drop a hidden unit; or of every layer, the input first.
    residual : bool
        Whether hidden layers with as many inputs as outputs add their input to their output.
    l1, l2 : float
        The loss gets ``l1 / (2 m) sum |w| + l2 / (2 m) sum w^2`` for m training examples.
    layer_norm : bool or sequence of bool
        Which hidden layers are normalised over their units.
    label_smoothing : float
        Share of the label that is spread evenly over all classes; for cross_entropy.
    shared, tied : dict of int to int
        {layer: earlier layer} whose weights it uses: with its biases if shared, transposed if
        tied. Layers are numbered 1, 2, ...
    ghost_batch : int
        Examples that share their batch statistics in training; 0: all of them.
    bn_eval : {"population", "running"}
        Statistics of batch normalisation on held-out data: of all training examples, or running
        ones.
    decay_biases : bool
        Whether l1 and l2 hold for biases too.
    dtype : {"float64", "float32"}

    Raises
    ------
    SettingError
        If an argument is not allowed; the message says what is. It is a ValueError.
    """

    def init(self, seed: int, scheme: str = "he_normal", gain: float = 1.0) -> NDArray[Any]:
        """Return random initial ``params[P]``; biases are zero.

        Parameters
        ----------
        seed : int
        scheme : str
            he_normal (variance 2 / n_in; also xavier2), he_uniform, xavier_normal,
            xavier_uniform (2 / (n_in + n_out)), lecun_normal (1 / n_in), orthogonal, uniform (up
            to 1 / sqrt(n_in)), normal (standard deviation 0.01), constant (1), zeros.
        gain : float
            Factor of the weights.
        """
        return self.init_from(stream_key("mlp", gate.whole("seed", seed)), scheme, gain)

    def init_from(
        self, key: int | np.uint64, scheme: str = "he_normal", gain: float = 1.0
    ) -> NDArray[Any]:
        """Return `init` for the key of a random stream."""
        return initial(self.architecture.layers, key, scheme=scheme, gain=gain, dtype=self.dtype)

    def _tensor(
        self, params: NDArray[Any], layer: int, name: str, shape: tuple[int, ...]
    ) -> NDArray[Any]:
        start = self._places[layer, name]
        return params[start : start + int(np.prod(shape))].reshape(shape)

    @functools.cached_property
    def _places(self) -> dict[tuple[int, str], int]:
        return packing.places(self.architecture.layers)

    def unflatten(self, params: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """Return ``[(W[n_in, n_out], b[n_out]), ...]``: views of `params`, without the padding.

        Layers with shared or tied weights show those of their owner.
        """
        params = np.asarray(params)
        self.check_params(params)
        pairs = []
        for number, layer in enumerate(self.architecture.layers, 1):
            shape = (layer.n_out, layer.n_in) if layer.turned else (layer.n_in, layer.n_out)
            W = self._tensor(params, number, "W", shape)
            b = self._tensor(params, number, "b", (layer.n_out,))
            pairs.append((W.T if layer.turned else W, b))
        return pairs

    def extras(self, params: NDArray[Any]) -> list[dict[str, NDArray[Any]]]:
        """Return the other parameters of every layer as dicts of views.

        They have ``gamma[n_out]`` and ``beta[n_out]`` of a normalised layer and ``slope[1]`` of a
        PReLU.
        """
        params = np.asarray(params)
        self.check_params(params)
        layers = self.architecture.layers
        tensors: list[dict[str, NDArray[Any]]] = [{} for _ in layers]
        for number, name, length in packing.tensors(layers):
            if name not in ("W", "b"):
                tensors[number - 1][name] = self._tensor(params, number, name, (length,))
        return tensors

    def outputs(
        self, params: ArrayLike, X: ArrayLike, statistics: BatchStatistics | None = None
    ) -> list[NDArray[Any]]:
        """Return the outputs [n, n_out] of every layer in evaluation, the last as `predict`."""
        run = evaluation.forward(self, params, X, statistics)
        return run.values(tape_of(self, run.q, run.rows).outputs)

    def watched(self, params: ArrayLike, X: ArrayLike) -> list[Watched]:
        """Return what there is to see of each layer, in evaluation; see `any_net.Watched`."""
        run, layers = evaluation.forward(self, params, X), self.architecture.layers
        tape = cast("PerceptronTape", tape_of(self, run.q, run.rows))
        extras = self.extras(np.asarray(params))
        outputs, operands = run.values(tape.outputs), run.values(tape.operands)
        seen = []
        for i, layer in enumerate(layers[:-1]):
            low = lower_slope(layer.activation, *map(float, extras[i].get("slope", ())))
            name = f"layer {i + 1}"
            seen.append(Watched(i + 1, name, outputs[i], layer.activation, low, operands[i]))
        return [*seen, Watched(len(layers), f"layer {len(layers)}", outputs[-1])]

    def weights(self, params: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the weights [n_in, n_out] of each layer, views."""
        return [W for W, _ in self.unflatten(params)]
