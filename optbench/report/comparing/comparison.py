"""`optbench.compare`: which of two optimizers comes first, and how sure that is.

`optbench compare` prints what is said here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from optbench.define import markup
from optbench.errors import UnknownNameError, UserError
from optbench.report.comparing import questions
from optbench.report.comparing.pairings import of_runs, of_two, on_problems, stored_beside
from optbench.report.comparing.questions import Overall, Pairing
from optbench.report.comparing.verdicts import A_FIRST, B_FIRST
from optbench.report.figures.numbers import counted, percent, text
from optbench.report.run_folder import find
from optbench.report.statistics.load import load_lanes

if TYPE_CHECKING:
    import pandas as pd

HEAD = ("problem", "lanes", "objectives, tuning redrawn", "a wins", "p", "verdict")
"""What is said of a problem: ratios with their intervals, shares, and words."""
WIDTHS = ("30s", ">21s", ">28s", ">7s", ">8s")
"""Of the columns of a terminal; the verdict comes last and is as long as it is."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Two optimizers of a run, or all that two runs share, compared problem by problem.

    Attributes
    ----------
    a, b : str
        Optimizers, or runs.
    folder : Path or None
        The run's; None where two runs are compared.
    pairings : list of (PairLanes, PairLanes)
        Lanes of a and of b on each problem, on the same draws.
    beside : str
        Where stored results of others lie, nothing where all are of the run.
    """

    a: str
    b: str
    folder: Path | None
    pairings: list[Pairing]
    beside: str = ""

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row a problem: ratios of a's cost to b's, their intervals, p values, verdicts.

        The columns are those of the frame "comparisons" of `optbench.load`, and three more; see
        `questions.answers`. p is adjusted for the rows of this frame alone.
        """
        return questions.answers(self.pairings)

    @cached_property
    def overall(self) -> Overall:
        """What the problems say together, each family once."""
        families = {a.label: str(a.facts["family"]) for a, _ in self.pairings}
        return questions.overall(self.frame, families)

    @property
    def ratio(self) -> float:
        """The effect: the median over families of the cost of a over that of b."""
        return self.overall.ratio

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of `ratio`, at the level ``overall.level``; NaN below six families."""
        return self.overall.low, self.overall.high

    @property
    def p(self) -> float:
        """Of the signed ranks of the families' ratios."""
        return self.overall.p

    @property
    def words(self) -> str:
        """On which problems a comes before b, and on which b before a."""
        return "; ".join(self._orders())

    def lines(self) -> Iterator[str]:
        """Yield the lines that `optbench compare` prints."""
        yield self._title()
        yield self._adjusted()
        yield _line(HEAD)
        yield from map(_line, self._rows())
        yield from self._sentences()

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        """Return the table and the sentences, for notebooks."""
        return (
            markup.paragraph(self._adjusted(), title=self._title())
            + markup.table(HEAD, self._rows())
            + markup.paragraph(*self._sentences())
        )

    def _title(self) -> str:
        where = "the runs" if self.folder is None else f"run {self.folder.name}"
        where += f" beside {self.beside}" if self.beside else ""
        return (
            f"{self.a} (a) and {self.b} (b), {where}: ratios of costs, a to b; below 1 a is cheaper"
        )

    def _adjusted(self) -> str:
        return f"p of the signed ranks, adjusted for {counted(len(self.frame), 'comparison')}"

    def _rows(self) -> Iterator[tuple[str, ...]]:
        """Yield what is said of each problem, in the order of `HEAD`."""
        for row in self.frame.itertuples():
            yield (
                row.label if self.folder is not None else f"{row.a}, {row.label}",
                f"{text(row.ratio)} {_ends(row.low, row.high)}",
                f"{text(row.objective_ratio)} {_ends(row.nested_low, row.nested_high)}",
                percent(row.improvement),
                text(row.p_holm, 2),
                row.verdict + (f" ({row.note})" if row.note else ""),
            )

    def _sentences(self) -> Iterator[str]:
        """Yield what all problems say together, and how many lanes a small difference takes."""
        whole = self.overall
        interval = _ends(whole.low, whole.high)
        level = f" {interval} ({whole.level:.1%})" if interval else " (fewer than six: no interval)"
        yield (
            f"over {counted(whole.problems, self._thing)} of {counted(whole.families, 'family')}, "
            "each family once: median ratio of objectives "
            f"{text(whole.ratio)}{level}, p = {text(whole.p, 2)}; a wins "
            f"{percent(whole.improvement)} of pairs of lanes"
        )
        yield from self._orders()
        finite = self.frame[self.frame["lanes_paired"].notna()]
        if len(finite):
            paired, unpaired = (
                text(finite[name].median()) for name in ("lanes_paired", "lanes_unpaired")
            )
            yield (
                f"a difference of 5 % would take {paired} pairs of lanes, unpaired {unpaired} of "
                f"each (medians over {counted(len(finite), 'problem')} without failures)"
            )

    @property
    def _thing(self) -> str:
        """What a row is: of two runs it is an optimizer on a problem."""
        return "problem" if self.folder is not None else "comparison"

    def _orders(self) -> Iterator[str]:
        """Yield on how many problems, and on which, one comes before the other."""
        every = counted(len(self.frame), self._thing)
        for words, labels in ((A_FIRST, self.overall.holds), (B_FIRST, self.overall.reverses)):
            names = f": {', '.join(labels)}" if labels else ""
            yield f"{words} on {len(labels)} of {every}{names}"


