"""Changes of images on lanes: SciPy's warps, what is drawn, what stays as it is."""

import math

import numpy as np
import pytest
from scipy import ndimage, stats

import optbench
from optbench.define import DefinitionError, net
from optbench.define.draws import mix, mixed, sample, uniform
from optbench.nets import MLP, augmentation, batches, data, packing
from optbench.nets.training import Training

from .helpers import assert_lanes_stand_alone, call, data_set, measure
from .reference_augment import crop, flip, perspective, rotate, scale, shift, warp

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")
ALL = dict(
    shift=1.5, rotate=25, flip=0.5, scale=1.3, crop=6, perspective=0.3, intensity=1.4, noise=0.2
)  # fmt: skip
IMAGES = np.random.default_rng(0).uniform(1, 2, (30, 9, 7))
STREAM, T = np.uint64(77), 5
"""Key and step of the mini-batch that is looked at."""


def gathered(augment, images=IMAGES, dtype="float64", t=T, classes=3, **options):
    """Return the mini-batch of step t that the compiled kernel makes of all images, and q, work."""
    n, h, w = images.shape
    model = MLP((h * w, classes), dtype=dtype)
    training = Training(image=(h, w) if augment else (), augment=augment, **options)
    y = np.arange(n) % classes
    parts = [(images.reshape(n, -1), y)] * 3
    p, q = data_set(model, parts, n, training)
    loss, grad, work = call(model, p, q, model.init(0), t, 0, STREAM)
    return model, q, work, loss, grad


def changed(augment, images=IMAGES, **options):
    """Return the changed images of the step, and which images they were."""
    _, q, work, _, _ = gathered(augment, images, **options)
    n, h, w = images.shape
    order = [sample(STREAM, options.get("t", T), j, n, n) for j in range(n)]
    return work[q[packing.BATCH_X] :][: n * h * w].reshape(n, h, w), order


def draws(j, t=T):
    """Return what is drawn for an image: numbers in (0, 1), then in (-1, 1); and its key."""
    key = mix(mix(STREAM ^ augmentation._AUGMENT, t), j)
    u = np.array([uniform(key, i) for i in range(augmentation.PIXELS)])
    return u, 2 * u - 1, key


def matrix(augment, j, h, w):
    """Return the product of the changes' matrices for image j of the mini-batch."""
    u, s, _ = draws(j)
    product = shift(*(augment.get("shift", 0) * s[[augmentation.DOWN, augmentation.RIGHT]]))
    product = product @ rotate(augment.get("rotate", 0) * s[augmentation.TURN])
    product = product @ flip(u[augmentation.MIRROR] < augment.get("flip", 0))
    product = product @ scale(augment.get("scale", 1) ** s[augmentation.ZOOM])
    if "crop" in augment:
        size = augment["crop"]
        corner = np.floor(u[[augmentation.TOP, augmentation.LEFT]] * (np.array([h, w]) - size + 1))
        product = product @ crop(size, h, w, *corner)
    return product @ perspective(
        *(augment.get("perspective", 0) * s[[augmentation.TILT, augmentation.LEAN]]), h, w
    )


def normals(key, n):
    """Return normal numbers by Box and Muller's formula, from pairs of uniform ones."""
    u = np.array([uniform(key, augmentation.PIXELS + c) for c in range(n + 1)])
    radius, angle = np.sqrt(-2 * np.log(u[::2])), 2 * np.pi * u[1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:n]


@pytest.mark.parametrize(
    "augment",
    [{name: ALL[name]} for name in ("shift", "rotate", "flip", "scale", "crop", "perspective")]
    + [ALL, {"shift": 1.0, "rotate": 10, "fill": -3.0}],
    ids=lambda augment: "-".join(augment),
)
def test_images_equal_scipys(augment):
    changed_images, order = changed(augment)
    fill = augment.get("fill", 0.0)
    for j, image in enumerate(changed_images):
        expected = warp(IMAGES[order[j]], matrix(augment, j, 9, 7), fill)
        if "intensity" in augment:
            expected = expected * 1.4 ** draws(j)[1][augmentation.BRIGHT]
        if "noise" in augment:
            key = draws(j)[2]
            expected = expected + 0.2 * normals(key, 63).reshape(9, 7)
        np.testing.assert_allclose(image, expected, atol=1e-10)
    assert np.abs(changed_images - IMAGES[order]).max() > 0.1


