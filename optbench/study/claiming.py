"""What a run consists of, written down before anything runs: problems, pairs, what is left out."""

from optbench.catalog.basins import minima_compare
from optbench.catalog.identity import problem_identity
from optbench.errors import UserError
from optbench.lanes.targets import success
from optbench.study.cells import SCORING, TUNING, Failed, cells
from optbench.study.results import FAILED, PENDING, SKIPPED


def claim(pairs, study, store, skipped=()):
    """Write down what the run consists of: problems, pairs, what is left out and why.

    A pair that an earlier invocation has finished with the present code stays finished; what other
    code made is read no more.

    Parameters
    ----------
    pairs : list of Pair
    study : Study
    store : Store
    skipped : list of cells.LeftOut

    Returns
    -------
    dict
        (optimizer label, problem label) -> number of cells, of the pairs that are finished.
    """
    named = {pair.key: pair for pair in pairs}

    def current(optimizer, label, identities):
        if not identities:
            return False
        pair = named[optimizer, label]
        try:
            phase = TUNING if pair.optimizer.has_rate else SCORING
            first = cells(pair, study, phase, pair.grid(study).rates())
            return {cell.identity for cell in first} <= identities
        except UserError:  # its definition has become wrong: it fails when it runs
            return False

    rows = [(*pair.key, PENDING, None, pair_facts(pair, study)) for pair in pairs]
    rows += [(*one, {}) for one in map(_left_out, skipped)]
    problems = {pair.problem_label: pair.problem for pair in pairs}
    facts = {label: problem_facts(problem, study) for label, problem in problems.items()}
    return store.put_pairs(facts, rows, current)


def _left_out(pair):
    """Return (optimizer, label, state, reason) of what is not run."""
    optimizer, label, reason = pair
    return optimizer, label, FAILED if isinstance(pair, Failed) else SKIPPED, reason


def problem_facts(problem, study):
    """Return what tables and figures need to know of a problem, whatever its instance."""
    target, text = success(problem, study.target)
    return {
        "problem": problem.name,
        "content": _content(problem),
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


def _content(problem):
    """Return the hash of a problem, None of one that has none: its pairs fail when they run."""
    try:
        return problem_identity(problem)
    except UserError:
        return None


def pair_facts(pair, study):
    """Return the facts of a pair that tables group by, and the costs of its steps."""
    return {
        "rule": pair.optimizer.name,
        "budget": pair.budget,
        "steps": pair.steps,
        "evaluations_per_step": pair.evaluations_per_step,
        "unit": pair.optimizer.unit,
        "has_rate": pair.optimizer.has_rate,
        "dtype": study.dtype,
        "device": pair.device,
        "seeds": study.seeds,
    }
