"""What is said of ensembles: the mean answer of nets that are trained apart."""

import numpy as np

import optbench
from optbench.claims.declaring import claim
from optbench.claims.nets import mlp
from optbench.nets.ensembles import ensemble

from ._lectures import SYLLABUS

TEST_LOSS = 4
SETTINGS = {"digits": ("digits", 16), "breast cancer": ("breast_cancer", 16)}


def _members(data, units, number, count, steps):
    """Return an instance of a net and the parameters [count, P] of members from other starts."""
    one = optbench.problem(mlp(data, (units,)), instance=number)
    run = optbench.minimize(
        "adam", one, steps=steps, lanes=count, seed=1, lr=0.02, dtype="float32", threads=1,
        records=2,
    )  # fmt: skip
    return one, np.asarray(run.x, float)


@claim(
    question="Is an ensemble better than its members?",
    says="The mean answer of two nets has a lower test loss than the two have on average.",
    source=SYLLABUS,
    settings={"digits, 200 steps": ("digits", 200), "wine, 50 steps": ("wine", 50)},
    treatment="mean answer",
    control="one by one",
    measure="test loss",
    known="Jensen's inequality: -ln is convex, so the loss of a mean is below the mean of losses",
)
def ensemble_against_members(arm, setting, draw):
    """Both members are trained on the same examples, from two starts."""
    data, steps = setting
    losses = []
    for number in draw.scoring.instances:
        one, members = _members(data, 16, number, 2, steps)
        groups = [members] if arm == "mean answer" else [[member] for member in members]
        losses.append(np.mean([ensemble(one, group)[TEST_LOSS] for group in groups]))
    return np.array(losses)


@claim(
    question="Five small nets or a large one?",
    says="The mean answer of five nets has a lower test loss than one net with as many parameters "
    "as all of them.",
    source=SYLLABUS,
    settings=SETTINGS,
    factor="the data",
    treatment="five nets",
    control="one net",
    measure="test loss after 200 steps",
    margin=1.05,
)
def ensemble_against_a_large_net(arm, setting, draw):
    """Hidden units are divided among the members; all are trained alike on the same examples."""
    data, units = setting
    count, units = (5, units) if arm == "five nets" else (1, 5 * units)
    return np.array(
        [
            ensemble(*_members(data, units, number, count, 200))[TEST_LOSS]
            for number in draw.scoring.instances
        ]
    )
