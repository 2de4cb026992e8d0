"""What is said of weight decay, as the gradient of a penalty and apart from it."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train, tuned
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation

from ._bowls import bowl
from ._lectures import L2, WEIGHT_DECAY

START = np.array([2.0, -1.0, 0.5])
GRADIENTS = np.cos(np.arange(600.0) ** 2).reshape(200, 3) + [0.0, 0.5, 5.0]


def path(rule, gradients=GRADIENTS, **hyper):
    """Return where a rule of rate 0.01 goes from the start [T + 1, 3]."""
    return optbench.replay(rule, gradients, START, lr=0.01, **hyper)


@claim(
    question="Is weight decay the same as an L2 penalty?",
    says="To shrink the weights at each step by a share of them is the same as to add the gradient "
    "of an L2 penalty.",
    source=WEIGHT_DECAY,
    errs="The lectures take weight decay for an L2 penalty; the two are the same for plain "
    "gradient descent alone.",
    kind="theorem",
    settings={"gradient descent": "gd", "momentum": "momentum", "Adam": "adam"},
    measure="largest difference between paths of decay 0.1 and of l2 0.1",
)
def decay_is_an_l2_penalty(rule):
    """The lecture takes them for one; that holds of gradient descent alone.

    Momentum carries the penalty's gradient on, and Adam divides it by the size of gradients
    (Loshchilov and Hutter 2019, propositions 1 and 2).
    """
    return deviation(path(rule, decay=0.1), path(rule, l2=0.1))


@claim(
    question="What does Adam make of an L2 penalty?",
    says="Where there is no other gradient, the strength of an L2 penalty does not matter to Adam.",
    source=L2,
    kind="theorem",
    settings={"strengths 0.01 and 0.1": (0.01, 0.1), "strengths 0.01 and 100": (0.01, 100.0)},
    measure="largest difference between two paths",
)
def adam_cancels_strength_of_l2(strengths):
    """Adam divides the penalty's gradient by its own size: all weights fall by the rate a step."""
    ends = [path("adam", np.zeros((200, 3)), l2=one, eps=1e-30) for one in strengths]
    assert deviation(ends[0][1], START - 0.01 * np.sign(START)) < 1e-9
    return deviation(*ends)


@claim(
    question="What does decoupled decay do without other gradients?",
    says="Where there is no other gradient, decoupled decay shrinks all weights of Adam at the "
    "geometric rate 1 - lr decay.",
    source=L2,
    kind="theorem",
    settings={"decay 0.1": 0.1, "decay 1": 1.0, "decay 10": 10.0},
    measure="largest error of weights",
)
def decoupled_decay_is_geometric(decay):
    """As a penalty does with gradient descent."""
    t = np.arange(201.0)[:, None]
    return deviation(path("adam", np.zeros((200, 3)), decay=decay), START * (1 - 0.01 * decay) ** t)


@claim(
    question="Which weights does an L2 penalty of Adam shrink less?",
    says="Adam shrinks weights whose gradients are large less by an L2 penalty than others, in "
    "proportion to the size of their gradients.",
    source=L2,
    kind="theorem",
    settings={"gradients 10 times as large": 10.0, "1000 times as large": 1e3},
    measure="error of the ratio of what the penalty does to two weights",
    margin=1e-3,
)
def adam_shrinks_large_gradients_less(times):
    """Steady gradients of 1 and of `times` 1, signs taking turns, on two weights that are alike.

    What the penalty does is the path with it less the path without; the penalty is weak, so that
    the size of the gradient stays that of the loss.
    """
    turns = np.where(np.arange(200)[:, None] % 2, 1.0, -1.0)
    gradients = 1e3 * turns * np.array([1.0, times])
    ends = [
        optbench.replay("adam", gradients, np.ones(2), lr=1e-5, beta1=0.0, l2=l2, eps=1e-30)[-1]
        for l2 in (1.0, 0.0)
    ]
    own, other = ends[0] - ends[1]
    return deviation(own / other / times, 1.0)


@claim(
    question="Does decoupled decay generalise better with Adam?",
    says="Adam with decoupled decay ends with a lower loss on held-out data than Adam with an L2 "
    "penalty, each at its best strength.",
    source=WEIGHT_DECAY,
    settings={"diabetes": "diabetes", "breast cancer": "breast_cancer"},
    factor="the data",
    treatment="decay",
    control="l2",
    measure="validation loss after 300 steps",
    margin=1.02,
)
def decoupled_decay_generalises(arm, data, draw):
    """Both have the rate 0.01; strengths reach from what does nothing to what takes over.

    Decay is multiplied by the rate, and l2 is not: strengths of decay are those of both together.
    """
    strengths = np.geomspace(1e-5, 1e-2, 12) if arm == "decay" else np.geomspace(3e-4, 0.3, 12)
    hyper = {"decay": strengths / 0.01} if arm == "decay" else {"l2": strengths}
    return tuned(
        mlp(data, (16,), batch=16), "adam", draw, lambda run: run.val_loss, steps=300,
        lr=np.full(12, 0.01), records=3, **hyper,
    )  # fmt: skip


@claim(
    question="Does weak decay change the noise of SGD?",
    says="Decay of a twentieth of the curvature lowers the floor of SGD around a minimum at 0 by "
    "about a twentieth.",
    source=L2,
    settings={"rate 0.1": 0.1, "rate 0.3": 0.3},
    factor="the rate",
    treatment="decay 0.05",
    control="decay 0",
    measure="value after 200 steps",
    margin=1.02,
    known="the floor is h lr s^2 / (2 (h + w) (2 - lr (h + w))) with decay w, 4.7 and 4.1 % lower",
)
def decay_lowers_the_floor(arm, rate, draw):
    """A bowl of curvature 1 in 100 dimensions, normal noise of deviation 1, the same in both arms.

    Where the minimum is not at 0, decay also moves away from it: what is judged is the noise.
    """
    decay = 0.05 if arm == "decay 0.05" else 0.0
    run = train(
        bowl((1.0,) * 100, level=1.0), "sgd", draw.scoring, steps=200, lr=rate, decay=decay,
        records=200,
    )  # fmt: skip
    return Scores(run.f[0], curve=(run.steps, run.curve[0].mean(axis=0)))
