"""Pairs that wait for a worker, in chunks: which ones a worker gets next.

Pairs of one problem go to one worker where that leaves none idle: draws, reference values and
compiled code of a problem are made once in a process. What a lost worker had is handed out again,
a pair at a time and to a worker that has nothing else, so that a pair that ends its worker is told
from those that were beside it.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from optbench.study.pairs import Pair, PairKey

CHUNK = 2.0
"""Seconds that a chunk is expected to take, at most: about a thousand times what a hand-over costs
(some milliseconds), and little enough to be computed again where a worker is lost."""
SHARES = 4
"""Chunks a thread that what waits is divided into, at least: the last ones end together."""


class WaitingPairs:
    """The pairs that no worker has.

    Parameters
    ----------
    pairs : iterable of Pair
    seconds : dict
        `Pair.key` -> what it is expected to take.
    """

    def __init__(self, pairs: Iterable[Pair], seconds: Mapping[PairKey, float]) -> None:
        self.seconds = seconds
        self.suspects: deque[Pair] = deque()
        self.problems: dict[str, deque[Pair]] = defaultdict(deque)
        self.met: dict[str, set[str]] = defaultdict(set)
        for pair in pairs:
            self.problems[pair.problem.label].append(pair)

    def __len__(self) -> int:
        return len(self.suspects) + sum(map(len, self.problems.values()))

    def again(self, pairs: Iterable[Pair], suspect: bool) -> None:
        """Take pairs back that are not finished: from a worker that is lost, or out of time."""
        for pair in pairs:
            if suspect:
                self.suspects.append(pair)
            else:
                self.problems[pair.problem.label].appendleft(pair)

    def next(self, worker: str, threads: int) -> list[Pair]:
        """Return the next chunk of a worker, of so many threads in the cluster; [] if none is left.

        A problem that the worker has met comes first, then one that no worker has, the longest.
        """
        left = {name: self._total(pairs) for name, pairs in self.problems.items() if pairs}
        if not left:
            return []
        elsewhere = set().union(*self.met.values())
        name = max(left, key=lambda n: (n in self.met[worker], n not in elsewhere, left[n]))
        self.met[worker].add(name)
        most = min(CHUNK, sum(left.values()) / (SHARES * threads))
        waiting = self.problems[name]
        chunk = [waiting.popleft()]
        while waiting and self._total([*chunk, waiting[0]]) <= most:
            chunk.append(waiting.popleft())
        return chunk

    def _total(self, pairs: Iterable[Pair]) -> float:
        return sum(self.seconds[pair.key] for pair in pairs)
