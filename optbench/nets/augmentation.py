"""Random changes of the images of a mini-batch, and mixup; on the primitives.

Every number is drawn by (stream, step, place in the mini-batch, purpose), as those of all noise.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from optbench.define.draws import mix
from optbench.errors import SettingError
from optbench.kernels.products.primitives import span, sync
from optbench.nets.architecture import is_number, is_whole
from optbench.nets.losses import CROSS_ENTROPY
from optbench.nets.packing import (
    ANSWERS,
    BATCH,
    BATCH_X,
    BATCH_Y,
    CHANGES,
    COEFFICIENTS,
    FEATURES,
    HEIGHT,
    LOSS,
    MIXED_X,
    MIXED_Y,
    MIXUP,
    NUMBERS,
    WIDTH,
)
from optbench.nets.shuffling import draw_permuted

# Places of the numbers of an augmentation.
SHIFT, ROTATE, FLIP, SCALE, CROP, PERSPECTIVE, INTENSITY, NOISE, FILL, WARPS = range(10)

# Draws of an image; those of its noise come after them, one a pixel.
DOWN, RIGHT, TURN, MIRROR, ZOOM, TOP, LEFT, TILT, LEAN, BRIGHT, PIXELS = range(11)

CHANGES_BY_NAME: dict[str, tuple[int, Callable[[float], float]]] = {
    "shift": (SHIFT, float),
    "rotate": (ROTATE, math.radians),
    "flip": (FLIP, float),
    "scale": (SCALE, math.log),
    "crop": (CROP, float),
    "perspective": (PERSPECTIVE, float),
    "intensity": (INTENSITY, math.log),
    "noise": (NOISE, float),
    "fill": (FILL, float),
}
"""Name -> (place, function of the declared number that is stored there), in the order in which an
image is changed.

