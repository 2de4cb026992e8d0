"""What a run consists of, written down before anything runs: problems, pairs, what is left out."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from optbench.catalog.basins import minima_compare
from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.errors import UserError
from optbench.lanes.targets import success
from optbench.study.fingerprint import fingerprint
from optbench.study.pairs import Failed, LeftOut, Pair, PairKey
from optbench.study.results import FAILED, PENDING, SKIPPED
from optbench.study.schema import Study
from optbench.study.store import PairRow, Store
from optbench.study.store_pairs import TRIED
from optbench.study.trials import RATE, space_of
from optbench.study.tuning import search_of


class Claimed(NamedTuple):
    """Pairs that are not run: `Pair.key` -> number of cells, and why the pair failed."""

    finished: dict[PairKey, int]
    failed: dict[PairKey, str]


def claim(
    pairs: Sequence[Pair],
    study: Study,
    store: Store,
    skipped: Iterable[LeftOut] = (),
    *,
    identity_of: Callable[[Pair], str],
    content_of: Callable[[Pair], str],
    retry_failed: bool = False,
) -> Claimed:
    """Write down what the run consists of: problems, pairs, what is left out and why.

    A pair that an earlier invocation has finished with the present code stays finished, and one
    that failed in it stays failed; what other code computed is read no more.

    Parameters
    ----------
    pairs : sequence of Pair
    study : Study
    store : Store
    skipped : iterable of pairs.LeftOut
    identity_of : callable
        Of the cell that a pair begins with.
    content_of : callable
        Hash of what a pair is, known before anything runs: a failed one is known by it.
    retry_failed : bool
        Whether what failed is to be run again.

    Returns
    -------
    Claimed
        The pairs that are finished, and those that have failed and are not run again.
    """
    by_key = {pair.key: pair for pair in pairs}

    def is_current(optimizer: str, label: str, identities: set[str]) -> bool:
        if not identities:
            return False
        pair = by_key[optimizer, label]
        try:
            return identity_of(pair) in identities
        except UserError:  # its definition has become wrong: it fails when it runs
            return False

    problems = {pair.problem_label: pair.problem for pair in pairs}
    facts = {label: problem_facts(problem, study) for label, problem in problems.items()}
    skipped = list(skipped)
    one_of_each = {pair.optimizer: pair for pair in pairs}
    described = [facts, *(pair_facts(pair, study) for pair in one_of_each.values())]
    whole = fingerprint(pairs, skipped, study, described)
    if whole is not None:
        finished = store.finished_of(whole, len(skipped))
        if finished is not None:
            return Claimed(finished, {})
    rows = [
        PairRow(
            *pair.key, PENDING, None, {**pair_facts(pair, study), TRIED: content_of(pair)}
        ) for pair in pairs
    ]  # fmt: skip
    rows += map(_left_out_row, skipped)
    return Claimed(*store.put_pairs(facts, rows, is_current, whole, keep_failed=not retry_failed))


def _left_out_row(pair: LeftOut) -> PairRow:
    state = FAILED if isinstance(pair, Failed) else SKIPPED
    return PairRow(pair.optimizer, pair.label, state, pair.reason, {})


def problem_facts(problem: Problem, study: Study) -> dict[str, Any]:
    """Return what tables and figures need to know of a problem, whatever its instance."""
    target, text = success(problem, study.target)
    return {
        "problem": problem.name,
        "content": _identity(problem),
        "dim": problem.dim,
        "kind": problem.kind,
        "family": problem.family,
        "tags": ", ".join(problem.tags),
        "target": target,
        "target_text": text,
        "absolute_targets": problem.absolute_targets,
        "measure": problem.measure,
        "local": minima_compare(problem),
    }


def _identity(problem: Problem) -> str | None:
    """Return the hash of a problem, None of one that has none: its pairs fail when they run."""
    try:
        return problem_identity(problem)
    except UserError:
        return None


def pair_facts(pair: Pair, study: Study) -> dict[str, Any]:
    """Return the facts of a pair that tables group by, costs of its steps, where it searches."""
    return {
        "rule": pair.optimizer.name,
        "budget": pair.budget,
        "steps": pair.steps,
        "evaluations_per_step": pair.evaluations_per_step,
        "unit": pair.optimizer.unit,
        "has_rate": pair.optimizer.has_rate,
        "dtype": pair.dtype,
        "device": pair.device,
        "seeds": study.seeds,
        "on_grid": space_of(pair.optimizer, study.space) == RATE,
        "objective": study.objective,
        "searched": {
            name: [search.low, search.high, search.scale]
            for name, search in search_of(pair.optimizer, study).items()
        },
    }
