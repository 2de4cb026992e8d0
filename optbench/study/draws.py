"""Everything random in the cells of a problem: which instances, seeds, starts and streams.

Every optimizer and every trial of a study meets the same ones, so they are made once a problem.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optbench.catalog.building import make
from optbench.catalog.instance import Floats, Keys, Problem
from optbench.catalog.references import reference_values
from optbench.lanes.starts import start_points
from optbench.study.schema import Study

CANONICAL = 0
"""The instance, and the seed, of the problem as published from its declared start."""
TUNING_INSTANCES, SCORING_INSTANCES = tuple(range(1, 11)), tuple(range(11, 31))
COCO_TUNING_INSTANCES, COCO_SCORING_INSTANCES = tuple(range(101, 111)), tuple(range(1, 16))
"""Of problems with absolute targets, the BBOB functions: scored on the instances that COCO uses."""


@dataclass(frozen=True, eq=False)
class Draws:
    """D draws: an instance and a seed each.

    Attributes
    ----------
    instances : tuple of Problem
    position : ndarray [D] of int64
        Of each draw's instance among `instances`.
    instance, seed : ndarray [D] of int32
    starts : ndarray [D, d]
    keys : ndarray [D] of uint64
    f_ref : ndarray [D]
        Reference values, NaN where they are unknown.
    """

    instances: tuple[Problem, ...]
    position: NDArray[np.int64]
    instance: NDArray[np.int32]
    seed: NDArray[np.int32]
    starts: Floats
    keys: Keys
    f_ref: Floats

    def __len__(self) -> int:
        return len(self.seed)


def tuning_instances(problem: Problem, study: Study) -> tuple[int, ...]:
    """Return the instances of a problem that a study tunes on."""
    default = COCO_TUNING_INSTANCES if problem.absolute_targets else TUNING_INSTANCES
    return study.tuning_instances or default


def scoring_instances(problem: Problem, study: Study) -> tuple[int, ...]:
    """Return the instances of a problem that a study scores on, the canonical one apart."""
    default = COCO_SCORING_INSTANCES if problem.absolute_targets else SCORING_INSTANCES
    return study.scoring_instances or default


def tuning_draws(problem: Problem, study: Study) -> Draws:
    """Return the draws that a study tunes on."""
    return _draws(problem, tuning_instances(problem, study), study.seeds, study.study_seed, False)


def scoring_draws(problem: Problem, study: Study) -> Draws:
    """Return the draws that a study scores on, the canonical one before them."""
    return _draws(problem, scoring_instances(problem, study), study.seeds, study.study_seed, True)


def more_draws(problem: Problem, study: Study, instances: tuple[int, ...]) -> Draws:
    """Return the draws of other instances, with a study's seeds."""
    return _draws(problem, instances, study.seeds, study.study_seed, False)


@functools.lru_cache(maxsize=512)
def _draws(
    problem: Problem, instances: tuple[int, ...], seeds: int, study_seed: int, canonical: bool
) -> Draws:
    """Return seeds 1, 2, ... of each instance, after the canonical draw if that is wanted."""
    dim = None if problem.kind == "net" else problem.dim
    problems = tuple(make(problem.definition, dim, number) for number in instances)
    own = list(range(1, seeds + 1))
    numbers, of_seeds = np.repeat(instances, seeds), np.tile(own, len(instances))
    starts = [start_points(instance, own, study_seed) for instance in problems]
    keys = [instance.keys(own, study_seed) for instance in problems]
    if canonical:
        problems = (make(problem.definition, dim), *problems)
        numbers, of_seeds = np.append(CANONICAL, numbers), np.append(CANONICAL, of_seeds)
        starts.insert(0, start_points(problems[0], [CANONICAL], study_seed))
        keys.insert(0, problems[0].keys([CANONICAL], study_seed))
    position = np.repeat(np.arange(len(problems)), [len(points) for points in starts])
    f_ref = np.array([known.value for known in reference_values(problems)])
    return Draws(
        problems, position, numbers.astype(np.int32), of_seeds.astype(np.int32),
        np.concatenate(starts), np.concatenate(keys), f_ref[position],
    )  # fmt: skip
