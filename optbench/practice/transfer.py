"""Fine-tuning: parameters of a trained net in another one, frozen layers, layer-wise rates."""

import numpy as np

from optbench.errors import SettingError


def transfer(source, params, net, seed=0):
    """Return initial parameters of `net` with the layers of a trained net where shapes agree.

    A head for other classes has another shape and is drawn anew (He et al. 2015); biases, gamma,
    beta and slopes go with their layers.

    Parameters
    ----------
    source, net : optbench.nets.MLP
    params : array [P]
        Of `source`.
    seed : int
    """
    made = net.init(seed)
    given = zip(source.unflatten(params), source.extras(params), strict=True)
    own = zip(net.unflatten(made), net.extras(made), strict=True)
    for (old, old_extras), (new, new_extras) in zip(given, own, strict=False):
        if [array.shape for array in old] != [array.shape for array in new]:
            continue
        for a, b in zip(old, new, strict=True):
            b[:] = a
        for name in new_extras.keys() & old_extras.keys():
            new_extras[name][:] = old_extras[name]
    return made


def fresh_head(net, params, seed=0):
    """Return a copy of parameters whose last layer is drawn anew."""
    made, drawn = np.array(params), net.init(seed)
    for old, new in zip(net.unflatten(made)[-1], net.unflatten(drawn)[-1], strict=True):
        old[:] = new
    return made


def layer_rates(net, factors, rest=1.0):
    """Return factors [P] of the updates of all parameters, for `fit`.

    Parameters
    ----------
    net : optbench.nets.MLP
    factors : dict of int to float
        Layer (1, 2, ...) -> factor: 0 freezes it, 0.1 trains it at a tenth of the rate.
    rest : float
        Factor of the other layers.

    Raises
    ------
    SettingError
        If a layer does not exist.
    """
    count = len(net.structure[1])
    for number in factors:
        if number not in range(1, count + 1):
            raise SettingError(
                f"layer_rates: there is no layer {number!r}; the net has 1 .. {count}"
            )
    made = np.zeros(int(net.layers[-1]) * 64, net.dtype)
    extras = net.extras(made)
    for number, pair in enumerate(net.unflatten(made), 1):
        for view in (*pair, *extras[number - 1].values()):
            view[:] = factors.get(number, rest)
    return made


def ensemble(net, members, X, statistics=None):
    """Return the mean of the predictions [n, n_out] of k nets, such as lanes of one run.

    Parameters
    ----------
    net : optbench.nets.MLP
    members : array [k, P]
    X : array [n, n_in]
    statistics : list of list, optional
        Of batch normalisation, one entry a member (see `MLP.predict`).
    """
    own = [None] * len(members) if statistics is None else statistics
    return np.mean(
        [net.predict(params, X, given) for params, given in zip(members, own, strict=True)], axis=0
    )
