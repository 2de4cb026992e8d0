"""What is said of linear fits under an L2 penalty."""

import numpy as np
from scipy.optimize import brentq

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores
from optbench.claims.theorems import deviation, excess
from optbench.define.draws import generator

from ._lectures import L2, SHEET_LOSS, WEIGHT_DECAY
from ._linear import centred, diabetes, least, ridge, slope

SIGNS = "two features", "diabetes"


def _wide():
    """Return 20 examples of 40 features."""
    rng = generator("claims", "wide")
    return centred(rng.standard_normal((20, 40)), rng.standard_normal(20))


def _twins():
    """Return the diabetes data with each feature twice."""
    X, y = diabetes()
    return np.hstack([X, X]), y


DATA = {"diabetes": diabetes, "each feature twice": _twins, "more features than examples": _wide}


@claim(
    question="Does ridge regression always have one solution?",
    says="With an L2 penalty a linear fit has one solution, where least squares have many too.",
    source=WEIGHT_DECAY,
    kind="theorem",
    settings=DATA,
    measure="distance between the closed form and where descent from three starts ends",
)
def ridge_is_unique(data):
    """The engine's gradient is followed from three random starts until it is 0 to rounding."""
    X, y = data()
    alpha = 0.05 * np.linalg.eigvalsh(X.T @ X)[-1]
    curvature = 2.0 * (np.linalg.eigvalsh(X.T @ X)[-1] + alpha) / len(X)
    w = generator("claims", "starts").standard_normal((3, X.shape[1]))
    for own in w:
        for _ in range(500):
            own -= slope(own, X, y, l2=2.0 * alpha) / curvature
    return deviation(w, np.tile(ridge(X, y, alpha), (3, 1)))


@claim(
    question="Where does the path of ridge regression begin and end?",
    says="As the L2 penalty goes to 0 a linear fit goes to least squares, and as it grows without "
    "bound all weights go to 0.",
    source=WEIGHT_DECAY,
    kind="theorem",
    settings={"diabetes": diabetes, "least squares of least norm": _wide},
    measure="excess over the bound near least squares, or error of X'y / alpha at the other end",
)
def ends_of_the_path(data):
    """Least by the engine's gradients at penalties of 1e-6 and 1e14, against two expansions.

    The distance from the least squares of least norm is at most alpha |w| / s^2, with s the least
    singular value that is not 0; and alpha w goes to X'y.
    """
    X, y = data()
    small, large = 1e-6, 1e14
    squares, *_ = np.linalg.lstsq(X, y, rcond=None)
    singular = np.linalg.svd(X, compute_uv=False)
    lowest = singular[singular > 1e-9 * singular[0]][-1]
    near = np.linalg.norm(least(X, y, l2=2.0 * small) - squares)
    bound = small * np.linalg.norm(squares) / lowest**2
    far = large * least(X, y, l2=2.0 * large)
    return max(excess(near, bound), deviation(far, X.T @ y))


@claim(
    question="Can a penalty turn the sign of a weight?",
    says="On the path of ridge regression a weight may change its sign, so that a sign alone says "
    "little of a feature.",
    source=WEIGHT_DECAY,
    kind="theorem",
    settings=SIGNS,
    measure="size of the weight at the penalty where closed form has it at 0; 1 if the sign stays",
)
def signs_change(data):
    """The engine's least is asked at that penalty, and at half and at twice of it.

    Of two features with X'X = [[1, r], [r, 1]] and X'y = (a, b) the first weight is 0 at
    alpha = r b / a - 1.
    """
    if data == "two features":
        r, a, b = 0.9, 0.5, 1.0
        X = np.linalg.cholesky(np.array([[1.0, r], [r, 1.0]])).T
        y, feature, alpha = np.linalg.solve(X.T, [a, b]), 0, r * b / a - 1.0
    else:
        X, y = diabetes()
        feature, alpha = _crossing(X, y)
    before, at, after = (least(X, y, l2=2.0 * alpha * s)[feature] for s in (0.5, 1.0, 2.0))
    return 1.0 if before * after >= 0.0 else abs(float(at))


