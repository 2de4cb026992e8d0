"""Running claims in several processes: what has finished is kept, what is kept is not run again."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from optbench.claims import keeping
from optbench.claims.declaring import Claim
from optbench.claims.finding import claims, identity
from optbench.claims.measuring import Facts, measured
from optbench.define.plugins import Folders
from optbench.define.processes import end_with
from optbench.errors import UserError
from optbench.waiting import silence


@dataclass(frozen=True)
class Run:
    """What there is to run, and where it is kept.

    Attributes
    ----------
    folder : Path
    seed : int
    folders : folders of definitions
        Beside those that come with optbench.
    """

    folder: Path
    seed: int
    folders: Folders = ()


@dataclass(frozen=True)
class Ended:
    """A claim that has ended: with its result, kept from before or new, or with what failed."""

    claim: Claim
    facts: Facts | None
    failure: str = ""


def run(some: Sequence[Claim], where: Run, processes: int) -> Iterator[Ended]:
    """Yield each claim as it ends; results are in the folder by then.

    Parameters
    ----------
    some : sequence of declaring.Claim
    where : Run
    processes : int
        With 1 claims run here, one after the other.

    Raises
    ------
    ResultsError
        If a kept result is damaged.
    UserError
        If a process was killed.
    """
    missing = []
    for one in some:
        facts = keeping.read(where.folder, one.name)
        if facts is None or facts["identity"] != identity(one, where.seed):
            missing.append(one)
        else:
            yield Ended(one, facts)
    if min(processes, len(missing)) <= 1:
        yield from (_ended(one, lambda one=one: _kept(one, where)) for one in missing)  # type: ignore[misc]
        return
    yield from _in_processes(missing, where, processes)


def _in_processes(missing: Sequence[Claim], where: Run, processes: int) -> Iterator[Ended]:
    """Yield claims that run in forked processes, which have imported everything already."""
    pool = ProcessPoolExecutor(
        min(processes, len(missing)), get_context("fork"), initializer=_begin,
        initargs=(os.getpid(),),
    )  # fmt: skip
    try:
        by_future: dict[Future[Facts], Claim] = {
            pool.submit(_kept_by_name, one.name, where): one for one in missing
        }
        for future in as_completed(by_future):
            yield _ended(by_future[future], future.result)
    except BrokenProcessPool:
        raise UserError(
            "run claims: a process was killed, perhaps for want of memory; what has finished is "
            "kept. Run the same command again, with --threads 1"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(parent: int) -> None:
    """Leave interrupts to the parent, which hands out nothing more then, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    silence()
    end_with(parent)


def _kept_by_name(name: str, where: Run) -> Facts:
    return _kept(claims(where.folders)[name], where)


def _kept(one: Claim, where: Run) -> Facts:
    """Run a claim, keep its result, and return it."""
    facts = {**measured(one, where.seed), "identity": identity(one, where.seed)}
    keeping.write(where.folder, facts)
    return facts


def _ended(one: Claim, result: Callable[[], Facts]) -> Ended:
    """Return how a claim ended; what goes wrong in an author's function fails that claim alone."""
    try:
        return Ended(one, result())
    except (BrokenProcessPool, OSError):
        raise
    except UserError as error:
        return Ended(one, None, str(error))
    except Exception as error:
        return Ended(one, None, f"{one.place}: {one.name}: {type(error).__name__}: {error}")
