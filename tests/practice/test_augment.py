"""Augmentation: exact cases, and SciPy's own rotations and zooms."""

import numpy as np
import pytest
from scipy import ndimage

from optbench.practice import augment

IMAGES = np.random.default_rng(0).uniform(1, 2, (6, 8, 8))


class Fixed:
    """A generator whose uniform draws are all the same."""

    def __init__(self, value):
        self.value = value

    def uniform(self, low, high, size):
        return np.full(size, self.value)


def test_shifts_of_whole_pixels_move_the_numbers():
    moved = augment.shift(IMAGES, Fixed(2.0), most=2, fill=-1)
    np.testing.assert_allclose(moved[:, 2:, 2:], IMAGES[:, :-2, :-2], rtol=1e-12)
    assert (moved[:, :2] == -1).all() and (moved[:, :, :2] == -1).all()


def test_a_quarter_turn_is_exact():
    turned = augment.rotate(IMAGES, Fixed(90.0), most=90)
    np.testing.assert_allclose(turned, np.rot90(IMAGES, 1, (1, 2)), rtol=1e-12)


def test_rotation_agrees_with_scipy():
    turned = augment.rotate(IMAGES, Fixed(20.0), most=20)
    for image, found in zip(IMAGES, turned, strict=True):
        wanted = ndimage.rotate(image, 20, reshape=False, order=1)
        np.testing.assert_allclose(found, wanted, atol=1e-10)


def test_scaling_keeps_the_centre_and_stretches():
    ramp = np.tile(np.arange(9.0) - 4, (1, 9, 1))
    larger = augment.scale(ramp, Fixed(1.0), most=2)
    np.testing.assert_allclose(larger, ramp / 2, atol=1e-12)


def test_crops_are_windows():
    ramp = np.arange(9.0)[None, None] + 10 * np.arange(9.0)[None, :, None]
    ramp = np.tile(ramp, (50, 1, 1))
    cut = augment.crop(ramp, np.random.default_rng(1), 5)
    corners = {tuple(np.round([image[0, 0], image[-1, -1] - image[0, 0]], 9)) for image in cut}
    assert {span for _, span in corners} == {44.0}
    assert {first for first, _ in corners} <= {10.0 * i + j for i in range(5) for j in range(5)}
    assert len(corners) > 10


def test_perspective_maps_lines_to_lines_and_shrinks_one_side():
    ramp = np.tile((np.arange(9.0) - 4)[:, None], (1, 1, 9))
    tilted = augment.perspective(ramp, Fixed(0.2), most=0.2, fill=np.nan)[0]
    r, c = np.mgrid[:9, :9] - 4.0
    wanted = r / (1 + 0.2 * r / 4.5 + 0.2 * c / 4.5)
    inside = ~np.isnan(tilted)
    np.testing.assert_allclose(tilted[inside], wanted[inside], atol=1e-12)
    assert inside.mean() > 0.5


def test_flips_intensity_and_noise():
    rng = np.random.default_rng(2)
    np.testing.assert_array_equal(augment.flip(IMAGES, rng, 1.0), IMAGES[:, :, ::-1])
    np.testing.assert_array_equal(augment.flip(IMAGES, rng, 0.0), IMAGES)
    half = augment.flip(np.tile(IMAGES[:1], (2000, 1, 1)), rng)
    assert np.mean(half[:, 0, 0] == IMAGES[0, 0, 0]) == pytest.approx(0.5, abs=0.05)
    factors = augment.intensity(IMAGES, rng, 1.3) / IMAGES
    assert (np.ptp(factors, axis=(1, 2)) < 1e-12).all()
    assert factors.min() >= 1 / 1.3 and factors.max() <= 1.3 and np.ptp(factors) > 0.1
    added = augment.noise(np.zeros((200, 8, 8)), rng, 0.5)
    assert added.std() == pytest.approx(0.5, rel=0.05) and abs(added.mean()) < 0.02


def test_mixup_mixes_inputs_and_targets_alike():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(500, 4))
    A = rng.normal(size=(4, 2))
    mixed, targets = augment.mixup(X, X @ A, rng, alpha=1.0)
    np.testing.assert_allclose(mixed @ A, targets, atol=1e-12)  # linear, as mixing is
    np.testing.assert_allclose(mixed.mean(axis=0), X.mean(axis=0), atol=0.2)
    assert not np.allclose(mixed, X)


def test_rows_of_features_are_images():
    changed = augment.images_of(lambda images, rng: np.flip(images, 1), 8, 8)
    rows = IMAGES.reshape(6, 64)
    np.testing.assert_array_equal(changed(rows, None), IMAGES[:, ::-1].reshape(6, 64))
