"""What is said of sharing weights: filters that are the same everywhere in an image."""

import numpy as np

from optbench.claims.declaring import claim
from optbench.claims.theorems import deviation
from optbench.define import net
from optbench.define.draws import generator
from optbench.nets import MLP, Net
from optbench.nets.layers import Activation, Conv2d, Dense, Flatten, MaxPool2d

from ._lectures import DESIGN, SYLLABUS
from ._trained import tuned_on_validation

RATES = (1.2e-2, 2.4e-2)
SIDES = {"digits": 8, "permuted_digits": 8, "shifted_digits": 12}
UNITS = {
    ("digits", 8, 2): 18,
    ("permuted_digits", 8, 2): 18,
    ("permuted_digits", 16, 4): 11,
    ("shifted_digits", 8, 2): 19,
}
"""Hidden units of the dense net beside so many filters, pooled by so many pixels a side: as many
parameters, to within 3 %."""


def _declared(data, filters, pooled, kind):
    shared = [
        Conv2d(filters, 3, padding=1), Activation("relu"), MaxPool2d(pooled), Flatten(), Dense(10),
    ]  # fmt: skip
    dense = [Flatten(), Dense(UNITS[data, filters, pooled]), Activation("relu"), Dense(10)]
    return net(
        f"claimed_{kind}_{filters}_{pooled}_{data}",
        data=data,
        scaling="common",
        input=(SIDES[data], SIDES[data], 1),
        layers=shared if kind == "convolution" else dense,
        batch=16,
        loss_target=0.0,
        error_target=0.0,
        family="claimed_sharing",
        tags=("net", "data"),
        source="declared by a claim",
    )


NETS = {(*one, kind): _declared(*one, kind) for one in UNITS for kind in ("convolution", "dense")}
FACTS = dict(source=DESIGN, margin=1.1)


def _compared(arm, setting, draw, steps=100):
    return tuned_on_validation(NETS[(*setting, arm)], draw, RATES, steps)


@claim(
    question="Is a convolution better than a dense layer on images?",
    says="With as many parameters a net with filters has a lower test loss than a dense one.",
    settings={
        "digits anywhere in 12 x 12 pixels": ("shifted_digits", 8, 2),
        "digits": ("digits", 8, 2),
        "digits, pixels permuted": ("permuted_digits", 8, 2),
    },
    factor="the data",
    treatment="convolution",
    control="dense",
    measure="test loss after 100 steps of Adam",
    **FACTS,
)
def filters_on_images(arm, setting, draw):
    """Nothing is lost on a dense net if pixels are permuted; filters lose what lies side by side.

    Each arm has its own best rate.
    """
    return _compared(arm, setting, draw)


@claim(
    question="What if the assumption of an architecture is wrong?",
    says="On images whose pixels are permuted a dense net has a lower test loss than a net with "
    "filters and as many parameters.",
    settings={
        "8 filters, pooled by 2": ("permuted_digits", 8, 2),
        "16 filters, pooled by 4": ("permuted_digits", 16, 4),
    },
    factor="the net",
    treatment="dense",
    control="convolution",
    measure="test loss after 200 steps of Adam",
    **FACTS,
)
def filters_on_permuted_pixels(arm, setting, draw):
    """The other side of `filters_on_images`: what filters assume of neighbours is false here.

    Twice as many steps, since what an architecture can do shows after it has learnt.
    """
    return _compared(arm, setting, draw, 200)


@claim(
    question="Do filters live on what lies side by side?",
    says="A net has a lower test loss on images as they are than on the same images with their "
    "pixels permuted, all in one order.",
    settings={"filters": "convolution", "dense": "dense"},
    factor="the net",
    treatment="digits",
    control="permuted",
    measure="test loss after 100 steps of Adam",
    **FACTS,
)
def permuted_pixels(arm, kind, draw):
    """To a dense net an order is as good as any other; filters see other neighbours."""
    return _compared(kind, ("digits" if arm == "digits" else "permuted_digits", 8, 2), draw)


@claim(
    question="What does a convolution do when the image is shifted?",
    says="A layer of filters gives the shifted answers for a shifted image.",
    source=DESIGN,
    kind="theorem",
    settings={"down by 1": (1, 0), "down by 2, right by 3": (2, 3)},
    measure="difference between the answers to a shifted image and the shifted answers",
)
def filters_follow_shifts(shift):
    """Random 4 x 4 patches in an image of zeros, far enough from its border not to be cut off."""
    draws = generator("claims", "shifts")
    layers = Net([Conv2d(5, 3, padding=1), Flatten()], input=(12, 12, 1), loss="mse")
    params = layers.init(1)
    images = np.zeros((20, 12, 12, 1))
    images[:, 3:7, 3:7] = draws.standard_normal((20, 4, 4, 1))
    before, after = (
        layers.predict(params, each.reshape(20, -1)).reshape(20, 12, 12, 5)
        for each in (images, np.roll(images, shift, axis=(1, 2)))
    )
    # Where images are 0 filters answer with their bias, which a shift leaves as it is.
    return deviation(after, np.roll(before, shift, axis=(1, 2)))


@claim(
    question="What is the gradient of a weight that is used twice?",
    says="The gradient of a weight that two layers share is the sum of those of two copies.",
    source=SYLLABUS,
    kind="theorem",
    settings={"tanh": "tanh", "ReLU": "relu"},
    measure="difference between gradient and sum",
)
def shared_gradients_add_up(activation):
    """A net whose second and third layer are one, against the net with two equal layers."""
    draws = generator("claims", "sharing")
    X, y = draws.standard_normal((30, 5)), draws.integers(0, 3, 30)
    sizes = (5, 6, 6, 6, 3)
    shared, apart = MLP(sizes, activation, shared={3: 2}), MLP(sizes, activation)
    own, copied = shared.init(1), apart.init(2)
    for (W, b), (V, c) in zip(shared.unflatten(own), apart.unflatten(copied), strict=True):
        V[:], c[:] = W, b
    sums = [(W.copy(), b.copy()) for W, b in apart.unflatten(apart.loss_and_grad(copied, X, y)[1])]
    found = shared.unflatten(shared.loss_and_grad(own, X, y)[1])
    return max(deviation(found[1][part], sums[1][part] + sums[2][part]) for part in (0, 1))
