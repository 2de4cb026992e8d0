"""What is said of capacity, data and dimension: bias and variance, and how much data is enough."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.experiment import train
from optbench.claims.nets import mlp
from optbench.define import net

from ._fits import bias_and_variance, hinges, linear, polynomial
from ._lectures import DATA_AUGMENTATION, DESIGN, PROBLEM, SHEET_SUMMARY

FAMILIES = {
    "polynomials of degree 2 and 8": (polynomial, 2, 8),
    "nets of 3 and 12 hinges": (hinges, 3, 12),
}


def _parts(arm, setting, draw, which):
    features, small, large = setting
    capacity = small if arm == "small" else large
    return np.array(
        [
            bias_and_variance(rng, features, capacity)[which]
            for rng in draw.scoring.generators("bias and variance")
        ]
    )


PARTS = dict(
    source=SHEET_SUMMARY, settings=FAMILIES, factor="the family", scale="difference", pairs=20
)


@claim(
    question="What does capacity do to the bias?",
    says="A model of larger capacity has a smaller squared bias.",
    treatment="large",
    control="small",
    measure="squared bias over 16 training sets of 40 examples",
    **PARTS,
)
def capacity_lowers_bias(arm, setting, draw):
    """Least squares to a sine with noise; both arms meet the same training sets."""
    return _parts(arm, setting, draw, 0)


@claim(
    question="What does capacity do to the variance?",
    says="A model of smaller capacity varies less from one training set to the next.",
    treatment="small",
    control="large",
    measure="variance over 16 training sets of 40 examples",
    **PARTS,
)
def capacity_raises_variance(arm, setting, draw):
    """See `capacity_lowers_bias`."""
    return _parts(arm, setting, draw, 1)


@claim(
    question="Can a model be too large for its data?",
    says="Trained long without regularisation, a model of middle capacity has a lower loss on new "
    "data than one of much larger capacity.",
    source=SHEET_SUMMARY,
    settings={
        "polynomials of degree 8 and 30": (polynomial, 8, 30),
        "hidden units, diabetes": ("diabetes", 4, 128),
        "hidden units, breast cancer": ("breast_cancer", 4, 128),
        "hidden units, digits": ("digits", 16, 128),
    },
    factor="the model",
    treatment="middle",
    control="large",
    measure="loss on new data",
    margin=1.02,
)
def too_much_capacity(arm, setting, draw):
    """Bias and variance add up to the loss of polynomials; nets take 400 steps of Adam."""
    kind, middle, large = setting
    capacity = middle if arm == "middle" else large
    if kind is polynomial:
        rngs = draw.scoring.generators("bias and variance")
        return np.array([sum(bias_and_variance(rng, kind, capacity)) + 0.25 for rng in rngs])
    run = train(mlp(kind, (capacity,)), "adam", draw.scoring, steps=400, lr=0.01, records=2)
    return run.test_loss[0]


def _digits(data, units):
    return net(
        f"claimed_{units}_units_{data}", data=data, classes=(6, 7, 8, 9), scaling="common",
        sizes=(64, units, 4), batch=16, loss_target=0.0, error_target=0.0, tags=("net", "data"),
        family="claimed_capacity", source="declared by a claim",
    )  # fmt: skip


AMOUNTS = {"66 examples": "long_tailed_digits", "431 examples": "digits"}
WIDE = {(data, units): _digits(data, units) for data in AMOUNTS.values() for units in (8, 128)}


@claim(
    question="Do more neurons need more data?",
    says="On few examples a net of few hidden units has a lower test loss than one of many, and on "
    "many examples it does not.",
    source=PROBLEM,
    settings=AMOUNTS,
    factor="the number of examples",
    treatment="8 units",
    control="128 units",
    measure="test loss after 200 steps of Adam",
    margin=1.05,
)
def more_neurons_need_more_data(arm, data, draw):
    """Digits 6 to 9; if what is said holds, the verdict depends on the number of examples."""
    one = WIDE[data, 8 if arm == "8 units" else 128]
    return train(one, "adam", draw.scoring, steps=200, lr=0.01, records=2).test_loss[0]


@claim(
    question="What does a dimension cost that tells nothing?",
    says="One useless feature more raises the expected loss of a linear fit on new data.",
    source=DATA_AUGMENTATION,
    settings={"10 features, 100 examples": (100, 10), "20 features, 100 examples": (100, 20)},
    treatment="useful ones",
    control="one more",
    measure="expected loss on new data",
    scale="difference",
    statistic="mean",
    pairs=300,
    known="with d normal features it is 1 + d / (n - d - 1) (Wishart), here 1.1 or 1.3 % more",
)
def useless_feature_costs(arm, setting, draw):
    """Both arms draw the same number of features, and fit all or all but the last."""
    n, d = setting
    costs = []
    for rng in draw.scoring.generators("useless feature"):
        X, noise = rng.standard_normal((n, d + 1)), rng.standard_normal(n)
        own = X if arm == "one more" else X[:, :d]
        wrong = np.linalg.solve(own.T @ own, own.T @ noise)
        costs.append(1.0 + np.sum(wrong**2))
    return np.array(costs)


@claim(
    question="How much more data do more dimensions need?",
    says="A linear fit has the same expected loss on new data if dimension and number of examples "
    "grow together.",
    source=DATA_AUGMENTATION,
    settings={"10 and 20 features": (10, 20), "10 and 40 features": (10, 40)},
    treatment="more features and examples",
    control="fewer of both",
    measure="expected loss on new data",
    scale="difference",
    statistic="mean",
    expects="equal",
    margin=0.01,
    pairs=200,
    known="d / (n - d - 1) is 1/9 where n = 10 d + 1 (Wishart)",
)
def data_in_proportion_to_dimension(arm, setting, draw):
    """There are 10 d + 1 examples with noise of variance 1; the margin is 1 % of the noise."""
    d = setting[arm == "more features and examples"]
    rngs = draw.scoring.generators(f"proportion {d}")
    return np.array([linear(rng, 10 * d + 1, d, d)[1] for rng in rngs])


@claim(
    question="Do more dimensions need more data?",
    says="With as many examples a model errs less on new data in two dimensions than in ten of "
    "which eight tell nothing.",
    source=DATA_AUGMENTATION,
    settings={"linear fit": "fit", "nearest neighbour": "neighbour"},
    factor="the model",
    treatment="2 dimensions",
    control="10 dimensions",
    measure="error on new data",
    margin=1.02,
)
def dimension_needs_data(arm, model, draw):
    """100 examples; the neighbour tells the sign of the first coordinate, in 1000 new points."""
    d = 2 if arm == "2 dimensions" else 10
    errors = []
    for rng in draw.scoring.generators("dimension"):
        if model == "fit":
            errors.append(linear(rng, 100, d, 2)[1])
            continue
        known, new = rng.standard_normal((100, 10))[:, :d], rng.standard_normal((1000, 10))[:, :d]
        apart = ((new[:, None] - known[None]) ** 2).sum(axis=2)
        nearest = known[apart.argmin(axis=1), 0]
        errors.append(np.mean((nearest > 0.0) != (new[:, 0] > 0.0)))
    return np.array(errors)


@claim(
    question="Is more data better than a better model?",
    says="A net has a lower test loss on digits from six times as many examples than from sixteen "
    "times as many hidden units.",
    source=DESIGN,
    settings={"200 steps": 200, "400 steps": 400},
    factor="the number of steps",
    treatment="431 examples, 8 units",
    control="66 examples, 128 units",
    measure="test loss",
    margin=1.05,
)
def data_against_capacity(arm, steps, draw):
    """Digits 6 to 9; there are more sixes than nines among the 66, and as many in the test part."""
    one = WIDE["digits", 8] if arm.startswith("431") else WIDE["long_tailed_digits", 128]
    return train(one, "adam", draw.scoring, steps=steps, lr=0.01, records=2).test_loss[0]