def test_the_reference_turns_and_moves_as_ndimage_does():
    for image in IMAGES[:3]:
        turned = ndimage.rotate(image, 20, reshape=False, order=1)
        np.testing.assert_allclose(warp(image, rotate(20), 0.0), turned, atol=1e-10)
        moved = ndimage.shift(image, (0.5, -1.25), order=1)
        np.testing.assert_allclose(warp(image, shift(0.5, -1.25), 0.0), moved, atol=1e-10)


def test_draws_differ_by_step_and_image_and_have_their_ranges():
    factors = []
    for t in range(40):
        changed_images, order = changed({"intensity": 1.3}, t=t)
        ratio = changed_images / IMAGES[order]
        assert np.ptp(ratio, axis=(1, 2)).max() < 1e-12  # one factor an image
        factors.append(np.log(ratio[:, 0, 0]) / math.log(1.3))
    assert stats.kstest(np.ravel(factors), stats.uniform(-1, 2).cdf).pvalue > 1e-3
    black = np.zeros((30, 9, 7))
    noise = np.concatenate([changed({"noise": 0.5}, black, t=t)[0] for t in range(5)])
    assert stats.kstest(noise.ravel() / 0.5, "norm").pvalue > 1e-3


def test_float32_follows_float64():
    wide, narrow = (changed(ALL, dtype=dtype)[0] for dtype in ("float64", "float32"))
    np.testing.assert_allclose(narrow, wide, atol=2e-5)


# ------------------------------------------------------------------------------------------ laws


def test_evaluation_is_never_changed():
    model, q, _, loss, _ = gathered(ALL, mixup=0.5)
    images = IMAGES.reshape(30, -1)
    params, y = model.init(0), np.arange(30) % 3
    training = Training(image=(9, 7), augment=ALL, mixup=0.5)
    p, _ = data_set(model, [(images, y)] * 3, 30, training)
    expected = model.loss_and_grad(params, images, y)[0]
    assert call(model, p, q, params, mode=1)[0] == pytest.approx(expected, rel=1e-13)
    for part in range(3):
        assert measure(model, p, q, params, part)[0] == pytest.approx(expected, rel=1e-13)
    assert loss != pytest.approx(expected, rel=1e-3)


DIGITS = dict(data="digits", sizes=(64, 16, 10), loss_target=1e-9, error_target=0.0)


def digits(**options):
    """Return instance 1 of a net on the digits."""
    facts = {"batch": 64, "scaling": "common", **DIGITS, **options}
    return optbench.problem(net("images", **facts), instance=1)


def test_lanes_do_not_depend_on_threads_or_neighbours():
    problem = digits(image=(8, 8), augment=dict(ALL, crop=7), mixup=0.2)
    assert_lanes_stand_alone(problem, lanes=40, steps=15, lr=0.01)


def test_what_is_off_leaves_the_bits():
    plain = optbench.minimize("adam", digits(), steps=20, lr=0.01)
    off = digits(augment={}, mixup=0.0, shuffle=True, max_norm=0.0, stopping="")
    np.testing.assert_array_equal(optbench.minimize("adam", off, steps=20, lr=0.01).x, plain.x)
    far = digits(max_norm=1e9, rates={1: 1.0, 2: 1.0}, stopping="patience:1000")
    np.testing.assert_array_equal(optbench.minimize("adam", far, steps=20, lr=0.01).x, plain.x)


