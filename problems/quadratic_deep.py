"""DeepOBS's quadratic with the spectrum of a deep net's Hessian: 90 small curvatures, 10 large.

Instance 1 is DeepOBS's own, number for number; the others draw spectrum, rotation and data anew
and move everything, so that the minimum is not near 0.
"""

import math

import numpy as np

from optbench.define import generator, problem

DIM, POINTS, BATCH, DEVIATION = 100, 1000, 128, 0.6
BATCHES = POINTS // BATCH
USED = BATCHES * BATCH
"""Points in full batches: the remainder is dropped, in training and in testing."""
SEED = 42
"""Of spectrum, rotation and training data; test data have the next, validation data the one after.
"""


@problem(
    start=1.0,
    box=(0.0, 2.0),
    tags=["convex", "data", "stochastic", "ill-conditioned"],
    source="Schneider, Balles and Hennig 2019, DeepOBS: a deep learning optimizer benchmark suite, "
    "quadratic_deep",
    dim=DIM,
    batch=BATCH,
    target=1e-3,
)
def quadratic_deep(x, g, p, t, full):
    """Mean over points z of (x - z)' H (x - z) / 2, in batches whose order is the same every epoch.

    With the mean m of the points that is (x - m)' H (x - m) / 2 plus what does not depend on x, so
    `p` holds a mean and a constant for each batch, then for all training points.
    """
    which = BATCHES
    if full == 0:
        which = t % BATCHES
    return about_mean(x, g, p, which)


def about_mean(x, g, p, which):
    """Fill g with H (x - m) and return (x - m)' H (x - m) / 2 + c, m and c those of `which`."""
    d = len(x)
    f = p[which * (d + 1) + d]
    for i in range(d):
        g[i] = slope(x, p, which, i)
        f += 0.5 * g[i] * (x[i] - p[which * (d + 1) + i])
    return f


def slope(x, p, which, i):
    """Row i of H (x - m)."""
    d = len(x)
    row = (BATCHES + 3) * (d + 1) + i * d
    total = 0.0
    for j in range(d):
        total += p[row + j] * (x[j] - p[which * (d + 1) + j])
    return total


@quadratic_deep.metrics
def loss_of_part(x, p, part):
    """Loss over the training, validation or test points; there is nothing to classify."""
    d = len(x)
    which = BATCHES + part
    f = p[which * (d + 1) + d]
    for i in range(d):
        f += 0.5 * slope(x, p, which, i) * (x[i] - p[which * (d + 1) + i])
    return f, math.nan


@quadratic_deep.instance
def spectrum_rotation_and_data(dim, instance):
    """Instance 1 from the legacy generator, as DeepOBS draws it; it keeps its data in float32."""
    if instance == 1:
        drawn = [np.random.RandomState(SEED + part) for part in (0, 0, 2, 1)]
        moved = np.zeros(dim)
    else:
        parts = ("hessian", "training", "validation", "test")
        drawn = [generator("quadratic_deep", dim, instance, part) for part in parts]
        moved = generator("quadratic_deep", dim, instance, "shift").uniform(-1.0, 1.0, dim)
    hessian = curved(drawn[0], dim)
    training, validation, test = (
        moved + np.float32(rng.normal(0.0, DEVIATION, (POINTS, dim)))[:USED] for rng in drawn[1:]
    )
    groups = [*np.split(training, BATCHES), training, validation, test]
    facts = [summary(group, hessian) for group in groups]
    p = np.concatenate([*(np.append(mean, constant) for mean, constant in facts), hessian.ravel()])
    minimum, f_min = facts[BATCHES]
    q = (USED, USED, USED, dim, 0, BATCH)
    return dict(p=p, q=q, minimum=minimum, f_min=f_min, start=1.0 + moved)


def summary(points, hessian):
    """Return the mean m of points [n, d] and the mean of (z - m)' H (z - m) / 2."""
    mean = points.mean(axis=0)
    away = points - mean
    return mean, 0.5 * float(np.mean(np.sum((away @ hessian) * away, axis=1)))


def curved(rng, dim):
    """Draw the Hessian: 90 % of its eigenvalues in (0, 1) and 10 % in (30, 60)."""
    few = dim // 10
    spectrum = np.concatenate([rng.uniform(0.0, 1.0, dim - few), rng.uniform(30.0, 60.0, few)])
    rotation = turned(rng, dim)
    return rotation.T @ (spectrum[:, None] * rotation)


def turned(rng, dim):
    """Draw a rotation from one of two dimensions on (Diaconis and Shahshahani 1987)."""
    angle = 2.0 * math.pi * rng.uniform()
    rotation = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    for d in range(2, dim):
        mirror = -rng.normal(size=d + 1)
        mirror /= np.linalg.norm(mirror)
        mirror[0] += 1.0  # from the drawn direction to the first axis
        mirror /= np.linalg.norm(mirror)
        wider = np.eye(d + 1)
        wider[1:, 1:] = rotation
        rotation = wider - 2.0 * np.outer(mirror, mirror @ wider)
    return -rotation
