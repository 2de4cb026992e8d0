"""A convolution, ``OUT[i] = activation(windows of image i @ W + b)``, one product of tables.

The windows are not copied: tables say where their numbers are (see `matmul_at`). W is stored
[window, filters], a window as height, width, channels. Its gradient is the same product with the
tables exchanged. dLoss/d(input) is ``D @ W'``, the gradients of windows; each pixel then sums those
of the windows that cover it. Products take a few images at once, which share one table.
"""

from optbench.kernels.products.primitives import matmul_at, matmul_strided, matrix, sync, vector
from optbench.nets.activations import LINEAR
from optbench.nets.layer_operations import activate, add_bias, add_columns, scale_by_slopes
from optbench.nets.operations.dense import low_of
from optbench.nets.operations.windows import add_border, sum_windows
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, OUT, OWN, adds_to

W, B, W_ADDS, KIND, FILTERS, WINDOW, POSITIONS, IMAGES = range(OWN, OWN + 8)
"""B is -1 without biases; WINDOW is how many numbers a window has, POSITIONS how many windows an
image has, IMAGES how many a product takes."""
BASES, OFFSETS, BORDERED, IMAGE, HEIGHT, LINE, ABOVE, BEFORE = range(OWN + 8, OWN + 16)
"""BASES and OFFSETS are tables: where windows begin, and their numbers from there on. BORDERED is
the place of images with their borders, IMAGE numbers each, -1 without borders; HEIGHT, LINE, ABOVE
and BEFORE are of `add_border`."""
GRADIENTS, CHANNELS, STARTS, PLACES = range(OWN + 16, OWN + 20)
"""GRADIENTS is the place of the gradients of windows, the others are of `sum_windows`."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    if q[r + BORDERED] >= 0:
        add_border(
            work, q[r + IN], q[r + BORDERED], rows, q[r + HEIGHT], q[r + LINE], q[r + ABOVE],
            q[r + BEFORE],
        )  # fmt: skip
    filters, window, positions = q[r + FILTERS], q[r + WINDOW], q[r + POSITIONS]
    v, weights = vector(work, 0, work.size), vector(params, q[r + W], window * filters)
    for i in range(0, rows, q[r + IMAGES]):
        windows = min(q[r + IMAGES], rows - i) * positions
        matmul_at(
            v, images(q, r) + i * q[r + IMAGE], q, q[r + BASES], q[r + OFFSETS], weights, 0,
            filters, v, q[r + OUT] + i * positions * filters, filters, windows, filters, window,
            False,
        )  # fmt: skip
    kind, n = q[r + KIND], rows * positions
    h = vector(work, q[r + OUT], n * filters)
    if q[r + B] >= 0:
        H, b = matrix(work, q[r + OUT], n, filters), vector(params, q[r + B], filters)
        add_bias(kind, low_of(params, kind), h, H, b)
    elif kind != LINEAR:
        activate(kind, low_of(params, kind), h, h, n * filters)


def images(q, r):
    """Return where the images are that windows are of."""
    return q[r + BORDERED] if q[r + BORDERED] >= 0 else q[r + IN]


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Set or add to the gradients of W and b, and give dLoss/d(input)."""
    filters, kind, n = q[r + FILTERS], q[r + KIND], rows * q[r + POSITIONS]
    D, errors = matrix(work, q[r + D_OUT], n, filters), vector(work, q[r + D_OUT], n * filters)
    if kind != LINEAR:
        outputs = vector(work, q[r + OUT], n * filters)
        scale_by_slopes(kind, low_of(params, kind), errors, outputs, n * filters)
    through_weights(grads, q, work, r, rows, first)
    if q[r + B] >= 0:
        add_columns(errors, D, vector(grads, q[r + B], filters))
    if q[r + D_IN] >= 0:
        through_windows(params, q, work, r, rows)


def through_weights(grads, q, work, r, rows, first):
    """Set or add to the gradient of W, given dLoss/d(its products) in D_OUT."""
    filters, window, positions = q[r + FILTERS], q[r + WINDOW], q[r + POSITIONS]
    v, dW = vector(work, 0, work.size), vector(grads, q[r + W], window * filters)
    for i in range(0, rows, q[r + IMAGES]):
        matmul_at(
            v, images(q, r) + i * q[r + IMAGE], q, q[r + OFFSETS], q[r + BASES],
            v, q[r + D_OUT] + i * positions * filters, filters, dW, 0, filters, window, filters,
            min(q[r + IMAGES], rows - i) * positions, i > 0 or adds_to(q, r + W_ADDS, first),
        )  # fmt: skip


def through_windows(params, q, work, r, rows):
    """Give dLoss/d(input), given dLoss/d(the products) in D_OUT."""
    filters, window, positions = q[r + FILTERS], q[r + WINDOW], q[r + POSITIONS]
    v, weights = vector(work, 0, work.size), vector(params, q[r + W], window * filters)
    pixels = q[r + HEIGHT] * (q[r + LINE] // q[r + CHANNELS])
    numbers = pixels * q[r + CHANNELS]
    for i in range(0, rows, q[r + IMAGES]):
        group = min(q[r + IMAGES], rows - i)
        matmul_strided(
            v, q[r + D_OUT] + i * positions * filters, filters, weights, 0, filters,
            v, q[r + GRADIENTS], window, group * positions, window, filters, False, True, False,
        )  # fmt: skip
        for j in range(group):
            sum_windows(
                work, q, q[r + GRADIENTS] + j * positions * window,
                q[r + D_IN] + (i + j) * numbers, q[r + D_ADDS], pixels, q[r + CHANNELS],
                q[r + STARTS], q[r + PLACES],
            )  # fmt: skip
        sync()
