"""What is said of initial weights."""

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation
from optbench.nets import MLP
from optbench.nets import data as net_data

NOTES = "Training deep models, Setup and initialization issues"


@claim(
    question="Does training ever tell units apart that begin with equal weights?",
    says="Hidden units that begin with the same weights have the same gradients, and stay equal "
    "for ever.",
    source=NOTES,
    kind="theorem",
    settings={"ReLU on digits": ("relu", "digits"), "tanh on wine": ("tanh", "wine")},
    measure="largest difference between two units after 50 steps",
)
def equal_weights_stay_equal(setting):
    """Gradient descent on a net whose hidden units are copies; all parameters are compared."""
    activation, data = setting
    X, y = net_data.split(data, 1).train
    net = MLP((X.shape[1], 6, 6, int(y.max()) + 1), activation)
    start = net.init(1, "constant", gain=0.05)
    params = start.copy()
    for _ in range(50):
        params -= 0.1 * net.loss_and_grad(params, X[:100], y[:100])[1]
    (W1, b1), (W2, b2), (W3, _) = net.unflatten(params)
    units = [W1.T, b1[:, None], W2, W2.T, b2[:, None], W3]  # a row a unit of its layer
    assert all(
        (own != first).any()
        for own, first in zip(net.weights(params), net.weights(start), strict=True)
    )
    return max(deviation(rows, rows[:1].repeat(len(rows), axis=0)) for rows in units)


@claim(
    question="Which initial scale suits deep ReLU nets?",
    says="With ReLU a deep net begins to learn sooner from He's scale than from Xavier's, which is "
    "half of it in variance.",
    source=NOTES,
    settings={"8 layers, digits": ("digits", 8), "8 layers, wine": ("wine", 8)},
    factor="the data",
    treatment="he_normal",
    control="xavier_normal",
    measure="training loss after 40 steps",
    margin=1.05,
)
def he_suits_relu(arm, setting, draw):
    """SGD on hidden layers of 32 units; both arms have one rate, for the scale is what differs."""
    data, depth = setting
    run = train(
        mlp(data, (32,) * depth, init=arm), "sgd", draw.scoring, steps=40, lr=0.05, records=8
    )
    return Scores(run.train_loss[0], curve=(run.steps, run.curve[0].mean(axis=0)))
