"""From a pair to cells: what is run in one launch and stored as one, and the hash that names it.

A *cell* is a pair in one phase, with all its draws (instances and seeds) and all its trials; its
identity is a hash of everything that determines its numbers.
"""

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.lanes.runnable import Runnable
from optbench.lanes.targets import success
from optbench.rules.identity import part_hash
from optbench.rules.schedules import factors
from optbench.study.draws import Draws, scoring_draws, tuning_draws
from optbench.study.numeric_code import numeric_code
from optbench.study.pairs import Pair
from optbench.study.schema import Study
from optbench.study.store_schema import CellNames
from optbench.study.trials import Trials

TUNING, SCORING = "tuning", "scoring"


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell:
    """A pair in one phase, with its draws and trials.

    Attributes
    ----------
    pair : Pair
    phase : {"tuning", "scoring"}
    part : int
        0, and in tuning one more for each decade that the grid was extended by.
    draws : Draws
        Of scoring the first is the canonical one.
    trials : Trials
    kept : tuple of int
        The positions of the trials whose curves are kept: the tuned and the default one.
    study_seed : int
    stop_at_target : bool
    target : float
        The relative gap that counts as success where a problem declares none.
    """

    pair: Pair
    phase: str
    part: int = 0
    draws: Draws
    trials: Trials
    kept: tuple[int, ...] = ()
    study_seed: int
    stop_at_target: bool
    target: float

    @property
    def problem(self) -> Problem:
        """The first instance: what all instances have in common can be asked of it."""
        return self.draws.instances[0]

    @property
    def scoring(self) -> bool:
        """Whether its lanes are scored, not tuned on."""
        return self.phase == SCORING

    @functools.cached_property
    def goal(self) -> float:
        """The target that is asked for."""
        return _goal(self.pair.problem, self.target)

    @property
    def names(self) -> CellNames:
        """How the store names it: labels of optimizer and problem, phase, part."""
        return (*self.pair.key, self.phase, self.part)

    @functools.cached_property
    def runs(self) -> NDArray[np.bool_]:
        """Which trials run on which draws [D, T]: all, and on the canonical one those kept."""
        runs = np.ones((len(self.draws), len(self.trials)), bool)
        if self.scoring:
            runs[0] = self.is_kept
        return runs

    @functools.cached_property
    def is_kept(self) -> NDArray[np.bool_]:
        """Whether each trial's curves are kept [T]."""
        kept = np.zeros(len(self.trials), bool)
        kept[list(self.kept)] = True
        return kept

    @functools.cached_property
    def identity(self) -> str:
        """Hash of everything that determines the cell's numbers.

        The CPU is kept beside: the same bytes come from the same processor, and elsewhere results
        are statistically equal, so that a run may go on on another machine.
        """
        pair = self.pair
        facts = {
            "code": numeric_code(),
            "optimizer": _optimizer_facts(pair.optimizer, pair.steps),
            "draws": _draws_facts(self.draws),
            "phase": self.phase,
            "trials": _trials_facts(self.trials),
            "kept": self.kept,
            "budget": pair.budget,
            "steps": pair.steps,
            "dtype": pair.dtype,
            "study_seed": self.study_seed,
            "stop_at_target": self.stop_at_target,
            "target": float(self.goal).hex(),
            "device": pair.device,
        }
        return _digest(facts)


@functools.lru_cache(maxsize=512)
def _goal(problem: Problem, target: float) -> float:
    return success(problem, target).target


@functools.lru_cache(maxsize=512)
def _optimizer_facts(optimizer: Runnable, steps: int) -> str:
    """Return the hash of an optimizer's parts, settings and schedule, which has so many steps."""
    return _digest(
        {
            "parts": [part_hash(part) for part in optimizer.parts],
            "values": optimizer.values,
            "schedule": factors(optimizer.schedule, steps).tobytes().hex(),
        }
    )


@functools.lru_cache(maxsize=512)
def _draws_facts(draws: Draws) -> str:
    """Return the hash of all instances together, and of what is drawn on which."""
    return _digest(
        {
            "problem": [problem_identity(instance) for instance in draws.instances],
            "instance": draws.instance.tolist(),
            "seed": draws.seed.tolist(),
        }
    )


def _trials_facts(trials: Trials) -> str:
    """Return the hash of all settings."""
    digest = hashlib.sha256(repr((*trials.values, len(trials))).encode())
    for column in (trials.number, *trials.values.values()):
        digest.update(column.tobytes())
    return digest.hexdigest()


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def tuning_cell(pair: Pair, study: Study, trials: Trials, part: int = 0) -> Cell:
    """Return the cell in which trials are compared."""
    return Cell(
        pair=pair, phase=TUNING, part=part, draws=tuning_draws(pair.problem, study), trials=trials,
        study_seed=study.study_seed, stop_at_target=False, target=study.target,
    )  # fmt: skip


def scoring_cell(pair: Pair, study: Study, trials: Trials, kept: tuple[int, ...]) -> Cell:
    """Return the cell in which trials are scored; `kept` are those whose curves are kept."""
    return Cell(
        pair=pair, phase=SCORING, draws=scoring_draws(pair.problem, study), trials=trials,
        kept=kept, study_seed=study.study_seed, stop_at_target=study.stop_at_target,
        target=study.target,
    )  # fmt: skip
