"""More scoring lanes of a pair at one setting, on instances that a study did not use.

They are cells like others, of a phase of their own, kept in a store beside the run: its tables and
its list of cells stay as they are.
"""

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from optbench.catalog.blas import one_blas_thread
from optbench.define.plugins import Folders
from optbench.errors import ResultsError
from optbench.kernels.memory.capacity import processors
from optbench.study.cells import Cell
from optbench.study.computing import compute
from optbench.study.draws import more_draws, scoring_instances, tuning_instances
from optbench.study.lane_costs import LaneCosts
from optbench.study.numeric_code import numeric_code
from optbench.study.pairs import Pair, PairKey, expand
from optbench.study.results import Results
from optbench.study.schema import Study
from optbench.study.store import Store
from optbench.study.trials import Trials
from optbench.study.tuning import costs_of

MORE = "more"
"""The phase of these cells, and the folder in that of the run that keeps them."""
FIRST = 31
"""The first instance that may be added: those before are what studies use by default."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A trial of a pair: its number and its values, rate first."""

    pair: Pair
    number: int
    values: Mapping[str, float]

    @property
    def trials(self) -> Trials:
        """The one trial."""
        columns = {name: np.array([value], np.float64) for name, value in self.values.items()}
        return Trials(np.array([self.number]), columns)


class MoreLanes:
    """More lanes of a run's pairs.

    Parameters
    ----------
    folder : path
        Of the run.
    folders : path or sequence of path
        Of the user's own definitions.

    Raises
    ------
    ResultsError
        If the run cannot be read, or what is kept beside it cannot be written.
    """

    def __init__(self, folder: Path, folders: Folders = ()) -> None:
        self.folder = folder
        with Results(folder) as results:
            self.study = Study(**results.manifest()["study"])
            self.facts = {(own["optimizer"], own["label"]): own for own in results.pairs()}
        pairs, _ = expand(self.study, folders)
        self.pairs: dict[PairKey, Pair] = {pair.key: pair for pair in pairs}
        self.store = Store(folder / MORE)

    def __enter__(self) -> Self:
        self.store.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.store.__exit__(kind, error, trace)

    def setting(self, key: PairKey, number: int, values: Mapping[str, float], code: str) -> Setting:
        """Return the setting of a pair, on the device on which it was run.

        Parameters
        ----------
        key : (str, str)
        number : int
        values : dict of str to float
        code : str
            The hash of the code that ran the pair's lanes.

        Raises
        ------
        ResultsError
            If lanes of today would be others: the code is another, or the pair is defined no more.
        """
        if key not in self.pairs:
            raise ResultsError(
                f"{self.folder}: {key[0]} on {key[1]} is defined no more, so no lanes can be added"
            )
        if code != numeric_code():
            raise ResultsError(
                f"{self.folder}: {key[0]} on {key[1]} was computed by other code, whose lanes are "
                "no pairs with those of today: run the study again into this folder first"
            )
        pair = replace(self.pairs[key], device=self.facts[key]["device"])
        return Setting(pair, number, values)

    def instances(self, pair: Pair, count: int) -> tuple[int, ...]:
        """Return so many instances from `FIRST` on that the study uses for nothing."""
        used: Collection[int] = {
            *tuning_instances(pair.problem, self.study),
            *scoring_instances(pair.problem, self.study),
        }
        free = (number for number in itertools.count(FIRST) if number not in used)
        return tuple(itertools.islice(free, count))

    def costs(self, setting: Setting, instances: tuple[int, ...]) -> LaneCosts:
        """Return what lanes cost on some instances [D, 1]; kept ones are not run again."""
        pair = setting.pair
        cell = Cell(
            pair=pair, phase=MORE, draws=more_draws(pair.problem, self.study, instances),
            trials=setting.trials, study_seed=self.study.study_seed, stop_at_target=False,
            target=self.study.target,
        )  # fmt: skip
        return costs_of(pair, self._arrays(cell))

    def _arrays(self, cell: Cell) -> dict[str, Any]:
        if not self.store.has(cell.identity):
            with one_blas_thread():
                arrays, facts, layers = compute(cell, idle=processors() - 1)
            self.store.put(cell.identity, facts, arrays, layers)
            self.store.flush()
            return arrays
        return self.store.get(cell.identity)[1]
