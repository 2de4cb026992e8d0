"""`MLP`: a multilayer perceptron to work with from Python, on the engine's own kernels."""

import functools
from dataclasses import dataclass, field

import numpy as np

from optbench import gate
from optbench.define.draws import stream_key
from optbench.errors import SettingError
from optbench.kernels.memory.capacity import check_memory
from optbench.nets import evaluation, forward_backward, packing
from optbench.nets.architecture import (
    BATCH_NORM,
    checked_batch,
    checked_ghost,
    checked_loss,
    checked_penalty,
    checked_sizes,
    checked_switch,
    layers_of,
    one_of,
)
from optbench.nets.initialisers import initial
from optbench.nets.losses import LOSSES, target_width
from optbench.nets.norms import EPS

_STATISTICS = {"population": packing.POPULATION, "running": packing.RUNNING}
PREDICTED = 4096
"""Examples that `MLP.predict` runs at once where nothing ties them together."""


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron: dense layers with all that may follow them, and a loss.

    A hidden layer computes ``h = A @ W + b``, normalises h if it is told to, applies the
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
    loss : str
        cross_entropy (softmax, class labels), averaged over the examples; or, averaged over all
        elements, mse, mae, huber (quadratic up to 1), binary_cross_entropy (sigmoid).
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
        Share of the target that is spread evenly over all classes; for cross_entropy.
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

    sizes: tuple
    activation: str | tuple = "relu"
    loss: str = "cross_entropy"
    batch_norm: bool | tuple = False
    dropout: float | tuple = 0.0
    residual: bool = False
    l1: float = 0.0
    l2: float = 0.0
    dtype: str = "float64"
    layer_norm: bool | tuple = field(default=False, kw_only=True)
    label_smoothing: float = field(default=0.0, kw_only=True)
    shared: dict = field(default_factory=dict, kw_only=True)
    tied: dict = field(default_factory=dict, kw_only=True)
    ghost_batch: int = field(default=0, kw_only=True)
    bn_eval: str = field(default="population", kw_only=True)
    decay_biases: bool = field(default=False, kw_only=True)
    structure: tuple = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        def fix(name, value):
            object.__setattr__(self, name, value)

        for name in ("activation", "batch_norm", "dropout", "layer_norm"):
            value = getattr(self, name)
            if not isinstance(value, str) and hasattr(value, "__len__"):
                fix(name, tuple(value))
        fix("sizes", checked_sizes(self.sizes))
        fix("dtype", gate.precision(self.dtype))
        one_of("bn_eval", self.bn_eval, tuple(_STATISTICS))
        fix("label_smoothing", checked_loss(self.loss, self.sizes[-1], self.label_smoothing))
        fix("l1", checked_penalty("l1", self.l1))
        fix("l2", checked_penalty("l2", self.l2))
        fix("ghost_batch", checked_ghost(self.ghost_batch))
        checked_switch("decay_biases", self.decay_biases)
        layers = layers_of(
            self.sizes, self.activation, self.batch_norm, self.layer_norm, self.dropout,
            self.residual, self.shared, self.tied,
        )  # fmt: skip
        fix("structure", layers)
        needed = int(self.layers[-1]) * packing.LANES * np.dtype(self.dtype).itemsize
        check_memory(f"a net of sizes {gate.shown(self.sizes)}", needed, "sizes")
        if self.ghost_batch and not self.batch_normalised:
            raise SettingError("ghost_batch divides batches for batch_norm, which is off")

    def __hash__(self):
        return hash((self.sizes, self.loss, self.dtype, self.structure))

    @property
    def batch_normalised(self):
        """Whether a layer has batch normalisation."""
        return any(layer.norm == BATCH_NORM for layer in self.structure[1])

    @property
    def layers(self):
        """First rows of all tensors (see `packing`) and the number of rows, in rows of 64."""
        return packing.row_offsets(self.structure[1])

    @property
    def target_width(self):
        """How many numbers the target of one example has."""
        return target_width(LOSSES[self.loss], self.sizes[-1])

    @property
    def coefficients(self):
        """The numbers that follow the data in ``p``; see `packing`."""
        numbers = np.zeros(packing.COEFFICIENTS, self.dtype)
        numbers[[packing.L1, packing.L2]] = self.l1, self.l2
        numbers[packing.SMOOTHING] = self.label_smoothing
        return numbers

    def integers(self, head, at_once=0, statistics=None, training=None):
        """Return the integers of the kernels (see `packing`), given the six of the data.

        `training` is a `training.Training`, or None where only examples as they are matter.

        Raises
        ------
        SettingError
            If batch normalisation meets a batch of one.
        """
        self._check_batch(int(head[5]))
        drop, layers = self.structure
        return packing.integers(
            head, LOSSES[self.loss], self.target_width, drop, layers,
            statistics=_STATISTICS[statistics or self.bn_eval], ghost=self.ghost_batch,
            penalized=1 + self.decay_biases, at_once=at_once, training=training,
        )  # fmt: skip

    def _check_batch(self, rows):
        if self.batch_normalised:
            checked_batch(rows, self.ghost_batch)

    def init(self, seed, scheme="he_normal", gain=1.0):
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

    def init_from(self, key, scheme="he_normal", gain=1.0):
        """Return `init` for the key of a random stream."""
        return initial(self.structure[1], key, scheme, gain, self.dtype)

    def _tensor(self, params, layer, name, shape):
        start = self._places[layer, name]
        return params[start : start + int(np.prod(shape))].reshape(shape)

    @functools.cached_property
    def _places(self):
        return packing.places(self.structure[1])

    def unflatten(self, params):
        """Return ``[(W[n_in, n_out], b[n_out]), ...]``: views of `params`, without the padding.

        Layers with shared or tied weights show those of their owner.
        """
        params = self._checked(np.asarray(params))
        pairs = []
        for number, layer in enumerate(self.structure[1], 1):
            shape = (layer.n_out, layer.n_in) if layer.turned else (layer.n_in, layer.n_out)
            W = self._tensor(params, number, "W", shape)
            b = self._tensor(params, number, "b", (layer.n_out,))
            pairs.append((W.T if layer.turned else W, b))
        return pairs

    def extras(self, params):
        """Return the other parameters of every layer as dicts of views.

        They have ``gamma[n_out]`` and ``beta[n_out]`` of a normalised layer and ``slope[1]`` of a
        PReLU.
        """
        params = self._checked(np.asarray(params))
        found = [{} for _ in self.structure[1]]
        for number, name, length in packing.tensors(self.structure[1]):
            if name not in ("W", "b"):
                found[number - 1][name] = self._tensor(params, number, name, (length,))
        return found

    def loss_and_grad(self, params, X, y, training=True, key=0, statistics=None):
        """Return the loss over the examples, penalties included, and its gradient ``grad[P]``.

        Parameters
        ----------
        params : array [P]
        X : array [n, sizes[0]]
        y : array
            Class labels [n] for cross_entropy; else wanted outputs [n, sizes[-1]] ([n] will do
            if there is one output).
        training : bool
            Whether units are dropped and batch normalisation uses the statistics of the
            (ghost) batch. In evaluation it uses `statistics`.
        key : int
            What the dropout masks are drawn from.
        statistics : list, optional
            Of batch normalisation, as `statistics` gives them; by default those of X.
        """
        X = evaluation.features(self, X)
        if training:
            self._check_batch(len(X))
        mode = forward_backward.GIVEN if training else forward_backward.ALL
        if statistics is not None and not training:
            mode = forward_backward.FIXED
        loss, grad, _, _ = evaluation.run(
            self, params, X, evaluation.targets(self, y, len(X)), mode, key, statistics
        )
        return loss, grad

    def predict(self, params, X, statistics=None):
        """Return the outputs [n, sizes[-1]]: probabilities for (binary) cross-entropy.

        Parameters
        ----------
        params : array [P]
        X : array [n, sizes[0]]
        statistics : list, optional
            Of batch normalisation, as `statistics` gives them; by default those of X.
        """
        X = evaluation.features(self, X)
        tied_together = self.batch_normalised and statistics is None
        step = len(X) if tied_together else PREDICTED
        return np.concatenate(
            [self.outputs(params, X[i : i + step], statistics)[-1] for i in range(0, len(X), step)]
        )

    def outputs(self, params, X, statistics=None):
        """Return the outputs [n, n_out] of every layer in evaluation, the last as `predict`."""
        work, q = self._evaluated(params, X, statistics)
        found = []
        for number, layer in enumerate(self.structure[1], 1):
            start = int(forward_backward.outputs_of(q, forward_backward.record(number), False))
            found.append(work[start : start + len(X) * layer.n_out].reshape(len(X), -1).copy())
        return found

    def statistics(self, params, X):
        """Return [(mean[n_out], var[n_out])] of what enters each batch normalisation for X.

        Layers are in order; the variance is the biased one. With the training examples as X these
        are the population statistics that `predict` should be given.
        """
        work, q = self._evaluated(params, X, None)
        found = []
        for number, layer in enumerate(self.structure[1], 1):
            if layer.norm == BATCH_NORM:
                record = q[forward_backward.record(number) :]
                mean, inverse = (
                    work[record[at] : record[at] + layer.n_out].copy()
                    for at in (packing.MEAN, packing.INVERSE)
                )
                found.append((mean, 1.0 / (inverse * inverse) - EPS))
        return found

    def _evaluated(self, params, X, statistics):
        """Run X forward without dropping; return the buffers and the integers."""
        X = evaluation.features(self, X)
        mode = forward_backward.STATISTICS_ONLY if statistics is None else forward_backward.OUTPUTS
        Y = np.zeros((len(X), self.target_width), self.dtype)
        _, _, work, q = evaluation.run(self, params, X, Y, mode, 0, statistics)
        return work, q

    def _checked(self, params):
        size = int(self.layers[-1]) * packing.LANES
        if params.shape != (size,):
            raise SettingError(f"params has shape {params.shape}; it must be ({size},)")
        return params