def _line(cells: Sequence[str]) -> str:
    fitted = (format(cell, width) for cell, width in zip(cells, WIDTHS, strict=False))
    return f"{' '.join(fitted)}  {cells[-1]}"


def _ends(low: float, high: float) -> str:
    """Return an interval in brackets, or nothing where it has no ends."""
    return "" if math.isnan(low) or math.isnan(high) else f"[{text(low)}, {text(high)}]"


def compare(
    run: str | os.PathLike[str],
    a: str | os.PathLike[str],
    b: str | None = None,
    *,
    problems: str | Sequence[str] = (),
    against: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Compare two optimizers of a run, or all optimizers that two runs share.

    a comes before b where the paired test at the tuned settings says so, adjusted for all
    comparisons of this call, and the interval of the ratio of objectives, with tuning drawn anew,
    does not contain 1.

    Parameters
    ----------
    run : path, str or Run
        The folder of a run, or its name below ``results``.
    a, b : str
        Two optimizers of the run; without `b` a second run.
    problems : str or sequence of str
        Globs of names or labels; by default all problems that both finished.
    against : path, str or Run, optional
        Stored results in which an optimizer is looked for that the run lacks: "baseline", those
        that come with optbench, or another run.

    Raises
    ------
    UnknownNameError, UserError
        If a run, an optimizer or a problem is not there, or there is nothing in common.

    Examples
    --------
    >>> import optbench
    >>> print(optbench.compare("results/quick", "adam", "momentum"))  # doctest: +SKIP
    """
    globs = [problems] if isinstance(problems, str) else list(problems)
    if b is None:
        first, second = find(run), _second_run(a)
        if against is not None:
            raise UserError(
                "--against (against= in Python) is for two optimizers of a run: name a and b, not "
                "two runs"
            )
        return Comparison(str(run), str(a), None, on_problems(of_runs(first, second), globs))
    folder = find(run)
    lanes, place = load_lanes(folder), ""
    more = "; --against RUN (against= in Python) looks at stored results, too"
    if against is not None:
        others, more = stored_beside(folder, lanes, against)
        lanes, place = [*lanes, *others.lanes], others.place
    return Comparison(
        str(a), b, folder, on_problems(of_two(folder, lanes, str(a), b, more), globs), place
    )


def _second_run(run: str | os.PathLike[str]) -> Path:
    try:
        return find(run)
    except UnknownNameError as error:
        raise UserError(
            f"{error}; to compare optimizers name two: compare(run, {str(run)!r}, 'another')"
        ) from None
