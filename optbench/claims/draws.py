"""The lanes that a claim is tested on: which instances, which seeds, for what.

No number is used twice: lanes to tune on, to score on, and those of the null are other instances,
with other data, starts and noise. So are those of another study seed.
"""

from dataclasses import dataclass

import numpy as np

from optbench.define.draws import generator

STUDY_SEEDS = 3
"""How many study seeds each claim is tested with."""
TUNED_ON = 8
"""Lanes of a study seed that a rate is chosen on."""
_SEED, _NULL, _TUNING = 10_000, 5_000, 2_500
"""How far the numbers of study seeds, of the null and of tuning lie apart."""


@dataclass(frozen=True)
class Lanes:
    """Lanes that are independent of each other: each is an instance of its own.

    Attributes
    ----------
    study_seed : int
    instances : tuple of int
        Numbers of the instances; lane i of both arms is instance i, and so they are pairs.
    """

    study_seed: int
    instances: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.instances)

    def generators(self, purpose: str) -> list[np.random.Generator]:
        """Return a NumPy generator for each lane, the same in both arms."""
        return [generator("claims", purpose, self.study_seed, i) for i in self.instances]


@dataclass(frozen=True)
class Draw:
    """The lanes of one study seed.

    Attributes
    ----------
    study_seed : int
    tuning, scoring : Lanes
        What a rate is chosen on, and what is measured with it.
    """

    study_seed: int
    tuning: Lanes
    scoring: Lanes


def draw_of(study_seed: int, pairs: int, null: bool = False) -> Draw:
    """Return the lanes of a study seed, those of the null apart."""
    first = _SEED * study_seed + (_NULL if null else 0)
    tuning, scoring = (
        Lanes(study_seed, tuple(range(begin, begin + count)))
        for begin, count in ((first + _TUNING, TUNED_ON), (first, pairs))
    )
    return Draw(study_seed, tuning, scoring)


def study_seeds(seed: int) -> tuple[int, ...]:
    """Return the study seeds of a run with this seed, which no other seed's run has."""
    return tuple(STUDY_SEEDS * (seed - 1) + i for i in range(1, STUDY_SEEDS + 1))
