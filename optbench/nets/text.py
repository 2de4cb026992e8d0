"""A text to learn characters from: 24 of Shakespeare's sonnets.

They are sonnets 1, 2, 12, 15, 18, 19, 27, 29, 30, 33, 55, 60, 64, 65, 71, 73, 87, 97, 98, 104, 106,
116, 130 and 138 (William Shakespeare 1609, Shake-speares sonnets; London: Thomas Thorpe) in modern
spelling. They are in the public domain.
"""

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TIME = 32
"""Characters of an example."""

_FILE = Path(__file__).with_name("sonnets.txt")


@functools.cache
def characters() -> str:
    """Return the text, in small letters, a line a verse and an empty line after each sonnet."""
    return _FILE.read_text("ascii").lower()


def alphabet() -> tuple[str, ...]:
    """Return the characters of the text in the order of their codes: those of tokens 0, 1, ..."""
    return tuple(sorted(set(characters())))


def next_characters() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return runs of 32 characters and at every step the one that follows.

    The runs follow one another in the text and have no character in common, the last answers
    included, so that parts of the data do not overlap.

    Returns
    -------
    X : float64 [n, 32]
        Tokens: places in `alphabet`.
    y : int64 [n, 32]
    """
    number = {character: i for i, character in enumerate(alphabet())}
    tokens = np.array([number[character] for character in characters()], np.int64)
    n = len(tokens) // (TIME + 1)
    runs = tokens[: n * (TIME + 1)].reshape(n, TIME + 1)
    return runs[:, :-1].astype(np.float64), runs[:, 1:].copy()
