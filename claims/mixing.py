"""What is said of mixup and of label smoothing, which the notes take for one technique."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import train
from optbench.claims.nets import mlp
from optbench.claims.theorems import deviation
from optbench.nets import MLP
from optbench.nets import data as net_data

from ._lectures import SHEET_ADVANCED
from ._trained import answers, calibration_error, confidence

SETTINGS = {
    "digits, most classes rare": ("long_tailed_digits", (64,)),
    "breast cancer": ("breast_cancer", (64,)),
    "moons": ("moons", (64,)),
}
ARMS = {"mixup": {"mixup": 0.4}, "smoothed": {"label_smoothing": 0.1}, "plain": {}}


def _answers(arm, setting, draw):
    data, hidden = setting
    net = mlp(data, hidden, **ARMS[arm])
    run = train(net, "adam", draw.scoring, steps=300, lr=0.01, records=2)
    return list(answers(net, run, draw.scoring))


def _confident(arm, setting, draw):
    return np.array([confidence(p) for p, _ in _answers(arm, setting, draw)])


def _calibrated(arm, setting, draw):
    return np.array([calibration_error(p, y) for p, y in _answers(arm, setting, draw)])


SURE = dict(
    source=SHEET_ADVANCED, settings=SETTINGS, factor="the data", control="plain",
    measure="mean of the largest probability on the test part", scale="difference",
)  # fmt: skip
CALIBRATED = dict(
    source=SHEET_ADVANCED, settings=SETTINGS, factor="the data", control="plain",
    measure="expected calibration error on the test part, ten bins", scale="difference",
)  # fmt: skip


@claim(
    question="Is a net less sure of itself after mixup?",
    says="With mixup a net is less confident on test examples than without.",
    treatment="mixup",
    margin=0.01,
    **SURE,
)
def mixup_lowers_confidence(arm, setting, draw):
    """Shares are drawn from Beta(0.4, 0.4); both arms have the same batches and first weights."""
    return _confident(arm, setting, draw)


@claim(
    question="Is a net less sure of itself with smoothed labels?",
    says="With label smoothing a net is less confident on test examples than without.",
    treatment="smoothed",
    margin=0.01,
    **SURE,
)
def smoothing_lowers_confidence(arm, setting, draw):
    """A tenth of each label is spread evenly over all classes."""
    return _confident(arm, setting, draw)


@claim(
    question="Are probabilities nearer to the truth after mixup?",
    says="With mixup the confidence of a net on test examples is nearer to its accuracy.",
    treatment="mixup",
    **CALIBRATED,
)
def mixup_calibrates(arm, setting, draw):
    """To be less confident is to be better calibrated only where a net was too confident."""
    return _calibrated(arm, setting, draw)


@claim(
    question="Are probabilities nearer to the truth with smoothed labels?",
    says="With label smoothing the confidence of a net on test examples is nearer to its accuracy.",
    treatment="smoothed",
    **CALIBRATED,
)
def smoothing_calibrates(arm, setting, draw):
    """See `mixup_calibrates`."""
    return _calibrated(arm, setting, draw)


@claim(
    question="Does a net generalise better after mixup?",
    says="With mixup the test loss is lower than without.",
    source=SHEET_ADVANCED,
    settings=SETTINGS,
    factor="the data",
    treatment="mixup",
    control="plain",
    measure="test loss after 300 steps",
    margin=1.02,
)
def mixup_on_test(arm, setting, draw):
    """The same nets as for confidence, by their loss on examples that are not mixed."""
    data, hidden = setting
    run = train(mlp(data, hidden, **ARMS[arm]), "adam", draw.scoring, steps=300, lr=0.01, records=2)
    return run.test_loss[0]


def _losses(epsilon):
    """Return a net, parameters and two wines of different classes."""
    X, y = net_data.split("wine", 1).train
    pair = [int(np.argmax(y == 0)), int(np.argmax(y == 1))]
    plain, smooth = (MLP((13, 8, 3), "tanh", label_smoothing=e) for e in (0.0, epsilon))
    return plain, smooth, plain.init(1), X[pair], y[pair]


@claim(
    question="Are mixup and label smoothing one technique?",
    says="The loss of a pair of examples is the same whether their labels are smoothed or the pair "
    "is blended in the same share.",
    source=SHEET_ADVANCED,
    errs="A lecture takes mixup and label smoothing for one technique; they have different losses.",
    kind="theorem",
    settings={"a share of 0.1": 0.1, "a share of 0.3": 0.3},
    measure="difference between both losses",
)
def smoothing_is_mixup(share):
    """The notes describe mixup under both names; what smoothing does is in the next claim.

    Blended, both examples are (1 - share) of themselves and share of the other, and so are their
    labels.
    """
    plain, smooth, params, X, y = _losses(share)
    blended = (1.0 - share) * X + share * X[::-1]
    own, other = (plain.loss_and_grad(params, blended, labels)[0] for labels in (y, y[::-1]))
    mixed = (1.0 - share) * own + share * other
    return deviation(smooth.loss_and_grad(params, X, y)[0], mixed)


@claim(
    question="What does label smoothing do?",
    says="Label smoothing leaves inputs as they are and adds to the loss, in its share, the mean "
    "of the cross-entropies with all classes.",
    source=SHEET_ADVANCED,
    kind="theorem",
    settings={"a share of 0.1": 0.1, "a share of 0.3": 0.3},
    measure="difference of loss and gradient",
)
def smoothing_is_a_penalty(share):
    """Loss and gradient of the engine with smoothing, against those without for every label."""
    plain, smooth, params, X, y = _losses(share)
    own = plain.loss_and_grad(params, X, y)
    others = [plain.loss_and_grad(params, X, np.full(2, label)) for label in range(3)]
    smoothed = smooth.loss_and_grad(params, X, y)
    return max(
        deviation(
            smoothed[i], (1.0 - share) * own[i] + share * np.mean([o[i] for o in others], axis=0)
        )
        for i in (0, 1)
    )


@claim(
    question="What does mixup teach that label smoothing does not?",
    says="Half-way between two examples the answers of a net trained with mixup are nearer to the "
    "mean of its answers to both than those of a net trained with smoothed labels.",
    source=SHEET_ADVANCED,
    settings=SETTINGS,
    factor="the data",
    treatment="mixup",
    control="smoothed",
    measure="total variation between the answer half-way and the mean answer",
    margin=1.1,
)
def mixup_is_linear_between(arm, setting, draw):
    """Each test example is paired with the next one in the order of the test part."""
    data, hidden = setting
    net = mlp(data, hidden, **ARMS[arm])
    run = train(net, "adam", draw.scoring, steps=300, lr=0.01, records=2)
    ends = answers(net, run, draw.scoring)
    middles = answers(net, run, draw.scoring, lambda X: 0.5 * (X + np.roll(X, 1, axis=0)))
    return np.array(
        [
            0.5 * np.abs(q - 0.5 * (p + np.roll(p, 1, axis=0))).sum(axis=1).mean()
            for (p, _), (q, _) in zip(ends, middles, strict=True)
        ]
    )
