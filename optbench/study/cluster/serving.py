"""What a worker of a cluster does: it goes on with pairs, cell by cell, until its time is over.

Nothing is kept on a worker that another one could miss. Pairs with code of the user's go to a
process of their own there, under the limits of the study, as they do on one machine.
"""

import contextlib
import functools
import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from optbench.catalog.blas import one_blas_thread
from optbench.define.limits import Limits
from optbench.errors import UnfitError, UserCodeError, UserError
from optbench.kernels.memory.capacity import processors
from optbench.study.advancing import Step, advance
from optbench.study.cluster.compiling_once import compile_once
from optbench.study.isolating import MANY, SHORT, share_of_memory
from optbench.study.machine import cpu_name
from optbench.study.numeric_code import numeric_code, numeric_versions
from optbench.study.orders import Order
from optbench.study.results import Arrays
from optbench.study.store_schema import CellNames
from optbench.study.supervising import worker
from optbench.study.tuning import Computed, TuningFacts
from optbench.waiting import silence


@dataclass(frozen=True)
class Task:
    """A pair that a worker is to go on with.

    Attributes
    ----------
    order : Order
        Its `known` are cells that the store has; which of them the pair needs, the worker tells.
    apart : bool
        Whether code in it is the user's.
    seconds : float
        What all its cells should take.
    """

    order: Order
    apart: bool
    seconds: float


class Failure(NamedTuple):
    """Why a pair ended; `unfit` ones are skipped, as on one machine."""

    kind: Literal["failed", "unfit"]
    reason: str
    trace: str


@dataclass
class Outcome:
    """How far a worker brought a pair.

    Attributes
    ----------
    computed : list of Computed
    used : list of (str, CellNames)
        Cells of those known that the pair has: identity and names.
    due : CellNames, optional
        Of the cell that comes next, where the worker's time was over.
    facts : TuningFacts, optional
        Of a pair that has ended.
    failure : Failure, optional
        Of a pair that has ended by an error.
    """

    computed: list[Computed] = field(default_factory=list)
    used: list[tuple[str, CellNames]] = field(default_factory=list)
    due: CellNames | None = None
    facts: TuningFacts | None = None
    failure: Failure | None = None


def facts_of_worker() -> dict[str, str]:
    """Return all that decides on the numbers of a process: code, versions, processor."""
    return {
        "code of optbench": numeric_code(), **numeric_versions(), "processor": cpu_name(),
        "OPTBENCH_SIMD": os.environ.get("OPTBENCH_SIMD", "not set"),
    }  # fmt: skip


def work(tasks: Sequence[Task], limits: Limits, seconds: float) -> list[Outcome]:
    """Go on with pairs, one after another, until so many seconds are over.

    Parameters
    ----------
    tasks : sequence of Task
    limits : Limits
        What code of the user's may take.
    seconds : float
        After them no further cell begins, but one is always computed.

    Returns
    -------
    list of Outcome
        Of the first tasks, in their order; the others were not begun.
    """
    _begin()
    until = time.monotonic() + seconds
    compile_once([task.order for task in tasks if not task.apart])
    outcomes: list[Outcome] = []
    for task in tasks:
        outcomes.append(_outcome(task, limits, until, bool(outcomes)))
        if time.monotonic() >= until:
            break
    return outcomes


@functools.cache
def _begin() -> ExitStack:
    """Begin as a worker: with one thread of BLAS to the end, and without a word to a terminal."""
    silence()
    opened = ExitStack()
    opened.enter_context(one_blas_thread())
    return opened


def _outcome(task: Task, limits: Limits, until: float, has_worked: bool) -> Outcome:
    """Go on with a pair; an error ends it, and nothing else."""
    outcome = Outcome()
    try:
        with _advancing(task, limits) as step_of:
            _go_on(task, step_of, outcome, until, has_worked)
    except UnfitError as error:
        outcome.failure = Failure("unfit", str(error), "")
    except Exception as error:
        known = isinstance(error, UserError)
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        trace = error.trace if isinstance(error, UserCodeError) else ""
        outcome.failure = Failure("failed", reason, trace or traceback.format_exc())
    return outcome


def _go_on(
    task: Task, step_of: Callable[[Order], Step], outcome: Outcome, until: float, has_worked: bool
) -> None:
    """Compute the cells of a pair that are not known, until the time is over."""
    known: dict[str, Arrays] = {}
    stored = task.order.known
    at_once = MANY if task.seconds < min(SHORT, until - time.monotonic()) else 1
    cells = 0 if stored else at_once
    while True:
        step = step_of(replace(task.order, known=known, cells=cells))
        outcome.computed += step.computed
        known |= {computed.identity: computed.arrays for computed in step.computed}
        if step.facts is not None:
            outcome.facts = step.facts
            return
        assert step.identity is not None and step.names is not None
        cells = 0
        if step.identity in stored:
            known[step.identity] = stored[step.identity]
            outcome.used.append((step.identity, step.names))
        elif (has_worked or outcome.computed) and time.monotonic() >= until:
            outcome.due = step.names
            return
        else:
            cells = at_once


@contextlib.contextmanager
def _advancing(task: Task, limits: Limits) -> Iterator[Callable[[Order], Step]]:
    """Yield what takes a step with an order: here, or in a process that user code may end."""
    if not task.apart:
        yield advance
        return
    own_limits = Limits(limits.timeout, limits.memory or share_of_memory(processors()))
    seconds = limits.seconds(task.seconds)
    _may_have_children()
    with worker(own_limits.memory) as own:
        yield lambda order: own.call(advance, order, limits=own_limits, seconds=seconds)


def _may_have_children() -> None:
    """Let this process start others although Dask's nanny made it a daemon.

    `multiprocessing` forbids daemons that, so that no orphan is left. Processes of `supervising`
    end with the one that starts them, whatever ends it.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
