"""One hash of all that a run consists of: where it is the one that was stored, nothing has changed.

A run of many pairs that goes on would else find the first cell of each anew to see that all are as
they were. What names cells are few things, optimizers and problems, crossed: here each of them
counts once, and the list of pairs as it is written.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from optbench.catalog import finding
from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.errors import UserError
from optbench.lanes.runnable import Runnable
from optbench.rules.identity import part_hash
from optbench.study.draws import scoring_instances, tuning_instances
from optbench.study.numeric_code import numeric_code
from optbench.study.pairs import LeftOut, Pair
from optbench.study.results import Facts
from optbench.study.schema import Study
from optbench.study.store_schema import plain_json
from optbench.study.tuning import trials_of


def fingerprint(
    pairs: Sequence[Pair], left_out: Iterable[LeftOut], study: Study, described: Iterable[Facts]
) -> str | None:
    """Return the hash of what a run consists of, None if something of it is defined wrongly.

    It is None too where a problem is the user's: its instances may follow from what is nowhere in
    its code, and to make them is to run code of the user's.

    Runs of one fingerprint have the same pairs in the same order, and each pair the same cells.

    Parameters
    ----------
    pairs : sequence of Pair
    left_out : iterable of LeftOut
    study : Study
    described : iterable of dict
        What is stored of problems and pairs beside, of some that stand for all: another version of
        optbench may describe the same cells in another way.
    """
    problems = dict.fromkeys(pair.problem for pair in pairs)
    if any(finding.is_own(problem.definition) for problem in problems):
        return None
    digest = hashlib.sha256(numeric_code().encode())
    try:
        for facts in [
            study.model_dump(mode="json"), *described, *map(list, left_out),
            *(_of_optimizer(own, study) for own in dict.fromkeys(pair.optimizer for pair in pairs)),
            *(_of_problem(problem, study) for problem in problems),
        ]:  # fmt: skip
            digest.update(plain_json(facts).encode() + b"\n")
    except UserError:
        return None
    rows = [(*pair.key, pair.budget, pair.dtype, pair.device, pair.fallback) for pair in pairs]
    digest.update(json.dumps(rows).encode())
    return digest.hexdigest()


def _of_optimizer(optimizer: Runnable, study: Study) -> list[Any]:
    """Return what determines an optimizer's steps and trials, schedules by their settings."""
    trials = trials_of(optimizer, study)
    settings = {name: values.tobytes().hex() for name, values in trials.values.items()}
    parts = [part_hash(part) for part in optimizer.parts]
    return [
        parts,
        dict(optimizer.values),
        list(optimizer.schedule),
        trials.number.tolist(),
        settings,
    ]


def _of_problem(problem: Problem, study: Study) -> list[Any]:
    """Return what determines a problem's draws: the catalog's definition, whose code is hashed."""
    numbers = tuning_instances(problem, study), scoring_instances(problem, study)
    return [*map(list, numbers), problem_identity(problem)]
