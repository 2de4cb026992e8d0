"""What is said of testing after dropout: how to scale, and the sub-nets that are averaged."""

import numpy as np
from scipy.special import log_softmax, logsumexp

from optbench.claims.declaring import claim
from optbench.claims.theorems import deviation, excess
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import DROP_OUT, DROPOUT, SHEET_OVERFITTING
from ._masks import all_masks, loss, masks, trained_heads

DATA = {"digits": "digits", "wine": "wine", "breast cancer": "breast_cancer"}
CLASSES = {"digits": 10, "wine": 3}


@claim(
    question="What does the p of dropout mean?",
    says="A share p of the units is dropped, and those that are kept are divided by 1 - p.",
    source=DROP_OUT,
    kind="theorem",
    settings={"p = 0.1": 0.1, "p = 0.5": 0.5, "p = 0.8": 0.8},
    measure="error of the kept units' factor; what the share misses beyond five standard errors",
)
def p_is_the_share_dropped(p):
    """The gradient of a linear net at weights of 0 shows the mask that the engine drew.

    Two masks of 20,000 inputs of 1; with the answer -1/2 the slopes are the masks themselves.
    """
    n, found = 20_000, []
    net = MLP((n, 1), loss="mse", dropout=[p])
    for key in (1, 2):
        _, gradient = net.loss_and_grad(np.zeros(net.dim), np.ones((1, n)), [-0.5], key=key)
        found.append(net.unflatten(gradient)[0][0][:, 0])
    assert (found[0] != found[1]).any()
    mask = np.concatenate(found)
    kept = mask[mask != 0.0]
    share = abs(1.0 - len(kept) / len(mask) - p)
    return max(
        deviation(kept, np.full(len(kept), 1.0 / (1.0 - p))),
        excess(share, 5.0 * np.sqrt(p * (1.0 - p) / len(mask))),
    )


def _small_net(data, loss_name="cross_entropy", p=0.0):
    """Return a net of 8 hidden units, its weights, and 20 examples."""
    X, _ = net_data.split(data, 1).train
    net = MLP((X.shape[1], 8, CLASSES[data]), loss=loss_name, dropout=p)
    return net, net.init(1), X[:20]


@claim(
    question="Does one scale the activations or the weights?",
    says="To scale activations by 1 - p in testing, or the weights that they meet, or to divide by "
    "1 - p in training is all the same, and gives the mean over all masks.",
    source=DROPOUT,
    kind="theorem",
    settings={
        f"{data}, p = {p}": (data, p)
        for data, p in (("digits", 0.2), ("digits", 0.5), ("wine", 0.8))
    },
    measure="largest difference of outputs from those of the engine",
)
def three_ways_to_scale_agree(setting):
    """The engine divides in training; the weights of a net that was trained without are V.

    All 2^8 masks are gone through, each with its probability.
    """
    data, p = setting
    net, params, X = _small_net(data, "mse", p)
    W, b = net.unflatten(params)[1]
    V, h = W / (1.0 - p), net.outputs(params, X)[0]
    by_activations = ((1.0 - p) * h) @ V + b
    scaled, plain = params.copy(), MLP(net.sizes, loss="mse")
    net.unflatten(scaled)[1][0][:] = (1.0 - p) * V
    kept, shares = all_masks(8, p)
    mean = np.einsum("k,kno->no", shares, (h * (kept[:, None, :] * (1.0 - p))) @ V + b)
    ways = [by_activations, plain.predict(scaled, X), mean]
    return max(deviation(way, net.predict(params, X)) for way in ways)


@claim(
    question="By what are activations scaled to keep their mean?",
    says="In testing activations are scaled by p, the share that was dropped, so that the next "
    "layer is given what it was given in training on average.",
    source=DROP_OUT,
    errs="A lecture scales by p, the share that is dropped; the factor is 1 - p, and the two "
    "agree at one half alone.",
    kind="theorem",
    settings={f"p = {p}": p for p in (0.2, 0.5, 0.8)},
    measure="largest difference from the mean over all masks",
)
def scaling_by_p_keeps_the_mean(p):
    """So the notes; the factor is the share that is kept, 1 - p, the same at p = 0.5 alone.

    The mean over all masks is the engine's own output, see the three ways to scale.
    """
    net, params, X = _small_net("digits", "mse", p)
    W, b = net.unflatten(params)[1]
    by_p = (p * net.outputs(params, X)[0]) @ (W / (1.0 - p)) + b
    return deviation(by_p, net.predict(params, X))


