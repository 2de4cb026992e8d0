"""Augmentation of images: random warps and changes of intensity, and mixup.

Images are arrays [n, h, w]. Every function takes a NumPy generator and returns new images; what a
warp brings in from outside is `fill`.
"""

import math

import numpy as np
from scipy.ndimage import map_coordinates


def warp(images, matrices, fill=0.0):
    """Return images [n, h, w] seen through homographies, sampled bilinearly.

    Parameters
    ----------
    images : array [n, h, w]
    matrices : array [n, 3, 3]
        Each takes a place (row, column, 1) of the result, from the centre of the image, to the
        place in the image that is shown there; the third number divides the other two.
    fill : float
    """
    n, h, w = images.shape
    rows, columns = np.mgrid[:h, :w]
    centre = np.array([(h - 1) / 2, (w - 1) / 2])
    to = np.stack([rows.ravel() - centre[0], columns.ravel() - centre[1], np.ones(h * w)])
    made = np.empty((n, h, w))
    for i in range(n):
        r, c, scale = matrices[i] @ to
        at = np.stack([r / scale + centre[0], c / scale + centre[1]])
        # Places that rounding put just outside belong to the border.
        at = np.where(np.abs(at - np.round(at)) < 1e-9, np.round(at), at)
        made[i] = map_coordinates(images[i], at, order=1, mode="constant", cval=fill).reshape(h, w)
    return made


def _matrices(n):
    return np.tile(np.eye(3), (n, 1, 1))


def shift(images, rng, most=1.0, fill=0.0):
    """Move each image by up to `most` pixels down and to the right, or back."""
    matrices = _matrices(len(images))
    matrices[:, :2, 2] = -rng.uniform(-most, most, (len(images), 2))
    return warp(images, matrices, fill)


def rotate(images, rng, most=15.0, fill=0.0):
    """Turn each image about its centre by up to `most` degrees, either way."""
    angle = np.deg2rad(rng.uniform(-most, most, len(images)))
    matrices = _matrices(len(images))
    matrices[:, 0, 0] = matrices[:, 1, 1] = np.cos(angle)
    matrices[:, 0, 1], matrices[:, 1, 0] = np.sin(angle), -np.sin(angle)
    return warp(images, matrices, fill)


def flip(images, rng, share=0.5, axis=2):
    """Mirror a share of the images, left to right (axis 2) or upside down (axis 1)."""
    flipped = rng.random(len(images)) < share
    return np.where(flipped[:, None, None], np.flip(images, axis), images)


def scale(images, rng, most=1.2, fill=0.0):
    """Enlarge each image by a factor of 1 / most .. most, log-uniform."""
    matrices = _matrices(len(images))
    factor = np.exp(rng.uniform(-1.0, 1.0, len(images)) * math.log(most))
    matrices[:, 0, 0] = matrices[:, 1, 1] = 1.0 / factor
    return warp(images, matrices, fill)


def crop(images, rng, size):
    """Cut a random window of `size` pixels a side and enlarge it to the size of the image."""
    n, h, w = images.shape
    matrices = _matrices(n)
    for axis, length in enumerate((h, w)):
        matrices[:, axis, axis] = (size - 1) / (length - 1)
        matrices[:, axis, 2] = rng.integers(0, length - size + 1, n) - (length - size) / 2
    return warp(images, matrices)


def perspective(images, rng, most=0.2, fill=0.0):
    """Tilt each image: the distance to its edges changes by up to the share `most`."""
    n, h, w = images.shape
    matrices = _matrices(n)
    matrices[:, 2, :2] = rng.uniform(-most, most, (n, 2)) / (np.array([h, w]) / 2)
    return warp(images, matrices, fill)


def intensity(images, rng, most=1.3):
    """Multiply each image by a factor of 1 / most .. most, log-uniform."""
    factor = np.exp(rng.uniform(-1.0, 1.0, len(images)) * math.log(most))
    return images * factor[:, None, None]


def noise(images, rng, std=0.5):
    """Add normal numbers of standard deviation `std` to every pixel."""
    return images + std * rng.standard_normal(images.shape)


def mixup(X, Y, rng, alpha=0.2):
    """Mix each example with another one of the batch (Zhang et al. 2018, "mixup").

    Parameters
    ----------
    X : array [n, k]
    Y : array [n, m]
        Targets, or one-hot labels: mixed ones suit losses with wanted outputs (mse, binary
        cross-entropy), not class labels.
    rng : numpy.random.Generator
    alpha : float
        Shares are drawn from Beta(alpha, alpha).

    Returns
    -------
    X, Y : arrays of the same shapes
    """
    share = rng.beta(alpha, alpha, len(X))[:, None]
    other = rng.permutation(len(X))
    return share * X + (1.0 - share) * X[other], share * Y + (1.0 - share) * Y[other]


def images_of(transform, height, width):
    """Return the change of rows of features [n, height * width] that changes their images.

    `transform` is a function of (images, generator), as all above are.
    """

    def changed(X, rng):
        return transform(X.reshape(-1, height, width), rng).reshape(len(X), -1)

    return changed
