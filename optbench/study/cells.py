"""From a pair to cells: what is run and stored as one, and the hash that identifies it.

A *cell* is a pair in one instance and one phase, with all its rates and seeds; its identity is a
hash of everything that determines its numbers.
"""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.building import make
from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.lanes.targets import success
from optbench.rules.identity import part_hash
from optbench.rules.schedules import factors
from optbench.study.numeric_code import numeric_code
from optbench.study.pairs import Pair
from optbench.study.schema import Study

TUNING, SCORING = "tuning", "scoring"


@dataclass(frozen=True)
class Cell:
    """A pair in one instance and phase, with its rates and seeds.

    Of a net in the first instance of its phase (`watched`) more is kept than its losses; see
    `probing`.
    """

    pair: Pair
    instance: int
    phase: str
    rates: tuple[float, ...]
    seeds: int
    dtype: str
    study_seed: int
    stop_at_target: bool
    target: float
    watched: bool = False

    @functools.cached_property
    def problem(self) -> Problem:
        """The instance that this cell runs."""
        canonical = self.pair.problem
        dim = None if canonical.kind == "net" else canonical.dim
        return make(canonical.definition, dim, self.instance)

    @property
    def scoring(self) -> bool:
        """Whether its lanes are scored, not tuned on."""
        return self.phase == SCORING

    @property
    def names(self) -> tuple[str, str, str, int]:
        """How the store names it: labels of optimizer and problem, phase, instance."""
        return (*self.pair.key, self.phase, self.instance)

    @property
    def lanes(self) -> int:
        """Number of lanes: every rate with every seed."""
        return len(self.rates) * self.seeds

    @functools.cached_property
    def identity(self) -> str:
        """Hash of everything that determines the cell's numbers.

        The CPU is kept beside: the same bytes come from the same processor, and elsewhere results
        are statistically equal, so that a run may go on on another machine.
        """
        optimizer = self.pair.optimizer
        facts = {
            "code": numeric_code(),
            "optimizer": [part_hash(part) for part in optimizer.parts],
            "values": optimizer.values,
            "schedule": factors(optimizer.schedule, self.pair.steps).tobytes().hex(),
            "problem": problem_identity(self.problem),
            "instance": self.instance,
            "phase": self.phase,
            "rates": [float(rate).hex() for rate in self.rates],
            "seeds": self.seeds,
            "steps": self.pair.steps,
            "dtype": self.dtype,
            "study_seed": self.study_seed,
            "stop_at_target": self.stop_at_target,
            "target": float(success(self.problem, self.target).target).hex(),
            "watched": self.watched,
            "device": self.pair.device,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def cells(
    pair: Pair, study: Study, phase: str, rates: Sequence[float] | NDArray[np.float64]
) -> list[Cell]:
    """Return the cells of a pair in one phase."""
    tuning = phase == TUNING
    instances = study.tuning_instances if tuning else study.scoring_instances
    return [
        Cell(
            pair=pair,
            instance=instance,
            phase=phase,
            rates=tuple(np.asarray(rates).tolist()),
            seeds=study.seeds,
            dtype=study.dtype,
            study_seed=study.study_seed,
            stop_at_target=study.stop_at_target and not tuning,
            target=study.target,
            watched=pair.problem.kind == "net" and instance == instances[0],
        )
        for instance in instances
    ]
