"""What is said of L1 and L2 penalties."""

import numpy as np
from scipy.optimize import minimize_scalar

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation, excess
from optbench.define.draws import generator
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import L1, L1_AGAINST_L2, SHEET_LOSS, WEIGHT_DECAY
from ._linear import lasso, least, ridge, slope, soft


@claim(
    question="Does an L1 penalty make weights exactly 0?",
    says="L1 leaves some weights at exactly 0, where L2 leaves none.",
    source=L1,
    settings={
        f"{way}, {data}": (rule, data)
        for way, rule in (("soft thresholding", "l1_prox"), ("slopes alone", "l1"))
        for data in ("diabetes", "wine")
    },
    factor="how the penalty is descended",
    treatment="L1",
    control="L2",
    measure="share of weights that are 0 after 300 steps",
    better="more",
    scale="difference",
    statistic="mean",
    margin=0.05,
)
def l1_makes_zeros(arm, setting, draw):
    """Gradient descent on linear nets, a penalty of 0.05 on standardised data.

    Adding the slope of |w| to the gradient steps over 0 and back; the proximal step stops there.
    """
    rule, data = setting
    net = mlp(data, ())
    run = train(
        net, f"gd[{rule if arm == 'L1' else 'l2'}=0.05]", draw.scoring, steps=300, lr=0.1
    )  # fmt: skip
    own = MLP(net.sizes, loss=net.loss)
    return np.array([(own.unflatten(x)[0][0] == 0.0).mean() for x in run.x[0]])


@claim(
    question="Is L1 the penalty for many features?",
    says="With more features than examples L1 finds the weights better than L2.",
    source=L1,
    settings={"5 of 60 weights": 5, "15 of 60 weights": 15, "all 60 weights": 60},
    factor="how many weights are not 0",
    treatment="L1",
    control="L2",
    measure="squared error of the weights",
    margin=1.1,
    pairs=20,
)
def l1_recovers_sparse_truths(arm, count, draw):
    """40 examples, noise a tenth of the signal in variance; penalties are chosen on other data.

    The curves are of the error over log10 of the penalty.
    """
    penalties = np.geomspace(0.2, 40.0, 9)

    def errors(lanes):
        columns = []
        for rng in lanes.generators("sparse"):
            X, w = rng.standard_normal((40, 60)), np.zeros(60)
            w[:count] = rng.standard_normal(count) / np.sqrt(count)
            y = X @ w + np.sqrt(0.1) * rng.standard_normal(40)
            found = (
                lasso(X, y, penalties, steps=300)
                if arm == "L1"
                else np.array([ridge(X, y, alpha) for alpha in penalties])
            )
            columns.append(np.sum((found - w) ** 2, axis=1))
        return np.array(columns).T

    scored = errors(draw.scoring)
    return Scores(scored, errors(draw.tuning), (np.log10(penalties), np.median(scored, axis=1)))


@claim(
    question="Has an L1 penalty no closed form?",
    says="With orthogonal features the fit under an L1 penalty has a closed form, soft "
    "thresholding.",
    source=L1_AGAINST_L2,
    errs="A lecture says that a fit with an L1 penalty has no closed form; that is so in "
    "general, and not where features are orthogonal.",
    kind="theorem",
    settings={"penalty 0.1": 0.1, "penalty 0.5": 0.5, "penalty 2": 2.0},
    measure="by how much the engine's slopes miss the conditions of a minimum",
)
def l1_with_orthogonal_features(penalty):
    """The notes say that there is none; in general they are right, and here not.

    Slopes of the loss are -penalty sign(w) where a weight is not 0, and within the penalty where it
    is. Q'Q = m, so that X'y / m are the weights of least squares and the loss is their distance.
    """
    rng = generator("claims", "orthogonal")
    m = 64
    X = np.linalg.qr(rng.standard_normal((m, 12)))[0] * np.sqrt(m)
    y = X @ rng.standard_normal(12) + rng.standard_normal(m)
    w = soft(X.T @ y / m, penalty / 2.0)
    g = slope(w, X, y)
    at_zero = w == 0.0
    return max(
        deviation(g[~at_zero], -penalty * np.sign(w[~at_zero])),
        excess(np.abs(g[at_zero]), penalty) if at_zero.any() else 0.0,
    )


@claim(
    question="Does L2 prefer many small weights to one large one?",
    says="L2 costs 2.25 for one weight of 1.5 and 0.75 for three of 0.5, so that three equal "
    "features share their weight equally.",
    source=SHEET_LOSS,
    kind="theorem",
    settings={"penalty 0.01": 0.01, "penalty 1": 1.0},
    measure="error of the engine's penalties, and of its least weights from equal shares",
)
def l2_spreads(penalty):
    """One feature three times, answers 1.5 times of it; L1 costs 1.5 in both cases.

    The least weights are 1.5 s / (3 s + penalty) each, where s is the feature's sum of squares.
    """
    feature = generator("claims", "thrice").standard_normal(30)
    feature -= feature.mean()
    X, y = np.tile(feature[:, None], 3), 1.5 * feature
    cases = [1.5, 0.0, 0.0], [0.5, 0.5, 0.5]
    squares = [_cost(w, X, y, l2=2.0 * len(X)) for w in cases]
    sizes = [_cost(w, X, y, l1=2.0 * len(X)) for w in cases]
    s = feature @ feature
    share = 1.5 * s / (3.0 * s + penalty)
    return max(
        deviation(squares, [2.25, 0.75]),
        deviation(sizes, [1.5, 1.5]),
        deviation(least(X, y, l2=2.0 * penalty), np.full(3, share)),
    )


