"""`MLP`: a multilayer perceptron to work with from Python, on the engine's own kernels."""

from dataclasses import dataclass, field

import numpy as np

from optbench.kernels.random import stream_key
from optbench.nets.activations import ACTIVATIONS
from optbench.nets.initialisers import initial
from optbench.nets.layout import LANES, integers, row_offsets
from optbench.nets.losses import CROSS_ENTROPY, LOSSES, target_width
from optbench.nets.network import compiled

_DTYPES = ("float64", "float32")


def _one_of(what, value, allowed):
    if value not in allowed:
        raise ValueError(f"unknown {what} {value!r}; choose from {', '.join(allowed)}")


def _whole(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron: dense layers, one activation in all hidden layers, and a loss.

    Parameters are one vector ``params[P]``, in which every weight matrix and every bias is padded
    with zeros to a multiple of 64; `unflatten` shows them layer by layer.

    Parameters
    ----------
    sizes : sequence of int
        Units of every layer, input and output included.
    activation : {"linear", "relu", "tanh", "sigmoid"}
    loss : {"cross_entropy", "mse"}
        Softmax cross-entropy with class labels, averaged over the examples, or the squared error
        averaged over all elements.
    dtype : {"float64", "float32"}

    Raises
    ------
    ValueError
        If an argument is not allowed; the message says what is.
    """

    sizes: tuple
    activation: str = "relu"
    loss: str = "cross_entropy"
    dtype: str = field(default="float64", kw_only=True)

    def __post_init__(self):
        sizes = tuple(self.sizes)
        if len(sizes) < 2 or not all(_whole(size) and size >= 1 for size in sizes):
            raise ValueError(
                f"sizes is {sizes}; it must name at least two layers, each of 1 or more units"
            )
        object.__setattr__(self, "sizes", tuple(int(size) for size in sizes))
        _one_of("activation", self.activation, tuple(ACTIVATIONS))
        _one_of("loss", self.loss, tuple(LOSSES))
        object.__setattr__(self, "dtype", getattr(self.dtype, "__name__", str(self.dtype)))
        _one_of("dtype", self.dtype, _DTYPES)
        if self.loss == "cross_entropy" and sizes[-1] < 2:
            raise ValueError("cross_entropy needs at least 2 output units, one per class")

    @property
    def layers(self):
        """First rows of W1, b1, W2, b2, ..., and the number of rows, in rows of 64."""
        return row_offsets(self.sizes)

    @property
    def target_width(self):
        """How many numbers the target of one example has."""
        return target_width(LOSSES[self.loss], self.sizes[-1])

    def integers(self, head):
        """Return the integers of the kernels (see `layout`), given the six of the data."""
        return integers(
            head, ACTIVATIONS[self.activation], LOSSES[self.loss], self.sizes, self.target_width
        )

    def init(self, seed, scheme="he_normal"):
        """Return random initial ``params[P]``; biases are zero.

        Parameters
        ----------
        seed : int
        scheme : {"he_normal", "xavier_uniform", "zeros"}
        """
        return initial(self.sizes, stream_key("mlp", int(seed)), scheme, self.dtype)

    def unflatten(self, params):
        """Return ``[(W[n_in, n_out], b[n_out]), ...]``: views of `params`, without the padding."""
        params = np.asarray(params)
        starts = self.layers * LANES
        if params.shape != (starts[-1],):
            raise ValueError(f"params has shape {params.shape}; it must be ({starts[-1]},)")
        tensors = []
        for layer, (n_in, n_out) in enumerate(zip(self.sizes[:-1], self.sizes[1:], strict=True)):
            at, bias_at = starts[2 * layer], starts[2 * layer + 1]
            W = params[at : at + n_in * n_out].reshape(n_in, n_out)
            tensors.append((W, params[bias_at : bias_at + n_out]))
        return tensors

    def loss_and_grad(self, params, X, y):
        """Return the mean loss over the examples and its gradient ``grad[P]``.

        Parameters
        ----------
        params : array [P]
        X : array [n, sizes[0]]
        y : array
            Class labels [n] for cross-entropy; wanted outputs [n, sizes[-1]] for MSE ([n] will
            do if there is one output).
        """
        x = self._block(params)
        X = self._features(X)
        p, q = self._pack(X, self._targets(y, len(X)))
        grad, loss = np.empty_like(x), np.empty(LANES, self.dtype)
        work, key = np.empty(q[-1], self.dtype), np.zeros(LANES, np.uint64)
        compiled("problem", self.dtype)(x, grad, loss, p, q, work, key, 0, 1)
        return float(loss[0]), grad.ravel()

    def predict(self, params, X):
        """Return the outputs [n, sizes[-1]]: class probabilities for cross-entropy."""
        x = self._block(params)
        X = self._features(X)
        p, q = self._pack(X, np.zeros((len(X), self.target_width)))
        out = np.empty((len(X), self.sizes[-1]), self.dtype)
        compiled("outputs", self.dtype)(x, out, p, q, np.empty(q[-1], self.dtype))
        return out

    def _block(self, params):
        params = np.ascontiguousarray(params, self.dtype)
        self.unflatten(params)  # checks the shape
        return params.reshape(-1, LANES)

    def _features(self, X):
        X = np.asarray(X, self.dtype)
        if X.ndim != 2 or X.shape[1] != self.sizes[0] or len(X) == 0:
            raise ValueError(f"X has shape {X.shape}; it must be (n, {self.sizes[0]}), n >= 1")
        return X

    def _targets(self, y, n):
        y = np.asarray(y)
        n_out = self.sizes[-1]
        if LOSSES[self.loss] != CROSS_ENTROPY:
            if y.shape != (n, n_out) and not (n_out == 1 and y.shape == (n,)):
                raise ValueError(f"y has shape {y.shape}; it must be ({n}, {n_out})")
            return y.astype(self.dtype).reshape(n, n_out)
        if y.shape != (n,):
            raise ValueError(f"y has shape {y.shape}; it must be ({n},), class labels")
        if not np.isin(y, np.arange(n_out)).all():
            raise ValueError(f"y holds a label that is not one of 0 .. {n_out - 1}")
        return y.astype(self.dtype).reshape(n, 1)

    def _pack(self, X, targets):
        # A data set whose training part is all of X; the mini-batch goes unused.
        p = np.concatenate([X.ravel(), targets.ravel()]).astype(self.dtype)
        return p, self.integers([len(X), 0, 0, self.sizes[0], self.sizes[-1], 1])
