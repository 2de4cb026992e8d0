"""Whether the suite supports what is not there: each experiment run as its own null.

In a null both arms are the control, on other lanes and tuned apart, and the same rule judges them.
If it holds what it promises, at most `SHARE` of nulls come out as supported.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binom

SHARE = 0.05
LEVEL = 0.01


@dataclass(frozen=True)
class NullCheck:
    """How many nulls came out as supported.

    Attributes
    ----------
    what : str
        What was counted, as in "nulls".
    supported, count : int
    p : float
        The probability of as many or more, were each supported with probability `SHARE`.
    """

    what: str
    supported: int
    count: int
    p: float

    @property
    def holds(self) -> bool:
        """Whether the nulls are compatible with at most `SHARE`, at `LEVEL`."""
        return self.p >= LEVEL

    def __str__(self) -> str:
        holds = "as few as promised" if self.holds else "too many: do not trust the verdicts"
        return (
            f"{self.supported} of {self.count} {self.what} came out as supported; at most "
            f"{SHARE:.0%} may (p = {self.p:.2g}): {holds}"
        )


def null_check(supported: Sequence[bool], what: str = "nulls") -> NullCheck:
    """Return the one-sided binomial test of nulls, each of which was supported or not."""
    count, hits = len(supported), sum(supported)
    return NullCheck(what, hits, count, float(binom.sf(hits - 1, count, SHARE)))
