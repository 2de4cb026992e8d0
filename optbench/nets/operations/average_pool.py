"""The mean of every window of an image, channel by channel."""

from optbench.kernels.products.primitives import get, lanes, put, sync, vector, wide
from optbench.nets.layer_operations import reach
from optbench.nets.operations.windows import sum_windows
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_IN, N_OUT, OUT, OWN

CHANNELS, TAPS, BASES, OFFSETS, STARTS, PLACES = range(OWN, OWN + 6)
"""TAPS is how many pixels a window has; BASES are tables of where windows begin, OFFSETS of where
their pixels are from there on; STARTS and PLACES are of `sum_windows`."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT."""
    channels, n = q[r + CHANNELS], q[r + N_OUT]
    share = work.dtype.type(1) / work.dtype.type(q[r + TAPS])
    end = q[r + OUT] + rows * n
    for i in range(rows):
        source, to = q[r + IN] + i * q[r + N_IN], q[r + OUT] + i * n
        if channels % lanes(work) == 0:
            for e in wide(work, n):
                put_mean(q, work, r, source + first_of(q, r, channels, e), to + e, share)
        else:  # on the CPU alone
            for e in range(0, n, channels):
                at = source + q[q[r + BASES] + e // channels]
                if to + e + reach(work, channels) <= end:  # the next window mends what is beyond
                    for c in range(0, channels, lanes(work)):
                        put_mean(q, work, r, at + c, to + e + c, share)
                else:
                    put_means(q, work, r, at, to + e, share)
    sync()


def put_mean(q, work, r, at, to, share):
    """Write to `to` the means of neighbouring channels of a window, the first of them at `at`."""
    s = get(work, at)
    for tap in range(1, q[r + TAPS]):
        s += get(work, at + q[q[r + OFFSETS] + tap])
    put(work, to, s * share)


def put_means(q, work, r, at, to, share):
    """Write to `to` the means of all channels of a window at `at`, one by one."""
    for c in range(q[r + CHANNELS]):
        s = work[at + c]
        for tap in range(1, q[r + TAPS]):
            s += work[at + q[q[r + OFFSETS] + tap] + c]
        work[to + c] = s * share


def first_of(q, r, channels, e):
    """Return where in an image the window of number `e` of the output begins, at its channel."""
    position = e // channels
    return q[q[r + BASES] + position] + e - position * channels


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give dLoss/d(input)."""
    if q[r + D_IN] < 0:
        return
    n_in, n, channels = q[r + N_IN], q[r + N_OUT], q[r + CHANNELS]
    share = work.dtype.type(1) / work.dtype.type(q[r + TAPS])
    errors = vector(work, q[r + D_OUT], rows * n)
    for c in wide(errors, rows * n):
        put(errors, c, get(errors, c) * share)
    sync()
    for i in range(rows):
        sum_windows(
            work, q, q[r + D_OUT] + i * n, q[r + D_IN] + i * n_in, q[r + D_ADDS],
            n_in // channels, channels, q[r + STARTS], q[r + PLACES],
        )  # fmt: skip
    sync()