def test_nets_that_saw_shifted_images_know_shifted_images():
    shifted = data.split("digits", 1, "common").test
    images = shifted.X.reshape(-1, 8, 8)
    least = data.split("digits", 1, "common").train.X.min()
    rng = np.random.default_rng(9)
    moved = np.array([warp(i, shift(*rng.uniform(-1.5, 1.5, 2)), least) for i in images])
    accuracy = []
    for augment in ({}, {"shift": 1.5}):
        problem = digits(sizes=(64, 32, 10), augment=augment, image=(8, 8) if augment else ())
        run = optbench.minimize("adam", problem, steps=400, lr=0.01)
        guesses = problem.net.net.predict(run.x[0], moved.reshape(-1, 64)).argmax(axis=1)
        accuracy.append(np.mean(guesses == shifted.y))
    assert accuracy[1] > accuracy[0] + 0.15 and accuracy[0] > 0.3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(augment={"shift": 1}), r"image is \(\); augment needs \(height, width\)"),
        (dict(image=(8, 8)), "image gives the shape of images to augment, but augment is empty"),
        (dict(image=(8, 7), augment={"shift": 1}), "image is 8 x 7, but the data has 64 features"),
        (dict(image=(8, 8), augment={"zoom": 1}), "unknown change 'zoom'; choose from shift"),
        (
            dict(image=(8, 8), augment={"crop": 9}),
            "crop = 9; it must be a whole number from 2",
        ),
        (dict(image=(8, 8), augment={"crop": 3.5}), "crop = 3.5; it must be a whole number"),
        (dict(image=(8, 8), augment={"flip": 2}), "flip = 2; it must be a number from 0 to 1"),
        (dict(image=(8, 8), augment={"scale": 0.5}), "scale = 0.5; it must be a number from 1"),
        (dict(image=(8, 8), augment={"noise": "a"}), "noise = 'a'; it must be a number"),
        (
            dict(image=(8, 8), augment={"shift": 1}, scaling="standard"),
            "augment moves pixels, which scaling 'standard' treats one by one",
        ),
        (dict(mixup=-0.1), "mixup is -0.1; it must be 0"),
        (dict(shuffle=1), "shuffle is 1; it must be True or False"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(DefinitionError, match=message):
        digits(**options)


def test_pixels_are_scaled_alike_by_the_training_part():
    raw, scaled = data.split("digits", 2, "none"), data.split("digits", 2, "common")
    mean, std = raw.train.X.mean(), raw.train.X.std()
    for before, after in zip(raw, scaled, strict=True):
        np.testing.assert_allclose(after.X, (before.X - mean) / std, rtol=1e-13)


def test_keys_are_apart_from_those_of_batches_and_masks():
    streams = mixed(
        np.uint64(3) ^ np.array([augmentation._AUGMENT, augmentation._MIXUP, np.uint64(0)]), 1
    )
    assert len(set(streams.tolist())) == 3
    assert augmentation.image_key(np.uint64(3), 1, 0) != augmentation.image_key(np.uint64(3), 0, 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_plain_python_gathers_what_compiled_code_does(dtype):
    options = dict(augment=ALL, mixup=0.5, dtype=dtype)
    model, q, work, _, _ = gathered(images=IMAGES[:6], **options)
    images = IMAGES[:6].reshape(6, -1)
    training = Training(image=(9, 7), augment=ALL, mixup=0.5)
    p, _ = data_set(model, [(images, np.arange(6) % 3)] * 3, 6, training)
    plain = np.zeros_like(work)
    X, Y = batches.gather(p, q, plain, T, [STREAM])
    assert X.shape == (6, 63) and Y.shape == (6, 3)
    end = q[packing.MIXED_Y] + 18
    near = dict(atol=1e-12) if dtype == "float64" else dict(atol=1e-5)
    first = q[packing.BATCH_X]
    np.testing.assert_allclose(plain[first : first + 6 * 63], work[first : first + 6 * 63], **near)
    np.testing.assert_allclose(Y.ravel(), work[q[packing.MIXED_Y] : end], **near)
    at = q[packing.MIXED_X]
    np.testing.assert_allclose(X.ravel(), work[at : at + X.size], **near)
