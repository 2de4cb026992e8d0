"""Augmentation as SciPy does it: images [n, h, w] seen through homographies, sampled bilinearly.

Matrices [3, 3] take a place (row, column, 1) of the result, from the centre of the image, to the
place that is shown there; the third number divides the other two. The first change is the leftmost
factor.
"""

import numpy as np
from scipy.ndimage import map_coordinates


def warp(image, matrix, fill):
    """Return an image [h, w] seen through a homography."""
    h, w = image.shape
    rows, columns = np.mgrid[:h, :w]
    centre = np.array([(h - 1) / 2, (w - 1) / 2])
    to = np.stack([rows.ravel() - centre[0], columns.ravel() - centre[1], np.ones(h * w)])
    r, c, scale = matrix @ to
    at = np.stack([r / scale + centre[0], c / scale + centre[1]])
    # Places that rounding put just outside belong to the border.
    at = np.where(np.abs(at - np.round(at)) < 1e-9, np.round(at), at)
    return map_coordinates(image, at, order=1, mode="constant", cval=fill).reshape(h, w)


def shift(down, right):
    """Move down and to the right."""
    return np.array([[1, 0, -down], [0, 1, -right], [0, 0, 1.0]])


def rotate(degrees):
    """Turn about the centre, as ``scipy.ndimage.rotate`` does."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])


def flip(mirrored):
    """Mirror left to right, or not."""
    return np.diag([1.0, -1.0 if mirrored else 1.0, 1.0])


def scale(factor):
    """Enlarge."""
    return np.diag([1 / factor, 1 / factor, 1.0])


def crop(size, h, w, top, left):
    """Enlarge the window of `size` pixels a side whose corner is at (top, left)."""
    matrix = np.diag([(size - 1) / (h - 1), (size - 1) / (w - 1), 1.0])
    matrix[:2, 2] = top - (h - size) / 2, left - (w - size) / 2
    return matrix


def perspective(tilt, lean, h, w):
    """Change the distance to the edges by the shares `tilt` and `lean`."""
    matrix = np.eye(3)
    matrix[2, :2] = 2 * tilt / h, 2 * lean / w
    return matrix
