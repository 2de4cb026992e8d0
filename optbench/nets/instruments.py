"""Instruments along training: what the gradient, its noise and its changes say of the steps.

Those of Schneider, Dangel and Hennig 2021, "Cockpit", that need gradients alone: the largest
eigenvalue of the Hessian, the noise of mini-batch gradients, and where on the way across the valley
below it a step ends.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optbench.define import generator
from optbench.errors import SettingError
from optbench.nets.any_net import AnyNet

Floats = NDArray[np.float64]

MOST_PRODUCTS = 40
"""Products with the Hessian before Lanczos' method gives up."""
ACCURACY = 1e-2
"""Relative, of the largest eigenvalue: it is drawn on a logarithmic axis."""
BATCHES = 32
"""Into how many small batches examples are divided for the noise of the gradient, about."""


def sharpness(
    net: AnyNet,
    params: NDArray[np.floating],
    X: ArrayLike,
    y: ArrayLike,
    *,
    trained: NDArray[np.intp] | None = None,
    accuracy: float = ACCURACY,
) -> float:
    """Return the largest eigenvalue of the Hessian of the loss in evaluation.

    By Lanczos' method on central differences of gradients, whose rounding (in float32 about 1e-4 of
    the eigenvalue) is the limit of its accuracy.

    Parameters
    ----------
    net : optbench.nets.MLP or Net
    params : array [P]
    X, y : array
        As for `MLP.loss_and_grad`.
    trained : array of int, optional
        Numbers of the parameters that count; by default all.
    accuracy : float
        Relative.

    Returns
    -------
    float
        NaN where gradients are not finite, or it is not found in 40 products.
    """
    places = parameters(net, trained)
    point = np.asarray(params, np.float64)
    offset = float(np.finfo(net.dtype).eps) ** (1 / 3) * (float(np.linalg.norm(point)) or 1.0)

    def gradient(v: Floats, way: float) -> Floats:
        moved = point.copy()
        moved[places] += way * v
        _, grad = net.loss_and_grad(moved.astype(net.dtype), X, y, training=False)
        return grad[places].astype(np.float64)

    def hessian_times(v: Floats) -> Floats:
        product: Floats = (gradient(v, offset) - gradient(v, -offset)) / (2.0 * offset)
        return product

    return largest_eigenvalue(hessian_times, len(places), accuracy)


