"""A problem's buffer where a thread has a lane to itself: rows are single numbers."""


def spare(work):
    """Return the rows of a buffer, which is the lane's own."""
    return work


def spare_from(work, first, count):
    """Return `count` rows of a buffer from `first` on."""
    return work[first : first + count]


def kept_from(work, spares, first, columns, lane):
    """Return the rows behind `spares` of a buffer and its first number, from `first` on."""
    return work[spares + 1 + first :]
