"""Training one net on given data from Python, with any update rule of the catalog."""

import functools
from dataclasses import dataclass, replace

import numpy as np

from optbench.errors import SettingError
from optbench.nets.architecture import whole
from optbench.nets.shapes import tensor_shapes
from optbench.practice.stopping import stopped
from optbench.replaying import Lane
from optbench.rules import compose


@dataclass(frozen=True)
class Fit:
    """A trained net.

    Attributes
    ----------
    params : array [P]
        The parameters of least validation loss.
    last : array [P]
        Those at the end.
    train, validation : array [T]
        Losses in evaluation at the start and after every epoch, without penalties on validation.
    stop : optbench.practice.stopping.Stop
        When training ended, and the record of `params`.
    """

    params: np.ndarray
    last: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    stop: tuple


def fit(
    net, params, train, validation, *, optimizer="adam", epochs, batch=None, shuffle=True,
    rates=None, max_norm=None, change=None, criterion=None, seed=0, **hyper,
):  # fmt: skip
    """Train a net; the test part stays untouched.

    Parameters
    ----------
    net : optbench.nets.MLP
    params : array [P]
        Where to start.
    train, validation : (X [n, k], y)
        Parts of the data, as `optbench.nets.data.split` gives them.
    optimizer : str
        With settings in brackets or in `hyper`: ``"adam[clip_norm=1]"``.
    epochs : int
    batch : int, optional
        Size of a mini-batch, 1 for single examples; by default all of them. Examples left over at
        the end of an epoch make a smaller batch.
    shuffle : bool
        Whether each epoch has an order of its own, or the given one.
    rates : array [P], optional
        Factors of the updates of each parameter: 0 freezes it (see
        `optbench.practice.transfer.layer_rates`).
    max_norm : float, optional
        Largest norm of the weights into a hidden or output unit; longer ones are scaled down after
        each step (Srivastava et al. 2014, sec. 5.1).
    change : function, optional
        ``change(X, generator) -> X``, applied to each mini-batch (see `augment.images_of`).
    criterion : function, optional
        ``criterion(train, validation) -> index or None`` of the losses so far, asked after every
        epoch; training stops when it answers (see `stopping`).
    seed : int
        Of orders, changes and dropout.
    **hyper
        Hyperparameters of the optimizer, ``lr`` among them.

    Raises
    ------
    SettingError
        If an argument is out of range, or does not go with the optimizer.
    """
    rule = compose.optimizer(optimizer).with_settings(**hyper)
    X, y = (np.asarray(array) for array in train)
    n = len(X)
    batch = n if batch is None else batch
    _check(net, rule, n, epochs, batch, rates, max_norm)
    batches = -(-n // batch)
    lane = _lane(net, rule, params, seed, epochs * batches)
    rng = np.random.default_rng(seed)
    losses = functools.partial(_losses, net, (X, y), validation)
    kept, history = [_of_net(net, lane)], [losses(_of_net(net, lane))]
    at, key = None, int(seed) << 32
    for _ in range(epochs):
        order = rng.permutation(n) if shuffle else np.arange(n)
        for rows in np.array_split(order, range(batch, n, batch)):
            given = X[rows] if change is None else change(X[rows], rng)
            key += 1
            _step(_of_batch(net, len(rows), n), lane, given, y[rows], key, rates, max_norm)
        kept.append(_of_net(net, lane))
        history.append(losses(kept[-1]))
        at = criterion(*np.transpose(history)) if criterion else None
        if at is not None:
            break
    curves = np.transpose(history)
    stop = stopped(curves[1], at)
    return Fit(kept[stop.best], kept[-1], curves[0], curves[1], stop)


def _check(net, rule, n, epochs, batch, rates, max_norm):
    if not (whole(batch) and 1 <= batch <= n):
        raise SettingError(f"batch is {batch!r}; it must be 1 .. {n} (training examples)")
    if not (whole(epochs) and epochs >= 1):
        raise SettingError(f"epochs is {epochs!r}; it must be 1 or more")
    size = int(net.layers[-1]) * 64
    if rates is not None and np.shape(rates) != (size,):
        raise SettingError(f"rates has shape {np.shape(rates)}; it must be ({size},)")
    if max_norm is not None and not max_norm > 0:
        raise SettingError(f"max_norm is {max_norm}; it must be positive")
    layout = rule.layout()
    own = layout.evaluations > 1 or layout.iterate >= 0
    if own and not (rates is None and max_norm is None):
        raise SettingError(
            f"{rule.label} takes several gradients a step or reports another point than it moves; "
            "rates and max_norm need a rule that does neither, such as adam"
        )


def _lane(net, rule, params, seed, steps):
    """Return the lane, whose x is the parameters in the layout of the net."""
    shapes, evaluations = tensor_shapes(net), steps * rule.layout().evaluations
    start = np.zeros(sum(int(np.prod(shape)) for shape in shapes))
    lane = Lane(rule, start, shapes, seed, np.dtype(net.dtype), None, evaluations, steps)
    net.unflatten(params)  # checks the shape
    lane.x[:] = np.reshape(params, lane.x.shape)
    for row, value in enumerate(lane.layout.state.values()):
        if value == "x":
            lane.S[row] = lane.x
    return lane


def _of_net(net, lane):
    """Return the reported parameters [P] of a lane."""
    params = np.zeros(lane.x.size, net.dtype)
    params[lane.where] = lane.point("reported")
    return params


@functools.lru_cache(maxsize=8)
def _of_batch(net, rows, n):
    """Return the net whose penalties on a batch are those of all n examples: l2 / (2 n)."""
    return replace(net, l1=net.l1 * rows / n, l2=net.l2 * rows / n) if net.l1 or net.l2 else net


def _step(net, lane, X, y, key, rates, max_norm):
    """Take one step on a batch: as many gradients as the rule asks for."""
    before = lane.x.copy()
    for _ in range(lane.layout.evaluations):
        loss, grad = net.loss_and_grad(lane.x.ravel(), X, y, key=key)
        # The layout is the net's own, so the gradient needs no shuffling; frozen ones get none.
        masked = grad if rates is None else np.where(np.asarray(rates) == 0, 0, grad)
        lane.feed(masked[lane.where], loss)
    if rates is not None:
        lane.x[:] = before + np.reshape(rates, before.shape) * (lane.x - before)
    if max_norm is not None:
        limit_norms(net, lane.x.reshape(-1), max_norm)


def limit_norms(net, params, most):
    """Scale down the weights into each unit whose norm exceeds `most`, in place."""
    for layer, (W, _) in zip(net.structure[1], net.unflatten(params), strict=True):
        if not layer.turned:
            norms = np.linalg.norm(W, axis=0)
            W *= np.minimum(1.0, most / np.where(norms > 0, norms, 1.0))


def _losses(net, train, validation, params):
    """Return the losses in evaluation on the training and the validation part."""
    statistics = net.statistics(params, train[0]) if net.batch_normalised else None
    bare = replace(net, l1=0.0, l2=0.0)
    return [
        one.loss_and_grad(params, *part, training=False, statistics=statistics)[0]
        for one, part in ((net, train), (bare, validation))
    ]
