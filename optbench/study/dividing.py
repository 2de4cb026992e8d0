"""Dividing a study among machines that share nothing: each computes a shard, then they are merged.

Every machine finds the same division by itself, from estimated costs in which nothing of a machine
counts. The dearest pair goes first, always to the shard that has least to do: what an estimate has
wrong about a problem is spread over all shards, where a problem to each would pile it up.
"""

import heapq
import re
from collections.abc import Sequence
from typing import NamedTuple, Self

from optbench.errors import SettingError, UserError
from optbench.gate import shown
from optbench.study.cost import pair_seconds
from optbench.study.pairs import LeftOut, Pair
from optbench.study.results import Facts
from optbench.study.schema import Study

MOST_SHARDS = 100_000


class ShardNumber(NamedTuple):
    """Which part of a study a run computes: shard `number` of `of`, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what is written as 3/16.

        Raises
        ------
        SettingError
            If it is not written so, or there is no such shard.
        """
        numbers = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        own = cls(*map(int, numbers.groups())) if numbers else cls(0, 0)
        if not 1 <= own.number <= own.of <= MOST_SHARDS:
            raise SettingError(
                f"shard = {shown(text)} is not one; expected NUMBER/COUNT such as 3/16, the number "
                f"from 1 to the count, the count at most {MOST_SHARDS:,}"
            )
        return own


class Division(NamedTuple):
    """What a shard has of a study, and what tells merging its place.

    Attributes
    ----------
    pairs : list of Pair
        In the order of the study.
    left_out : list of LeftOut
        All in the first shard, so that together they are listed once.
    facts : dict
        JSON: number, of, and the labels of all problems in the order of the study.
    """

    pairs: list[Pair]
    left_out: list[LeftOut]
    facts: Facts


def divided(
    pairs: Sequence[Pair], left_out: Sequence[LeftOut], study: Study, shard: ShardNumber
) -> Division:
    """Return what a shard has of a study.

    Raises
    ------
    UserError
        If there are more shards than pairs.
    """
    if shard.of > len(pairs):
        raise UserError(
            f"study {study.name}: shard {shard}: there are {len(pairs)} pairs of an optimizer and "
            f"a problem to be divided; expected at most {len(pairs)} shards"
        )
    own = shard_of_each([pair_seconds(pair, study) for pair in pairs], shard.of)
    labels = dict.fromkeys(
        [pair.problem_label for pair in pairs] + [pair.label for pair in left_out]
    )
    return Division(
        [pair for pair, number in zip(pairs, own, strict=True) if number == shard.number],
        list(left_out) if shard.number == 1 else [],
        {"number": shard.number, "of": shard.of, "labels": list(labels)},
    )


def shard_of_each(costs: Sequence[float], count: int) -> list[int]:
    """Return the shard, from 1 to `count`, of things that cost so much.

    The longest goes first, to the shard with least to do; of equals to the first. No shard has more
    than 4/3 of what the largest has in the best division (Graham 1969).
    """
    loads = [(0.0, 0, number) for number in range(1, count + 1)]
    shards = [0] * len(costs)
    for place in sorted(range(len(costs)), key=lambda place: -costs[place]):
        load, things, number = loads[0]
        heapq.heapreplace(loads, (load + costs[place], things + 1, number))
        shards[place] = number
    return shards
