"""What is said of changing the training images at random, and of the invariance that it teaches."""

import numpy as np
from scipy import ndimage

from optbench.claims.declaring import claim
from optbench.claims.experiment import Scores, train
from optbench.claims.nets import mlp

from ._lectures import DATA_AUGMENTATION, SHEET_OVERFITTING
from ._trained import answers

HIDDEN, STEPS, RATE = (32,), 300, 0.01


def _net(data, augment):
    side = 12 if data == "shifted_digits" else 8
    changes = {"augment": augment, "image": (side, side)} if augment else {}
    return mlp(data, HIDDEN, scaling="common", **changes)


def _loss(data, augment, draw, steps=STEPS):
    run = train(_net(data, augment), "adam", draw.scoring, steps=steps, lr=RATE, records=6)
    return Scores(run.test_loss[0], curve=(run.steps, run.curve_metrics[0, :, :, 4].mean(axis=0)))


def _moved(images):
    """Return images one pixel further to the right; what comes in is background."""
    moved = np.full_like(images, images.min())
    moved[:, :, 1:] = images[:, :, :-1]
    return moved


def _turned(images):
    """Return images turned by ten degrees."""
    return ndimage.rotate(
        images, 10.0, axes=(1, 2), reshape=False, order=1, cval=float(images.min())
    )


def _brighter(images):
    return images.min() + 1.3 * (images - images.min())


@claim(
    question="Does changing the training images at random help?",
    says="Changing training images at random, as images of their kind differ, gives a lower test "
    "loss than training on them as they are.",
    source=SHEET_OVERFITTING,
    settings={
        "rare digits turned by up to ten degrees": ("long_tailed_digits", {"rotate": 10.0}),
        "shifted digits moved by up to two pixels": ("shifted_digits", {"shift": 2.0}),
    },
    factor="the data",
    treatment="changed",
    control="as they are",
    measure="test loss after 600 steps",
    margin=1.05,
)
def augmentation_on_test(arm, setting, draw):
    """Without changes nets fit their training part by then; the test part is never changed.

    A turn mixes pixels that lie side by side, of which images of 8 x 8 have few.
    """
    data, changes = setting
    return _loss(data, changes if arm == "changed" else None, draw, 600)


@claim(
    question="Does mirroring help with digits, too?",
    says="Mirroring half of the training images gives a lower test loss than leaving them as they "
    "are, of digits as of other images.",
    source=DATA_AUGMENTATION,
    settings={"digits": "digits", "shifted digits": "shifted_digits"},
    factor="the data",
    treatment="mirrored",
    control="as they are",
    measure="test loss after 300 steps",
)
def mirrored_digits(arm, data, draw):
    """The notes name flipping among changes of images; a mirrored digit is no digit, or another."""
    return _loss(data, {"flip": 0.5} if arm == "mirrored" else None, draw)


@claim(
    question="Does a net learn the invariance that its training images show?",
    says="A net whose training images were changed at random changes its answers less when a test "
    "image is changed in that way.",
    source=SHEET_OVERFITTING,
    settings={
        "one pixel to the right": ("digits", {"shift": 1.0}, _moved),
        "one pixel, shifted digits": ("shifted_digits", {"shift": 1.0}, _moved),
        "turned by ten degrees": ("digits", {"rotate": 15.0}, _turned),
        "brighter by 30 %": ("digits", {"intensity": 1.5}, _brighter),
    },
    factor="the change",
    treatment="changed",
    control="as they are",
    measure="total variation between the answers to an image and to the changed one",
    margin=1.25,
)
def augmentation_teaches_invariance(arm, setting, draw):
    """Half of the sum of differences of probabilities, the mean over the test part."""
    data, augment, change = setting
    net = _net(data, augment if arm == "changed" else None)
    run = train(net, "adam", draw.scoring, steps=STEPS, lr=RATE, records=2)

    def changed(X):
        side = int(np.sqrt(X.shape[1]))
        return change(X.reshape(-1, side, side)).reshape(X.shape)

    before, after = (answers(net, run, draw.scoring, how) for how in (None, changed))
    return np.array(
        [
            0.5 * np.abs(p - q).sum(axis=1).mean()
            for (p, _), (q, _) in zip(before, after, strict=True)
        ]
    )
