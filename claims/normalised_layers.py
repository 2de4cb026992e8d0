"""What is said of layers with batch normalisation: their gradients, shifts and what they can be."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import train
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation
from optbench.define.draws import stream_key
from optbench.nets import MLP
from optbench.nets import data as net_data
from optbench.nets.norms import EPS

from ._lectures import BATCH_NORMALIZATION, NORMALIZATION, SHEET_OVERFITTING

DEPTH = 4
CLASSES = {"digits": 10, "wine": 3}


def _batch(data, number, n=16):
    X, y = net_data.split(data, number).train
    return X[:n], y[:n]


def _below(net, params, X, y):
    """Return the gradient of the weights and biases below the normalisation of the one layer."""
    W, b = net.unflatten(net.loss_and_grad(params, X, y)[1])[0]
    return np.concatenate([W.ravel(), b])


@claim(
    question="Can batch normalisation learn from a single example?",
    says="Below batch normalisation the gradient of a batch of equal examples, or of one, is 0.",
    source=BATCH_NORMALIZATION,
    kind="theorem",
    settings={
        f"{n} times one example of {data}, {kind} answers": (data, n, kind)
        for data, n, kind in (("digits", 2, "equal"), ("digits", 7, "other"), ("wine", 5, "other"))
    },
    measure="largest slope below the normalisation",
)
def equal_examples_teach_nothing(setting):
    """A batch of one, which the engine refuses for that reason, has the statistics of equal ones.

    What comes back is free of its mean over the batch, so that equal inputs cancel it, even if the
    answers differ. The layers above learn.
    """
    data, n, kind = setting
    X, y = _batch(data, 1, n)
    X, y = np.repeat(X[:1], n, axis=0), y if kind == "other" else np.repeat(y[:1], n)
    net = MLP((X.shape[1], 8, CLASSES[data]), batch_norm=True)
    params = net.init(1)
    net.extras(params)[0]["beta"][:] = 0.5  # else all units are 0
    assert np.abs(net.loss_and_grad(params, X, y)[1]).max() > 1e-3
    return float(np.abs(_below(net, params, X, y)).max())


@claim(
    question="Do similar examples make the gradient below batch normalisation small?",
    says="The more alike the examples of a batch are, the smaller is the gradient below batch "
    "normalisation.",
    source=BATCH_NORMALIZATION,
    settings={
        f"distances x {share:g}, {data}": (share, data)
        for share in (0.1, 0.01, 1e-4)
        for data in ("digits", "wine")
    },
    factor="how alike they are",
    treatment="alike",
    control="as they are",
    measure="norm of the slope below the normalisation",
    margin=1.5,
)
def similar_examples_teach_little(arm, setting, draw):
    """Not until their variance is below the 1e-5 that is added to it.

    Examples are drawn towards their mean; the normalisation undoes that. 16 examples, 8 units.
    """
    share, data = setting
    norms = []
    for number in draw.scoring.instances:
        X, y = _batch(data, number)
        if arm == "alike":
            X = X.mean(axis=0) + share * (X - X.mean(axis=0))
        net = MLP((X.shape[1], 8, CLASSES[data]), "tanh", batch_norm=True)
        params = net.init_from(stream_key("claims", number))
        norms.append(np.linalg.norm(_below(net, params, X, y)))
    return np.array(norms)


@claim(
    question="Can a net undo batch normalisation?",
    says="With gamma the standard deviation and beta the mean of its units, batch normalisation is "
    "the identity.",
    source=NORMALIZATION,
    kind="theorem",
    settings={"digits, ReLU": ("digits", "relu"), "wine, tanh": ("wine", "tanh")},
    measure="largest difference of outputs from those of the net without it",
)
def normalisation_can_be_undone(setting):
    """Two layers are undone, one after the other; gamma is sqrt(variance + 1e-5)."""
    data, activation = setting
    X, _ = net_data.split(data, 1).train
    sizes = X.shape[1], 12, 12, CLASSES[data]
    plain, net = MLP(sizes, activation), MLP(sizes, activation, batch_norm=True)
    start, params = plain.init(1), net.init(2)
    for (W, b), (W_plain, b_plain) in zip(
        net.unflatten(params), plain.unflatten(start), strict=True
    ):
        W[:], b[:] = W_plain, b_plain
    assert deviation(net.predict(params, X), plain.predict(start, X)) > 0.01
    for layer in range(2):
        mean, variance = net.statistics(params, X)[layer]
        tensors = net.extras(params)[layer]
        tensors["gamma"][:], tensors["beta"][:] = np.sqrt(variance + EPS), mean
    return deviation(net.predict(params, X), plain.predict(start, X))


def _trained(arm, data, draw, steps):
    """Return the net and its parameters [n, P] after so many steps of SGD."""
    options = {"batch_norm": True} if arm == "batch normalisation" else {}
    net = mlp(data, (16,) * DEPTH, **options)
    run = train(net, "sgd", draw.scoring, steps=steps, lr=0.05)
    return MLP(net.sizes, **options), run.x[0]


@claim(
    question="Does batch normalisation reduce internal covariate shift?",
    says="With batch normalisation what a deep layer is given shifts less from step to step.",
    source=SHEET_OVERFITTING,
    settings=("digits", "wine"),
    factor="the data",
    treatment="batch normalisation",
    control="none",
    measure="change of the units' means in 10 steps, in standard deviations",
    margin=1.1,
)
def normalisation_stops_shifts(arm, data, draw):
    """Means over all training examples of the inputs of the last hidden layer, steps 60 to 70.

    Units that do not vary have none. Both arms have one rate.
    """
    net, before = _trained(arm, data, draw, 60)
    _, after = _trained(arm, data, draw, 70)
    shifts = []
    for number, x, later in zip(draw.scoring.instances, before, after, strict=True):
        X, _ = net_data.split(data, number).train
        own, moved = (net.outputs(point, X)[DEPTH - 2] for point in (x, later))
        spread = own.std(axis=0)
        varies = spread > 1e-6
        change = np.abs(moved.mean(axis=0) - own.mean(axis=0))
        shifts.append(np.mean(change[varies] / spread[varies]))
    return np.array(shifts)


@claim(
    question="Do layers disturb each other less with batch normalisation?",
    says="With batch normalisation the gradient of a layer changes less when the layers below it "
    "take a step.",
    source=BATCH_NORMALIZATION,
    settings=("digits", "wine"),
    factor="the data",
    treatment="batch normalisation",
    control="none",
    measure="change of the gradient of the last hidden layer over its norm",
    margin=1.1,
)
def normalisation_keeps_gradients(arm, data, draw):
    """Santurkar et al. 2018, sec. 2.2: covariate shift as the optimizer meets it.

    After 60 steps; the step of the layers below is one of gradient descent on all examples, at the
    rate of training.
    """
    net, points = _trained(arm, data, draw, 60)
    changes = []
    for number, x in zip(draw.scoring.instances, points, strict=True):
        X, y = net_data.split(data, number).train
        _, gradient = net.loss_and_grad(x, X, y)
        last = net.unflatten(gradient)[DEPTH - 1][0]
        moved = x - 0.05 * gradient
        kept = [(net.unflatten(moved)[i], net.unflatten(x)[i]) for i in (DEPTH - 1, DEPTH)]
        for (W, b), (W_before, b_before) in kept:
            W[:], b[:] = W_before, b_before
        now = net.unflatten(net.loss_and_grad(moved, X, y)[1])[DEPTH - 1][0]
        changes.append(np.linalg.norm(now - last) / np.linalg.norm(last))
    return np.array(changes)