shift: move it by up to so many pixels, down and to the right, or back; rotate: turn it about its
centre by up to so many degrees, either way; flip: mirror a share of the images left to right;
scale: enlarge it by a factor from 1 / most to most, log-uniform; crop: cut out a random window of
so many pixels a side and enlarge it to the size of the image; perspective: tilt it, so that the
distance to its edges changes by up to that share; intensity: multiply it by a factor from 1 / most
to most, log-uniform, with `fill` as 0; noise: add normal numbers of that standard deviation. What
comes in from outside is `fill`, by default the least number in the training part.
"""

UNIFORM_SCALINGS = ("none", "common")
"""Scalings that treat all pixels alike, so that images may be moved."""

BORDER = 1e-4
"""Places less than that many pixels outside belong to the border: rounding put them there."""

_AUGMENT = np.uint64(0x6175676D656E74)  # tells these keys from those of batches and masks
_MIXUP = np.uint64(0x6D69787570)
_11 = np.uint64(11)
_ULP, _HALF_ULP = 2.0**-53, 2.0**-54


def check(image: Sequence[int], augment: Mapping[str, float]) -> None:
    """Refuse images and changes that do not exist, or are out of range."""
    if not augment:
        if image:
            raise SettingError("image gives the shape of images to augment, but augment is empty")
        return
    sides = tuple(image) if hasattr(image, "__len__") else ()
    if len(sides) != 2 or not all(is_whole(side) and side >= 2 for side in sides):
        raise SettingError(f"image is {image!r}; augment needs (height, width), 2 or more each")
    for name, value in augment.items():
        if name not in CHANGES_BY_NAME:
            raise SettingError(f"unknown change {name!r}; choose from {', '.join(CHANGES_BY_NAME)}")
        if not (is_number(value) and math.isfinite(value)):
            raise SettingError(f"augment has {name} = {value!r}; it must be a number")
        low, high = {
            "flip": (0.0, 1.0), "scale": (1.0, 10.0), "intensity": (1.0, 100.0),
            "crop": (2, min(sides)), "perspective": (0.0, 0.49), "fill": (-math.inf, math.inf),
            "rotate": (0.0, 180.0),
        }.get(name, (0.0, math.inf))  # fmt: skip
        if not low <= value <= high or (name == "crop" and not is_whole(value)):
            kind = "a whole number" if name == "crop" else "a number"
            raise SettingError(
                f"augment has {name} = {value!r}; it must be {kind} from {low:g} to {high:g}"
            )


def numbers(augment: Mapping[str, float], fill: float) -> NDArray[np.float64]:
    """Return the numbers of an augmentation as the kernels read them.

    Parameters
    ----------
    augment : dict of str to float
    fill : float
        What comes in from outside if the declaration does not say.
    """
    stored = np.zeros(WARPS + 1)
    stored[FILL] = fill
    for name, value in augment.items():
        at, transform = CHANGES_BY_NAME[name]
        stored[at] = transform(value)
    stored[WARPS] = bool({"shift", "rotate", "flip", "scale", "crop", "perspective"} & {*augment})
    return stored


# ------------------------------------------------------------------------------ what is compiled


def image_key(stream, t, j):
    """Return the key of the changes of example j of the mini-batch of step t."""
    return mix(mix(stream ^ _AUGMENT, t), j)


def uniform(c, key, i):
    """Draw number i of a key, uniform on (0, 1), in the dtype of c; `draws.uniform` is float64."""
    return c.dtype.type(mix(key, i) >> _11) * _ULP + _HALF_ULP


def signed(c, at, key, i):
    """Draw number i of a key, uniform from ``-c[at]`` to ``c[at]``."""
    return c[at] * (2.0 * uniform(c, key, i) - 1.0)


def homography(c, at, h, w, key):
    """Return what takes a place of the changed image to the place that is shown there.

    ``(r, c) = (a u + b v + e, d u + g v + k)`` with ``(u, v) = (r', c') / (1 + y r' + z c')``, all
    places from the centre of the image.

    Parameters
    ----------
    c : array
        Holds the numbers of the augmentation from place `at` on.
    h, w : float
        Height and width.
    key : uint64

    Returns
    -------
    a, b, e, d, g, k, y, z : float
    """
    number = c.dtype.type
    turn = signed(c, at + ROTATE, key, TURN)
    mirrored = -1.0 if uniform(c, key, MIRROR) < c[at + FLIP] else 1.0
    smaller = math.exp(-signed(c, at + SCALE, key, ZOOM))
    down, right = signed(c, at + SHIFT, key, DOWN), signed(c, at + SHIFT, key, RIGHT)
    zoom_r = zoom_c = number(1)
    first_r = first_c = number(0)
    size = c[at + CROP]
    if size > 0.0:
        zoom_r, zoom_c = (size - 1.0) / (h - 1.0), (size - 1.0) / (w - 1.0)
        free_r, free_c = h - size, w - size
        top = number(math.floor(uniform(c, key, TOP) * (free_r + 1.0)))
        left = number(math.floor(uniform(c, key, LEFT) * (free_c + 1.0)))
        # A float32 just below 1 can round up to a place too many.
        first_r, first_c = min(top, free_r) - 0.5 * free_r, min(left, free_c) - 0.5 * free_c
    cos, sin = math.cos(turn) * smaller, math.sin(turn) * smaller
    tilt_r = 2.0 * signed(c, at + PERSPECTIVE, key, TILT) / h
    tilt_c = 2.0 * signed(c, at + PERSPECTIVE, key, LEAN) / w
    return (
        cos * zoom_r, sin * mirrored * zoom_c, cos * first_r + sin * mirrored * first_c - down,
        -sin * zoom_r, cos * mirrored * zoom_c, cos * mirrored * first_c - sin * first_r - right,
        tilt_r, tilt_c,
    )  # fmt: skip


def bilinear(v, first, rows, columns, r, c, fill):
    """Return an image at a place, counted from its corner; `fill` outside of it."""
    number = v.dtype.type
    high_r, high_c = number(rows - 1), number(columns - 1)
    within = -BORDER <= r <= high_r + BORDER and -BORDER <= c <= high_c + BORDER
    if not within:
        return fill
    r, c = min(max(r, 0.0), high_r), min(max(c, 0.0), high_c)
    i, j = min(int(r), rows - 2), min(int(c), columns - 2)
    down, right = r - number(i), c - number(j)
    at = first + i * columns + j
    upper = v[at] + right * (v[at + 1] - v[at])
    lower = v[at + columns] + right * (v[at + columns + 1] - v[at + columns])
    return upper + down * (lower - upper)


def augment(p, first, q, work, to, key):
    """Write the image that begins at ``p[first]`` to ``work[to:]``, changed at random.

    It is the work of one thread: what is drawn for an image would else be drawn by all of them.
    """
    at, rows, columns = p.size - COEFFICIENTS + CHANGES, q[HEIGHT], q[WIDTH]
    number = p.dtype.type
    half_r, half_c = number(0.5) * number(rows - 1), number(0.5) * number(columns - 1)
    fill, std, warps = p[at + FILL], p[at + NOISE], p[at + WARPS] > 0.0
    a, b, e, d, g, k, y, z = homography(p, at, number(rows), number(columns), key)
    factor = math.exp(signed(p, at + INTENSITY, key, BRIGHT))
    for i in range(rows):
        for j in range(columns):
            place = i * columns + j
            value = p[first + place]
            if warps:
                u, v = number(i) - half_r, number(j) - half_c
                over = 1.0 / (1.0 + y * u + z * v)
                r, c = over * (a * u + b * v), over * (d * u + g * v)
                value = bilinear(p, first, rows, columns, r + e + half_r, c + k + half_c, fill)
            if p[at + INTENSITY] > 0.0:
                value = fill + factor * (value - fill)
            work[to + place] = value
    if std > 0.0:
        add_noise(work, to, rows * columns, p, std, key)


def add_noise(work, to, n, p, std, key):
    """Add normal numbers, which come in pairs (Box and Muller 1958), to ``work[to : to + n]``."""
    for place in range(0, n, 2):
        radius = std * math.sqrt(-2.0 * math.log(uniform(p, key, PIXELS + place)))
        angle = 2.0 * math.pi * uniform(p, key, PIXELS + place + 1)
        work[to + place] += radius * math.cos(angle)
        if place + 1 < n:
            work[to + place + 1] += radius * math.sin(angle)


def share_of(c, at, key, j):
    """Draw number j of Beta(c[at], c[at]), from two uniform ones and without rejection.

    If T has Student's distribution with 2 alpha degrees of freedom, ``(1 + T / sqrt(2 alpha +
    T^2)) / 2`` is Beta(alpha, alpha); T is drawn as by Bailey 1994, "Polar generation of random
    variates with the t-distribution".
    """
    radius = uniform(c, key, 2 * j) ** (1.0 / c[at])
    side = math.cos(2.0 * math.pi * uniform(c, key, 2 * j + 1))
    squared = (1.0 - radius) * side * side
    length = math.sqrt(squared / (radius + squared))
    return 0.5 + 0.5 * (length if side > 0.0 else -length)


def mix_up(p, q, work, t, stream):
    """Mix the examples of the mini-batch in `work`, each with another one (Zhang et al. 2018).

    Of two class labels both are kept, with the share of the first; other answers are mixed.
    """
    rows, k, m = q[BATCH], q[FEATURES], q[ANSWERS]
    key = mix(stream ^ _MIXUP, t)
    partners, shares = mix(key, 0), mix(key, 1)
    labels = q[LOSS] == CROSS_ENTROPY
    draw_permuted(work, q[NUMBERS], rows, partners, 0, rows)
    sync()
    for j in range(rows):
        other = int(work[q[NUMBERS] + j])
        share = share_of(p, p.size - COEFFICIENTS + MIXUP, shares, j)
        mine, theirs = q[BATCH_X] + j * k, q[BATCH_X] + other * k
        for c in span(k):
            mixed = share * work[mine + c] + (1.0 - share) * work[theirs + c]
            work[q[MIXED_X] + j * k + c] = mixed
        mine, theirs = q[BATCH_Y] + j * m, q[BATCH_Y] + other * m
        if labels:
            for c in span(3):
                one = work[theirs] if c else work[mine]
                work[q[MIXED_Y] + 3 * j + c] = share if c == 2 else one
        else:
            for c in span(m):
                mixed = share * work[mine + c] + (1.0 - share) * work[theirs + c]
                work[q[MIXED_Y] + j * m + c] = mixed
    sync()