def parameters(net: AnyNet, trained: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
    """Return the places of the net's numbers in ``params``, without padding and what is frozen."""
    places = [
        start + np.arange(math.prod(shape))
        for start, (_, _, shape) in zip(net.tensor_places.values(), net.tensors, strict=True)
    ]
    all_places = np.concatenate(places).astype(np.intp)
    return all_places if trained is None else np.intersect1d(all_places, trained)


def largest_eigenvalue(
    product: Callable[[Floats], Floats],
    d: int,
    accuracy: float = ACCURACY,
    most: int = MOST_PRODUCTS,
) -> float:
    """Return the largest (not the largest absolute) eigenvalue of a symmetric matrix [d, d].

    Lanczos 1950, every vector made orthogonal to all before it, which few vectors allow.

    Parameters
    ----------
    product : callable
        What the matrix makes of a vector [d] of length 1.
    d : int
    accuracy : float
        Relative: an eigenvalue is that near, by the length of the residual.
    most : int
        Products at most.

    Returns
    -------
    float
        NaN where products are not finite, or the accuracy is not reached.
    """
    v = generator("lanczos", d).standard_normal(d)  # with all eigenvectors in it
    basis = np.empty((min(most, d), d))
    diagonal, beside = np.zeros(len(basis)), np.zeros(len(basis))
    v /= np.linalg.norm(v)
    for k in range(len(basis)):
        basis[k] = v
        w = product(v)
        if not np.isfinite(w).all():
            return math.nan
        diagonal[k] = v @ w
        for _ in range(2):  # once leaves what rounding brings back
            w = w - basis[: k + 1].T @ (basis[: k + 1] @ w)
        beside[k] = np.linalg.norm(w)
        matrix = np.diag(diagonal[: k + 1]) + np.diag(beside[:k], 1) + np.diag(beside[:k], -1)
        values, vectors = np.linalg.eigh(matrix)
        residual = beside[k] * abs(vectors[-1, -1])
        if residual <= accuracy * abs(values[-1]) or k + 1 == d:
            return float(values[-1])
        v = w / beside[k]
    return math.nan


def noise_scale(
    net: AnyNet,
    params: NDArray[np.floating],
    X: ArrayLike,
    y: ArrayLike,
    *,
    trained: NDArray[np.intp] | None = None,
    batches: int = BATCHES,
) -> float:
    """Return the gradient noise scale tr(S) / |G|^2, in examples (McCandlish et al. 2018).

    G is the gradient of the loss, S the covariance of the gradients of single examples: batches
    much smaller are mostly noise, and batches much larger save no steps. Both are estimated without
    bias, as in appendix A.1, from the gradients of many small batches and of all of their examples
    together, in evaluation. Batch normalisation makes statistics of each batch of its own.

    Parameters
    ----------
    net, params, X, y, trained
        See `sharpness`. The examples are to be in an order that says nothing: neighbours make up a
        batch.
    batches : int
        How many small batches there are, about: at least 2.

    Returns
    -------
    float
        inf where the gradient is not told from its noise, NaN where gradients are not finite.

    Raises
    ------
    SettingError
        If there are less than four examples, or fewer batches than two.
    """
    examples, answers = np.asarray(X), np.asarray(y)
    if len(examples) < 4 or batches < 2:
        raise SettingError(
            f"noise_scale has {len(examples)} examples and {batches} batches; it takes at least "
            "four and two"
        )
    size = max(1, len(examples) // batches)
    if net.batch_normalised:
        size = max(2, size)
    count = len(examples) // size
    places = parameters(net, trained)
    total, squares = np.zeros(len(places)), 0.0
    for k in range(count):
        own = slice(k * size, (k + 1) * size)
        _, grad = net.loss_and_grad(params, examples[own], answers[own], training=False)
        one = grad[places].astype(np.float64)
        total += one
        squares += float(one @ one)
    return two_batch_sizes(squares / count, float(total @ total) / count**2, size, count * size)


def two_batch_sizes(small: float, big: float, size: int, n: int) -> float:
    """Return the noise scale from the mean of |gradient|^2 at two batch sizes, `size` < `n`.

    McCandlish et al. 2018, eqs. A.2 and A.3; the big batch is made of the small ones.
    """
    if not (math.isfinite(small) and math.isfinite(big)):
        return math.nan
    noise = (small - big) / (1.0 / size - 1.0 / n)
    squared = (n * big - size * small) / (n - size)
    if squared <= 0.0:
        return math.inf if noise > 0.0 else math.nan
    return noise / squared


def alpha(values: tuple[float, float], slopes: tuple[float, float]) -> float:
    """Return where in the valley that it crosses a step ends.

    The parabola that is nearest (least squares) to the values and slopes at both ends of the step
    has its minimum somewhere: -1 is a step of no length, 0 one that ends in the minimum, 1 one that
    ends as high on the other side; below -1 it leads away (Schneider, Dangel and Hennig 2021, there
    with the variances of mini-batches, here without, since both ends see the same examples).

    Parameters
    ----------
    values, slopes : (float, float)
        Of the loss at the start and the end of the step: slopes are directional derivatives, the
        gradient times the whole step.

    Returns
    -------
    float
        NaN where the parabola has no minimum, or a number is not finite.
    """
    observed = np.array([*values, *slopes], np.float64)
    if not np.isfinite(observed).all():
        return math.nan
    observed[:2] -= observed[0]
    # Rows: f(0), f(1), f'(0), f'(1) of c + b t + a t^2.
    equations = np.array([[1.0, 0, 0], [1, 1, 1], [0, 1, 0], [0, 1, 2]])
    _, b, a = np.linalg.lstsq(equations, observed)[0]
    if a <= 0.0 or b == 0.0:
        return math.nan
    return float(-2.0 * a / b - 1.0)


def step_alpha(
    net: AnyNet,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    X: ArrayLike,
    y: ArrayLike,
) -> float:
    """Return the `alpha` of the step from one point to another, of the loss in evaluation.

    NaN where it has no length.
    """
    step = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    if not step.any():
        return math.nan
    ends = [net.loss_and_grad(point, X, y, training=False) for point in (before, after)]
    slopes = [float(grad.astype(np.float64) @ step) for _, grad in ends]
    return alpha((ends[0][0], ends[1][0]), (slopes[0], slopes[1]))