def _crossing(X, y):
    """Return a feature whose weight changes its sign, and the penalty of that; or one of none."""
    penalties = np.geomspace(1e-2, 1e5, 200)
    paths = np.array([ridge(X, y, alpha) for alpha in penalties])
    steps, features = np.nonzero(paths[1:] * paths[:-1] < 0.0)
    if not len(steps):
        return 0, 1.0
    i, feature = int(steps[0]), int(features[0])
    root = brentq(lambda alpha: ridge(X, y, alpha)[feature], *penalties[i : i + 2], xtol=1e-13)
    return feature, float(root)


@claim(
    question="Do all books mean the same by lambda?",
    says="Three ways to write an L2 penalty agree if lambda0 = lambda1 / 2m = alpha / m: added to "
    "the mean of squares, with lambda1 / 2m before it, and added to the sum of squares.",
    source=SHEET_LOSS,
    kind="theorem",
    settings={"diabetes, alpha = 1": 1.0, "diabetes, alpha = 30": 30.0},
    measure="largest difference between their solutions",
)
def conventions_agree(alpha):
    """The notes use all three with one letter.

    Of the first the gradient is the engine's without a penalty and 2 lambda0 w; the second is the
    engine's own; of the third there is the closed form.
    """
    X, y = diabetes()
    m = len(X)
    third = ridge(X, y, alpha)
    second = least(X, y, l2=2.0 * alpha)
    at_third = slope(third, X, y) + 2.0 * (alpha / m) * third
    return max(deviation(second, third), deviation(at_third, np.zeros_like(third)))


@claim(
    question="Does an L2 penalty help with features that go together?",
    says="With collinear features ridge regression finds the weights better than least squares.",
    source=L2,
    settings={"correlation 0": 0.0, "correlation 0.9": 0.9, "correlation 0.99": 0.99},
    factor="the correlation",
    treatment="ridge",
    control="least squares",
    measure="squared error of the weights",
    margin=1.25,
    pairs=20,
)
def ridge_with_collinear_features(arm, correlation, draw):
    """40 examples of 10 features with one correlation, noise as large as a weight.

    The penalty is chosen on other data, as a rate would be.
    """
    alphas = np.geomspace(0.1, 100.0, 7) if arm == "ridge" else np.zeros(1)

    def errors(lanes):
        columns = []
        for rng in lanes.generators("collinear"):
            own, shared = rng.standard_normal((40, 10)), rng.standard_normal((40, 1))
            X = np.sqrt(1.0 - correlation) * own + np.sqrt(correlation) * shared
            w = rng.standard_normal(10)
            y = X @ w + rng.standard_normal(40)
            columns.append([np.sum((ridge(X, y, alpha) - w) ** 2) for alpha in alphas])
        return np.array(columns).T

    return Scores(errors(draw.scoring), errors(draw.tuning))


@claim(
    question="Is there always a penalty that is better than none?",
    says="A small L2 penalty of sigma^2 / |w|^2 brings the expected squared error of the weights "
    "below that of least squares, with independent features too.",
    source=WEIGHT_DECAY,
    settings={"5 features, 30 examples": (5, 30), "10 features, 100 examples": (10, 100)},
    treatment="ridge",
    control="least squares",
    measure="squared error of the weights",
    scale="difference",
    statistic="mean",
    pairs=300,
    known="Theobald 1974: any penalty below 2 sigma^2 / |w|^2 has the smaller expected error",
)
def some_penalty_helps(arm, setting, draw):
    """Normal features, weights of length 1, noise of variance 1."""
    k, n = setting
    errors = []
    for rng in draw.scoring.generators("small penalty"):
        X, w = rng.standard_normal((n, k)), rng.standard_normal(k)
        w /= np.linalg.norm(w)
        y = X @ w + rng.standard_normal(n)
        errors.append(np.sum((ridge(X, y, 1.0 if arm == "ridge" else 0.0) - w) ** 2))
    return np.array(errors)
