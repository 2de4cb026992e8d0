"""From a study to pairs: which optimizers are run on which problems, and what is left out.

A *pair* is one optimizer setting on one problem in one dimension.
"""

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from optbench.catalog import finding
from optbench.catalog.basins import minima_compare
from optbench.catalog.building import make
from optbench.catalog.identity import problem_identity
from optbench.catalog.instance import Problem
from optbench.catalog.perturbing import check_budget
from optbench.define.apart import rehearse
from optbench.define.definitions import NetDefinition, ProblemDefinition
from optbench.define.ladders import levels_of
from optbench.define.plugins import Folders
from optbench.errors import DefinitionError, UserCodeError, UserError
from optbench.lanes.runnable import Runnable, evaluations_of
from optbench.lanes.solvers import Solver
from optbench.rules import compose, registry
from optbench.rules.foreign import METHODS
from optbench.study.draws import scoring_instances, tuning_instances
from optbench.study.entries import ProblemEntry
from optbench.study.fields import StudyError
from optbench.study.schema import Study, check_apart
from optbench.study.trials import without_effect

Device = Literal["cpu", "cuda"]
PairKey = tuple[str, str]
"""Labels of optimizer and problem: what tells a pair from all others of a study."""
DTYPES = {"net": "float32"}
"""Of the lanes of a kind of problem, where a study says nothing; of others float64."""
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Pair:
    """An optimizer setting on a problem in one dimension, with its budget.

    Attributes
    ----------
    optimizer : Optimizer or Solver
    problem : Problem
        The canonical instance.
    budget : int
        Gradient evaluations of a lane; of mini-batches on data problems.
    dtype : {"float64", "float32"}
    device : {"cpu", "cuda"}
    fallback : bool
        Whether the CPU runs it where the device turns out not to.
    several_budgets : bool
        Whether the study runs the problem with other budgets too.
    """

    optimizer: Runnable
    problem: Problem
    budget: int
    dtype: str = "float64"
    device: Device = "cpu"
    fallback: bool = False
    several_budgets: bool = False

    @functools.cached_property
    def steps(self) -> int:
        """Steps that the budget buys: SAM pays two evaluations, the full batch all examples."""
        return max(1, int(self.budget // self.evaluations_per_step))

    @functools.cached_property
    def evaluations_per_step(self) -> float:
        """Cost of a step in the units of the budget."""
        cost = _evaluations_of(self.optimizer)
        if self.optimizer.full_batch and self.problem.examples:
            examples, batch = self.problem.examples
            cost *= examples / batch
        return cost

    @property
    def cheap(self) -> bool:
        """Whether its lanes are cheap enough for every trial to be scored: nets' are not."""
        return self.problem.kind != "net"

    @functools.cached_property
    def problem_label(self) -> str:
        """Problem and dimension, and the budget where it tells two pairs apart."""
        budget = f", {self.budget} steps" if self.several_budgets else ""
        return f"{_label_of(self.problem)}{budget}"

    @functools.cached_property
    def key(self) -> PairKey:
        """What tells the pair from all others of a study."""
        return _label_of(self.optimizer), self.problem_label

    @property
    def label(self) -> str:
        """Optimizer and problem, for messages."""
        return f"{self.optimizer.label} on {self.problem_label}"


@functools.lru_cache(maxsize=4096)
def _label_of(thing: Runnable | Problem) -> str:
    """Return a label, which is put together once for all pairs that have the thing."""
    return thing.label


@functools.lru_cache(maxsize=4096)
def _evaluations_of(optimizer: Runnable) -> float:
    return float(evaluations_of(optimizer))


class LeftOut(NamedTuple):
    """A pair that is not run, and why."""

    optimizer: str
    label: str
    reason: str


class Failed(LeftOut):
    """A pair that cannot be run since something of it is defined wrongly."""


class _Broken(NamedTuple):
    """Stands for a problem whose definition turned out to be wrong when it was made."""

    label: str
    reason: str


def expand(study: Study, folders: Folders = ()) -> tuple[list[Pair], list[LeftOut]]:
    """Expand a study into pairs.

    Parameters
    ----------
    study : Study
    folders : path or sequence of path
        The user's own folders of problems and optimizers.

    Returns
    -------
    pairs : list of Pair
    skipped : list of LeftOut
        Those whose problem is defined wrongly are `Failed`.

    Raises
    ------
    UserError
        If a name is unknown, a dimension does not exist, or two entries list the same thing.
    """
    optimizers = _distinct("optimizer", _optimizers(study, folders), lambda rule: rule.label)
    unused = without_effect(optimizers, study.space)
    if unused:
        raise StudyError(
            f"study {study.name}: field space has {', '.join(unused)}, which none of its "
            "optimizers searches; `optbench list optimizers -v` shows what each one does"
        )
    problems = _distinct("problem", _budgeted(study, folders), _label_with_budget)
    labels = [problem.label for problem, _ in problems]
    pairs: list[Pair] = []
    skipped: list[LeftOut] = []
    for problem, budget in problems:
        if isinstance(problem, _Broken):
            skipped += [Failed(rule.label, problem.label, problem.reason) for rule in optimizers]
            continue
        _check_instances(problem, study)
        several = labels.count(problem.label) > 1
        for optimizer in optimizers:
            dtype = study.dtype or DTYPES.get(problem.kind, "float64")
            pair = Pair(optimizer, problem, budget, dtype, several_budgets=several)
            check_budget(problem.definition, pair.steps)
            reason = optimizer.wants(problem)
            if reason:
                skipped.append(LeftOut(*pair.key, reason))
            else:
                pairs.append(pair)
    return pairs, skipped


def _check_instances(problem: Problem, study: Study) -> None:
    """Refuse to tune and to score on the same, which defaults may bring about."""
    try:
        check_apart(tuning_instances(problem, study), scoring_instances(problem, study))
    except ValueError as error:
        raise StudyError(f"study {study.name}: {problem.label}: {error}") from None


def _label_with_budget(budgeted: "tuple[Problem | _Broken, int]") -> str:
    problem, budget = budgeted
    return f"{problem.label} with {budget} steps"


def _distinct(
    kind: str, listed: Iterable[tuple[Thing, str]], label: Callable[[Thing], str]
) -> list[Thing]:
    """Return things listed with their entries; refuse what two entries list, naming both."""
    first: dict[str, str] = {}
    things = []
    for thing, entry in listed:
        name = label(thing)
        if name in first:
            raise StudyError(
                f"the {kind} {name} is asked for twice, by {first[name]!r} and by {entry!r}; "
                "remove one of them"
            )
        first[name] = entry
        things.append(thing)
    return things


def listed_optimizers(study: Study, folders: Folders = ()) -> list[Runnable]:
    """Return the optimizers that a study lists; see `expand`."""
    return [optimizer for optimizer, _ in _optimizers(study, folders)]


def _optimizers(study: Study, folders: Folders) -> Iterator[tuple[Runnable, str]]:
    """Yield (optimizer, the entry that lists it)."""
    for number, entry in enumerate(study.optimizers):
        pattern, bracket, settings = entry.partition("[")
        with study.locating("optimizers", number):
            for name in registry.select(pattern, folders):
                if name in METHODS and not bracket:
                    yield Solver(name), entry
                else:
                    yield compose.optimizer(name + bracket + settings, folders), entry


def listed_problems(study: Study, folders: Folders = ()) -> list[ProblemEntry]:
    """Return an entry for each problem that a study lists, settings kept."""
    return [
        entry.model_copy(update={"name": name})
        for number, entry in enumerate(study.problems)
        for name in _problem_names(study, number, folders)
    ]


def _problem_names(study: Study, number: int, folders: Folders) -> list[str]:
    """Return the names that an entry of the study matches, with their perturbations."""
    with study.locating("problems", number):
        return finding.select(study.problems[number].name, folders)


def _budgeted(
    study: Study, folders: Folders
) -> Iterator[tuple[tuple[Problem | _Broken, int], str]]:
    """Yield ((problem, budget), the name in the entry that lists it)."""
    for number, entry in enumerate(study.problems):
        for problem in _problems(study, number, folders):
            yield (problem, entry.steps or study.steps), entry.name


def _definitions(
    study: Study, number: int, folders: Folders
) -> Iterator[ProblemDefinition | NetDefinition]:
    """Yield what an entry of a study names: of a ladder the problems at its levels."""
    levels = study.problems[number].levels
    for name in _problem_names(study, number, folders):
        with study.locating("problems", number):
            definition = finding.definition(name, folders)
            if definition.ladder is not None and finding.is_own(definition):
                rehearse(lambda: levels_of(definition, levels), _whose(definition))  # noqa: B023
            yield from levels_of(definition, levels)


def _made(definition: ProblemDefinition | NetDefinition, dim: int | None) -> Problem:
    """Make a problem as it is published; one of the user's is made in a process apart before."""
    if finding.is_own(definition):
        rehearse(lambda: _looked_at(make(definition, dim)), _whose(definition))
    return make(definition, dim)


def _looked_at(problem: Problem) -> None:
    """Ask a problem what a study asks of it before its lanes run."""
    minima_compare(problem)
    with contextlib.suppress(UserError):  # then its pairs fail, with the reason
        problem_identity(problem)


def _whose(definition: ProblemDefinition | NetDefinition) -> str:
    return f"{definition.place}: {definition.name}"


def _problems(study: Study, number: int, folders: Folders) -> Iterator[Problem | _Broken]:
    """Yield the problems of an entry of a study at all its levels, in all its dimensions."""
    entry = study.problems[number]
    for definition in _definitions(study, number, folders):
        dims = (None,) if isinstance(definition, NetDefinition) else entry.dims or definition.dims
        for dim in dims:
            try:
                with study.locating("problems", number):
                    problem = _made(definition, dim)
            except (DefinitionError, UserCodeError) as error:  # harms its own pairs alone
                size = "" if dim is None else f" (d={dim})"
                yield _Broken(definition.name + size, str(error))
            else:
                yield problem
