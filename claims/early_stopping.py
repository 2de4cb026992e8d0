"""What is said of early stopping."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import EARLY_STOPPING, SHEET_OVERFITTING, STOPPING

OVERFITTING = {
    "diabetes": ("diabetes", (64,), 400),
    "breast cancer": ("breast_cancer", (32,), 400),
    "digits, most classes rare": ("long_tailed_digits", (32,), 400),
}


def _stopped(setting, draw, stopping):
    data, hidden, steps = setting
    options = {"stopping": stopping} if stopping else {}
    net = mlp(data, hidden, **options)
    run = train(net, "adam", draw.scoring, steps=steps, lr=0.01, records=12)
    return Scores(run.test_loss[0], curve=(run.steps, run.curve_metrics[0, :, :, 2].mean(axis=0)))


@claim(
    question="Does early stopping help on data that the net has not seen?",
    says="Going back to the epoch of least validation loss gives a lower test loss than training "
    "to the end of the budget.",
    source=SHEET_OVERFITTING,
    settings=OVERFITTING,
    factor="the data",
    treatment="stopped",
    control="to the end",
    measure="test loss",
    margin=1.02,
)
def early_stopping_on_test(arm, setting, draw):
    """Adam at one rate on nets that fit their training part well; the test part decides nothing.

    The curve is the validation loss; a lane that has stopped stays where it is.
    """
    return _stopped(setting, draw, "patience:10" if arm == "stopped" else "")


@claim(
    question="Should training stop at the first rise of the validation loss?",
    says="Waiting for ten epochs without a better validation loss gives a lower test loss than "
    "stopping at the first rise.",
    source=STOPPING,
    errs="One lecture stops at once when the validation loss rises, another when it has risen "
    "much; which of the two is better depends on the data.",
    settings={
        "diabetes": ("diabetes", (64,), 400),
        "wine": ("wine", (32,), 400),
        "digits, most classes rare": ("long_tailed_digits", (32,), 400),
    },
    factor="the data",
    treatment="ten epochs",
    control="first rise",
    measure="test loss",
    margin=1.02,
)
def patience_against_first_rise(arm, setting, draw):
    """One lecture stops immediately when it gets worse, another when it gets much worse.

    Both arms go back to the best epoch so far; what differs is how long they look for a better one.
    """
    return _stopped(setting, draw, "patience:10" if arm == "ten epochs" else "patience:1")


@claim(
    question="Is the least validation loss what the model will have on new data?",
    says="The validation loss of the step that it has chosen is lower, on average, than the loss "
    "on as many new examples.",
    source=EARLY_STOPPING,
    settings={"8 features": (40, 8), "20 features": (60, 20)},
    treatment="validation",
    control="new data",
    measure="mean of squares at the step of least validation loss",
    scale="difference",
    statistic="mean",
    pairs=200,
    known="validation and new examples are exchangeable, and E min <= min E",
)
def best_validation_loss_flatters(arm, setting, draw):
    """Linear fits by up to 100 steps of gradient descent; the parts are alike but for the choice.

    After t steps they have the share 1 - (1 - eta s)^t in a direction of curvature s.
    """
    n, d = setting
    chosen = []
    for rng in draw.scoring.generators("validation"):
        w = rng.standard_normal(d) / np.sqrt(d)
        X, V, T = (rng.standard_normal((n, d)) for _ in range(3))
        y, v, t = (Z @ w + rng.standard_normal(n) for Z in (X, V, T))
        curvatures, directions = np.linalg.eigh(X.T @ X)
        left = (1.0 - curvatures / curvatures[-1]) ** np.arange(100)[:, None]
        path = ((1.0 - left) * (directions.T @ (X.T @ y)) / curvatures) @ directions.T
        step = np.mean((path @ V.T - v) ** 2, axis=1).argmin()
        Z, z = (V, v) if arm == "validation" else (T, t)
        chosen.append(np.mean((Z @ path[step] - z) ** 2))
    return np.array(chosen)


@claim(
    question="Why does stopping early regularise?",
    says="After t steps of gradient descent from zero a linear fit has the share 1 - (1 - eta s)^t "
    "of least squares in a direction of curvature s, so that the flattest directions are held back "
    "as by a penalty.",
    source=SHEET_OVERFITTING,
    kind="theorem",
    settings={"10 steps": 10, "300 steps": 300},
    measure="largest error of a share",
)
def stopping_holds_back_flat_directions(steps):
    """Descent by the engine's gradient on the diabetes data, against Bishop 1995, eq. 7."""
    X, y = net_data.split("diabetes", 1).train
    X, y = X - X.mean(axis=0), y - y.mean()
    net = MLP((X.shape[1], 1), loss="mse")
    curvatures, directions = np.linalg.eigh(2.0 * X.T @ X / len(X))
    eta = 1.0 / curvatures[-1]
    params = net.init(1, "zeros")
    for _ in range(steps):
        params -= eta * net.loss_and_grad(params, X, y)[1]
    weights = net.unflatten(params)[0][0][:, 0]
    squares = np.linalg.lstsq(X, y, rcond=None)[0]
    shares = (directions.T @ weights) / (directions.T @ squares)
    return deviation(shares, 1.0 - (1.0 - eta * curvatures) ** steps)
