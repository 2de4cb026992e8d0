"""What a run consists of, written down before anything runs: problems, pairs, what is left out."""

from optbench.cells import TUNING, cells
from optbench.errors import UserError
from optbench.results import PENDING, SKIPPED


def claim(pairs, study, store, skipped=()):
    """Write down what the run consists of: problems, pairs, what is left out and why.

    A pair that an earlier invocation has finished with the present code stays finished; what other
    code made is read no more.

    Parameters
    ----------
    pairs : list of Pair
    study : Study
    store : Store
    skipped : list of (optimizer label, problem label, reason)
    """
    named = {pair.key: pair for pair in pairs}

    def current(optimizer, label, identities):
        pair = named[optimizer, label]
        rates = pair.grid(study).rates()
        first = {cell.identity for cell in cells(pair, study, TUNING, rates)}
        return bool(identities) and first <= identities

    rows = [_row(*pair.key, PENDING, None, pair_facts(pair, study)) for pair in pairs]
    rows += [_row(optimizer, label, SKIPPED, reason, {}) for optimizer, label, reason in skipped]
    problems = {pair.problem_label: problem_facts(pair.problem, study) for pair in pairs}
    store.put_pairs(problems, rows, current)


def _row(optimizer, label, state, reason, facts):
    return {
        "optimizer": optimizer, "label": label, "state": state, "reason": reason, "facts": facts
    }  # fmt: skip


def problem_facts(problem, study):
    """Return what tables and figures need to know of a problem, whatever its instance."""
    target, text = problem.success(study.target)
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
        "local": problem.local,
    }


def _content(problem):
    """Return the hash of a problem, None of one that has none: its pairs fail when they run."""
    try:
        return problem.identity
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
        "dtype": study.dtype,
        "device": pair.device,
        "seeds": study.seeds,
    }