def _cost(w, X, y, **penalties):
    """Return what a penalty adds to the loss of a linear net."""
    losses = []
    for net in (MLP((X.shape[1], 1), loss="mse", **penalties), MLP((X.shape[1], 1), loss="mse")):
        params = np.zeros(net.dim)
        net.unflatten(params)[0][0][:, 0] = w
        losses.append(net.loss_and_grad(params, X, y)[0])
    return losses[0] - losses[1]


def _slopes(net, x, X):
    """Return the largest singular value of the slope of a net of one ReLU layer at examples."""
    (W1, b1), (W2, _) = net.unflatten(np.asarray(x, float))
    on = (X @ W1 + b1 > 0.0).astype(float)
    return np.linalg.norm(np.einsum("ih,nh,ho->nio", W1, on, W2), ord=2, axis=(1, 2))


@claim(
    question="Do small weights bound how fast a function changes?",
    says="Nowhere is the slope of a net of one hidden ReLU layer above half the sum of its squared "
    "weights.",
    source=WEIGHT_DECAY,
    kind="theorem",
    settings=("diabetes", "wine"),
    measure="by how much differences of outputs over those of inputs exceed the bound",
)
def l2_bounds_the_slope(data):
    """|W1| |W2| <= (|W1|^2 + |W2|^2) / 2; pairs of examples, near and far, at three stages."""
    X, y = net_data.split(data, 1).train
    loss = "mse" if data == "diabetes" else "cross_entropy"
    net = MLP((X.shape[1], 16, 1 if loss == "mse" else 3), loss=loss)
    linear = MLP(net.sizes, loss="mse")  # outputs before softmax
    params, misses = net.init(1), []
    far = generator("claims", "pairs").permutation(len(X))
    for _ in range(3):
        for _ in range(50):
            params -= 0.1 * net.loss_and_grad(params, X, y)[1]
        bound = 0.5 * sum((W**2).sum() for W in net.weights(params))
        for other in (X[far], X + 1e-3 * (X[far] - X)):
            moved = linear.predict(params, X) - linear.predict(params, other)
            apart = np.linalg.norm(X - other, axis=1)
            own = apart > 0.0
            misses.append(excess(np.linalg.norm(moved[own], axis=1) / apart[own], bound))
    return max(misses)


@claim(
    question="Does an L2 penalty make a net smoother?",
    says="With an L2 penalty the output of a net changes less as its input changes.",
    source=WEIGHT_DECAY,
    settings={"diabetes": "diabetes", "wine": "wine", "breast cancer": "breast_cancer"},
    factor="the data",
    treatment="0.05",
    control="0",
    measure="mean slope at the validation examples",
    margin=1.1,
)
def l2_makes_smoother(arm, data, draw):
    """Nets of 32 units, SGD on mini-batches for 300 steps, the same rate in both arms."""
    net = mlp(data, (32,))
    run = train(net, f"sgd[l2={arm}]", draw.scoring, steps=300, lr=0.1)
    own = MLP(net.sizes, loss=net.loss)
    splits = [net_data.split(data, number) for number in draw.scoring.instances]
    return np.array(
        [
            _slopes(own, x, parts.validation.X).mean()
            for x, parts in zip(run.x[0], splits, strict=True)
        ]
    )


def _skewed(name):
    """Return 51 numbers whose mean and median lie apart."""
    rng = generator("claims", "skewed", name)
    return rng.exponential(size=51) if name == "exponential" else rng.standard_normal(51) ** 4


def _constant(loss, y, **penalties):
    """Return the loss of a constant answer: a net whose weight is 0, as a function of its bias."""
    net = MLP((1, 1), loss=loss, decay_biases=True, **penalties)

    def value(c):
        params = np.zeros(net.dim)
        net.unflatten(params)[0][1][:] = c
        return net.loss_and_grad(params, np.zeros((len(y), 1)), y)[0]

    return value


@claim(
    question="Does L2 regularisation estimate the mean and L1 regularisation the median?",
    says="Under an L2 penalty a fitted constant is the mean of the data, and under an L1 penalty "
    "their median.",
    source=L1_AGAINST_L2,
    errs="A lecture gives mean and median to L2 and L1 penalties; they belong to the losses, and "
    "penalties pull towards 0.",
    kind="theorem",
    settings=("exponential", "fourth powers"),
    measure="distance of the engine's least from mean and median",
    margin=1e-4,
)
def penalties_give_mean_and_median(name):
    """The notes mix up penalties with losses: penalties pull towards 0.

    Squares of errors with a penalty of 0.1 are minimised over the constant.
    """
    y = _skewed(name)
    penalty = 0.2 * len(y)
    by_l2, by_l1 = (
        minimize_scalar(_constant("mse", y, **{kind: penalty}), bounds=(-1.0, 9.0)).x
        for kind in ("l2", "l1")
    )
    return deviation([by_l2, by_l1], [y.mean(), np.median(y)])


@claim(
    question="Where do mean and median come from?",
    says="The constant of least squared loss is the mean of the data, and that of least absolute "
    "loss their median.",
    source=L1_AGAINST_L2,
    kind="theorem",
    settings=("exponential", "fourth powers"),
    measure="distance of the engine's least from mean and median",
    margin=1e-4,
)
def losses_give_mean_and_median(name):
    """The same data as above without penalties; the search ends within 1e-5."""
    y = _skewed(name)
    by_squares, by_sizes = (
        minimize_scalar(_constant(loss, y), bounds=(-1.0, 9.0)).x for loss in ("mse", "mae")
    )
    return deviation([by_squares, by_sizes], [y.mean(), np.median(y)])
