"""What is said of starts near minima, and of poor ones."""

from optbench.claims.declaring import claim
from optbench.claims.experiment import tuned
from optbench.claims.nets import mlp

from ._lectures import DESIGN, INITIALIZATION
from ._starts import ADAM_RATES, RATES, trained


def from_near(arm, data, steps, score, draw):
    """Return what a net comes to that starts at random, or after 60 steps of Adam."""
    own = mlp(data, (24,))
    near = {"net": own, "optimizer": "adam", "lr": 0.01, "steps": 60, "head": "kept"}
    net = mlp(data, (24,), pretrained=near) if arm == "near a minimum" else own
    rates = (0.03, 0.1, 0.3, 1.0)
    return tuned(net, "sgd", draw, score, steps=steps, lr=rates, records=5)


@claim(
    question="Is a start near a minimum faster?",
    says="From a start near a minimum a net reaches a lower training loss in as many steps.",
    source=INITIALIZATION,
    settings=("digits", "wine"),
    factor="the data",
    treatment="near a minimum",
    control="at random",
    measure="training loss after 50 steps",
    margin=1.1,
)
def near_start_is_faster(arm, data, draw):
    """What it took to come near is not counted: 60 steps of Adam on the same examples."""
    return from_near(arm, data, 50, lambda run: run.train_loss, draw)


@claim(
    question="Does a start near a minimum lead to a better one?",
    says="From a start near a minimum a net ends with fewer errors on held-out data.",
    source=INITIALIZATION,
    settings=("digits", "wine"),
    factor="the data",
    treatment="near a minimum",
    control="at random",
    measure="validation error after 250 steps",
    scale="difference",
    statistic="mean",
    margin=0.01,
    pairs=20,
)
def near_start_is_better(arm, data, draw):
    """Both have all the steps they need; a difference of a hundredth of the examples counts."""
    return from_near(arm, data, 250, lambda run: run.val_error, draw)


@claim(
    question="Does a poor start need a better optimizer?",
    says="Adam ends lower than gradient descent, each at its best rate, if the initial weights are "
    "poor.",
    source=DESIGN,
    settings={"He's weights": 1.0, "a tenth of them": 0.1},
    factor="the initial weights",
    treatment="adam",
    control="sgd",
    measure="training loss on digits after 100 steps",
    margin=1.5,
)
def poor_start_needs_better_optimizer(arm, gain, draw):
    """Four ReLU layers; the first setting is a good start, where any optimizer is said to do."""
    rates = {"sgd": RATES, "adam": ADAM_RATES}
    net = {"init": "he_normal", "gain": gain}
    return trained(draw, "digits", (24,) * 4, arm, 100, rates[arm], **net)