@claim(
    question="Does a net predict well if activations are scaled by p?",
    says="A net predicts better if activations are scaled by p in testing, the share that was "
    "dropped, than by 1 - p.",
    source=DROP_OUT,
    settings={
        f"p = {p}, {data}": (data, p) for p in (0.2, 0.5, 0.8) for data in ("digits", "wine")
    },
    factor="p",
    treatment="by p",
    control="by 1 - p",
    measure="validation loss",
    margin=1.05,
)
def scaling_by_p_predicts_well(arm, setting, draw):
    """So the notes; the loss also depends on how sure the net is, which a large p leaves unsure.

    The net was trained without a division by 1 - p, that is, with weights which are larger by that.
    """
    data, p = setting
    scale = (p if arm == "by p" else 1.0 - p) / (1.0 - p)
    heads = trained_heads(draw.scoring, data, p)
    return np.array([head.loss(np.full(head.h.shape[1], scale)) for head in heads])


@claim(
    question="Must dropout be off in testing?",
    says="With dropout off a net predicts better than with dropout on.",
    source=SHEET_OVERFITTING,
    settings=DATA,
    factor="the data",
    treatment="off",
    control="on",
    measure="validation loss",
    margin=1.02,
)
def dropout_off_in_testing(arm, data, draw):
    """Half of 32 units dropped; the loss with dropout on is the mean over 50 masks."""
    losses = []
    rngs = draw.scoring.generators("testing")
    for head, rng in zip(trained_heads(draw.scoring, data, 0.5), rngs, strict=True):
        units = head.h.shape[1]
        on = masks(rng, 50, units, 0.5)
        losses.append(head.loss(np.ones(units)) if arm == "off" else head.loss(on).mean())
    return np.array(losses)


@claim(
    question="Is a net with dropout an ensemble?",
    says="With one hidden layer, the scaled net gives the normalised geometric mean of what all "
    "sub-nets predict.",
    source=SHEET_OVERFITTING,
    kind="theorem",
    settings={"digits, p = 0.5": ("digits", 0.5), "wine, p = 0.2": ("wine", 0.2)},
    measure="largest difference of probabilities",
)
def scaled_net_is_a_geometric_mean(setting):
    """Baldi and Sadowski 2013: the engine predicts with each of 2^8 sub-nets, and scaled."""
    data, p = setting
    net, params, X = _small_net(data, p=p)
    plain = MLP(net.sizes)
    kept, shares = all_masks(8, p)
    logs = np.zeros((len(X), net.sizes[-1]))
    for mask, share in zip(kept, shares, strict=True):
        thinned = params.copy()
        plain.unflatten(thinned)[1][0][:] *= mask[:, None]
        logs += share * np.log(plain.predict(thinned, X))
    return deviation(np.exp(log_softmax(logs, axis=1)), net.predict(params, X))


@claim(
    question="Are many sub-nets better than one?",
    says="The mean of what ten sub-nets predict has less loss than they have on average.",
    source=SHEET_OVERFITTING,
    settings={f"{name}, p = 0.1": data for name, data in DATA.items()},
    factor="the data",
    treatment="mean of ten",
    control="each alone",
    measure="validation loss",
    known="Jensen's inequality: -ln is convex",
)
def sub_nets_are_better_together(arm, data, draw):
    """A tenth of 32 units dropped, so that sub-nets differ little; both arms have the same ones."""
    losses = []
    rngs = draw.scoring.generators("sub-nets")
    for head, rng in zip(trained_heads(draw.scoring, data, 0.1), rngs, strict=True):
        scores = head.scores(masks(rng, 10, head.h.shape[1], 0.1))
        together = logsumexp(log_softmax(scores, axis=-1), axis=0)
        own = loss(together, head.y) if arm == "mean of ten" else loss(scores, head.y).mean()
        losses.append(own)
    return np.array(losses)


@claim(
    question="Does scaling replace the ensemble of sub-nets?",
    says="The scaled net predicts as well as the mean of 100 of its sub-nets.",
    source=SHEET_OVERFITTING,
    settings=DATA,
    factor="the data",
    treatment="scaled",
    control="mean of 100",
    measure="validation loss",
    expects="equal",
    margin=1.05,
)
def scaling_replaces_the_ensemble(arm, data, draw):
    """Half of 32 units dropped; probabilities are averaged."""
    losses = []
    rngs = draw.scoring.generators("ensembles")
    for head, rng in zip(trained_heads(draw.scoring, data, 0.5), rngs, strict=True):
        units = head.h.shape[1]
        scores = head.scores(masks(rng, 100, units, 0.5))
        together = logsumexp(log_softmax(scores, axis=-1), axis=0)
        losses.append(head.loss(np.ones(units)) if arm == "scaled" else loss(together, head.y))
    return np.array(losses)
