"""What operations on images share: borders of zeros, and sums over the windows of a pixel."""

from optbench.kernels.products.primitives import get, lanes, put, sync, wide
from optbench.nets.layer_operations import copy_over, zero


def add_border(work, source, to, rows, height, line, above, before):
    """Copy images into larger ones with a border of zeros.

    Parameters
    ----------
    work : array
    source, to : int
        Places of the images and of those with a border.
    rows, height : int
        How many images there are, and how many lines each has.
    line : int
        Numbers of a line.
    above, before : int
        Lines of zeros above and below an image; zeros before and after a line.
    """
    whole, edge = line + 2 * before, before + above * (line + 2 * before)
    size = (height + 2 * above) * whole
    end = to + rows * size
    for i in range(rows):
        at, image = source + i * height * line, to + i * size
        zero(work, image, image + edge)
        for j in range(height):
            begin = image + edge + j * whole
            copy_over(work, at + j * line, work, begin, line, end)
            after = edge if j == height - 1 else 2 * before
            zero(work, begin + line, begin + line + after)
    sync()


def sum_windows(work, q, source, to, adds, pixels, channels, starts, places):
    """Write to every pixel the sum over the windows that cover it, or add it to what is there.

    Each number is written by one thread: what a window gives to its pixels is not scattered but
    fetched by them.

    Parameters
    ----------
    work : array
    q : int64 array
    source, to : int
        Places of what the windows of an image give, and of its pixels.
    adds : bool or int
    pixels, channels : int
    starts, places : int
        Places in `q` of a table of pixels, and of the one that it divides: from `source` on, where
        windows have what they give to a pixel.
    """
    n = pixels * channels
    if channels % lanes(work) == 0:
        for e in wide(work, n):
            pixel = e // channels
            at, s = source + e - pixel * channels, work.dtype.type(0)
            for i in range(q[starts + pixel], q[starts + pixel + 1]):
                s += get(work, at + q[places + i])
            put(work, to + e, get(work, to + e) + s if adds else s)
        return
    for pixel in range(pixels):  # on the CPU alone
        begin = to + pixel * channels
        if not adds:
            for c in range(channels):
                work[begin + c] = 0.0
        for i in range(q[starts + pixel], q[starts + pixel + 1]):
            at = source + q[places + i]
            for c in range(channels):
                work[begin + c] += work[at + c]
