"""The largest number of every window of an image, channel by channel.

Which pixel of a window it was is kept as a number for the way back: a pixel then fetches the
gradients of those windows whose largest it is.
"""

from optbench.define import where
from optbench.kernels.products.primitives import get, lanes, put, sync, wide
from optbench.nets.layer_operations import reach
from optbench.nets.operations.average_pool import (
    BASES,
    CHANNELS,
    OFFSETS,
    PLACES,
    STARTS,
    TAPS,
    first_of,
)
from optbench.nets.tape.records import D_ADDS, D_IN, D_OUT, IN, N_IN, N_OUT, OUT, OWN

PIXELS, LARGEST = range(OWN + 6, OWN + 8)
"""PIXELS is a table beside PLACES: which pixel of its window a pixel is. LARGEST is the place of
the number of the largest pixel of every window."""


def forward(params, q, work, r, rows, mode, t, key):
    """Fill OUT and LARGEST."""
    channels, n = q[r + CHANNELS], q[r + N_OUT]
    end = q[r + OUT] + rows * n
    for i in range(rows):
        source, to, kept = q[r + IN] + i * q[r + N_IN], q[r + OUT] + i * n, q[r + LARGEST] + i * n
        if channels % lanes(work) == 0:
            for e in wide(work, n):
                at = source + first_of(q, r, channels, e)
                put_largest(q, work, r, at, to + e, kept + e)
        else:  # on the CPU alone
            for e in range(0, n, channels):
                at = source + q[q[r + BASES] + e // channels]
                if to + e + reach(work, channels) <= end:  # the next window mends what is beyond
                    for c in range(0, channels, lanes(work)):
                        put_largest(q, work, r, at + c, to + e + c, kept + e + c)
                else:
                    put_all_largest(q, work, r, at, to + e, kept + e)
    sync()


def put_largest(q, work, r, at, to, kept):
    """Write the largest of neighbouring channels of a window to `to`, its number to `kept`.

    The first of these channels is at `at`.
    """
    number = work.dtype.type
    most, largest = get(work, at), number(0)
    for tap in range(1, q[r + TAPS]):
        value = get(work, at + q[q[r + OFFSETS] + tap])
        largest = later(most, value, largest, number(tap))
        most = later(most, value, most, value)
    put(work, to, most)
    put(work, kept, largest)


def put_all_largest(q, work, r, at, to, kept):
    """Do what `put_largest` does for all channels of a window at `at`, one by one."""
    number = work.dtype.type
    for c in range(q[r + CHANNELS]):
        most, largest = work[at + c], number(0)
        for tap in range(1, q[r + TAPS]):
            value = work[at + q[q[r + OFFSETS] + tap] + c]
            largest = later(most, value, largest, number(tap))
            most = later(most, value, most, value)
        work[to + c] = most
        work[kept + c] = largest


def later(most, value, kept, taken):
    """Return `taken` if a later value is the largest so far, else `kept`; the first NaN stays."""
    return where(most != most, kept, where(value <= most, kept, taken))


def backward(params, grads, q, work, r, rows, mode, t, key, first):
    """Give dLoss/d(input)."""
    if q[r + D_IN] < 0:
        return
    channels, n, number = q[r + CHANNELS], q[r + N_IN], work.dtype.type
    for i in range(rows):
        to, windows = q[r + D_IN] + i * n, i * q[r + N_OUT]
        errors, kept = q[r + D_OUT] + windows, q[r + LARGEST] + windows
        if channels % lanes(work) == 0:
            for e in wide(work, n):
                pixel = e // channels
                channel, s = e - pixel * channels, number(0)
                for entry in range(q[q[r + STARTS] + pixel], q[q[r + STARTS] + pixel + 1]):
                    at = q[q[r + PLACES] + entry] + channel
                    tap = number(q[q[r + PIXELS] + entry])
                    s += where(get(work, kept + at) == tap, get(work, errors + at), number(0))
                put(work, to + e, get(work, to + e) + s if q[r + D_ADDS] else s)
        else:  # on the CPU alone
            for pixel in range(n // channels):
                begin = to + pixel * channels
                if not q[r + D_ADDS]:
                    for c in range(channels):
                        work[begin + c] = 0.0
                for entry in range(q[q[r + STARTS] + pixel], q[q[r + STARTS] + pixel + 1]):
                    at, tap = q[q[r + PLACES] + entry], number(q[q[r + PIXELS] + entry])
                    for c in range(channels):
                        taken = work[kept + at + c] == tap
                        work[begin + c] += where(taken, work[errors + at + c], number(0))
    sync()
