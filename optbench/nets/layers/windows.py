"""Windows that move over an image: which numbers each of them takes, as tables for kernels."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.errors import SettingError

Pair = tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """All windows of one size over images (height, width, channels), row by row.

    Attributes
    ----------
    image : tuple of int
        Height, width, channels.
    kernel, stride, padding : tuple of int
        Of a window: its height and width, its steps, the border of zeros around an image.

    Raises
    ------
    SettingError
        If a window is larger than the image with its border.
    """

    image: tuple[int, int, int]
    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)

    def __post_init__(self) -> None:
        if any(window > side for window, side in zip(self.kernel, self.sides, strict=True)):
            border = ", the border of zeros included" if any(self.padding) else ""
            raise SettingError(
                f"its windows of {_by(self.kernel)} are larger than the image of "
                f"{_by(self.sides)}{border}; make them smaller"
            )

    @property
    def sides(self) -> Pair:
        """Height and width of an image with its border."""
        (height, width, _), (above, before) = self.image, self.padding
        return height + 2 * above, width + 2 * before

    @property
    def counts(self) -> Pair:
        """How many windows there are, down and across."""
        (height, width), (high, wide), (down, across) = self.sides, self.kernel, self.stride
        return (height - high) // down + 1, (width - wide) // across + 1

    @property
    def positions(self) -> int:
        """How many windows there are."""
        return self.counts[0] * self.counts[1]

    @property
    def taps(self) -> int:
        """How many pixels a window has."""
        return self.kernel[0] * self.kernel[1]

    def bases(self, images: int) -> NDArray[np.int64]:
        """Return where the windows of so many images with borders begin: [images * positions]."""
        (height, width), channels = self.sides, self.image[2]
        lines = np.arange(self.counts[0]) * self.stride[0] * width
        columns = np.arange(self.counts[1]) * self.stride[1]
        one = channels * (lines[:, None] + columns).ravel()
        first = np.arange(images, dtype=np.int64) * height * width * channels
        return (first[:, None] + one).ravel()

    def offsets(self, channels: int) -> NDArray[np.int64]:
        """Return where the numbers of a window are from its first one on: [taps * channels].

        Parameters
        ----------
        channels : int
            How many of each pixel: all, or 1 for the first ones alone.
        """
        lines, columns = np.arange(self.kernel[0]) * self.sides[1], np.arange(self.kernel[1])
        pixels = self.image[2] * (lines[:, None] + columns).ravel()
        return (pixels[:, None] + np.arange(channels, dtype=np.int64)).ravel()

    def covering(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return which windows cover each pixel of an image without its border.

        Returns
        -------
        starts : int64 [height * width + 1]
            Where the entries of each pixel begin in the other two.
        windows, taps : int64 [entries]
            Number of a window, and which of its pixels it is.
        """
        height, width, _ = self.image
        entries = []
        for window, (down, across) in enumerate(itertools.product(*map(range, self.counts))):
            top = down * self.stride[0] - self.padding[0]
            left = across * self.stride[1] - self.padding[1]
            for tap, (i, j) in enumerate(itertools.product(*map(range, self.kernel))):
                y, x = top + i, left + j
                if 0 <= y < height and 0 <= x < width:
                    entries.append((y * width + x, window, tap))
        pixels, windows, taps = np.array(sorted(entries), np.int64).reshape(-1, 3).T
        starts = np.searchsorted(pixels, np.arange(height * width + 1))
        return starts.astype(np.int64), windows, taps


def _by(sides: Pair) -> str:
    return f"{sides[0]} x {sides[1]}"
